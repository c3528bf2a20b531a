// The process's random stream: new in every process, the same after every seed.

import Martlet
import Testing

@Suite struct RandomTests {
  /// The first numbers of a process that is asked for them, as text.
  private func firstNumbers() async -> [UInt8] {
    let result = await #expect(
      processExitsWith: .success, observing: [\.standardOutputContent]
    ) {
      print("numbers", Tensor.random([4]).scalars(as: Float.self))
    }
    let lines = (result?.standardOutputContent ?? []).split(separator: 10)
    return Array(lines.first { $0.starts(with: "numbers".utf8) } ?? [])
  }

  @Test func processesDrawDifferentNumbers() async {
    let (first, second) = (await firstNumbers(), await firstNumbers())
    #expect(!first.isEmpty && !second.isEmpty && first != second)
  }

  @Test func aSeedStartsTheSameStream() async {
    // In a process of its own, where nobody else draws.
    await #expect(processExitsWith: .success) {
      func draw() -> [Float] {
        Tensor.seedRandom(7)
        let (a, b) = (Tensor.random([3]), Tensor.randomNormal([2]))
        return a.scalars(as: Float.self) + b.scalars(as: Float.self)
      }
      let first = draw()
      #expect(first == draw() && Set(first).count == 5)
    }
  }
}
