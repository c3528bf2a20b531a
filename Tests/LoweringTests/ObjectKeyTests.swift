// The key of cached objects: whatever may change the code changes the key.

import MartletFusion
import MartletIR
import Testing

@testable import MartletLowering

@Suite struct ObjectKeyTests {
  private static let spec = KernelSpec(
    family: .map, rank: 1,
    inputs: [.init(dtype: .float32, access: .contiguous)], scalars: [.float32],
    instructions: [.input(0), .scalar(0), .elementwise(.add, [0, 1]), .cast(2)],
    dtypes: [.float32, .float32, .float32, .int32], outputs: [.init(value: 3)])

  /// Specs that differ from `spec` in one place each.
  private static var changedSpecs: [KernelSpec] {
    let changes: [(inout KernelSpec) -> Void] = [
      { $0.family = .reduceInner }, { $0.rank = 2 }, { $0.inputs = [] },
      { $0.inputs[0].source = .index }, { $0.inputs[0].dtype = .float64 },
      { $0.inputs[0].access = .strided }, { $0.inputs.append($0.inputs[0]) },
      { $0.scalars[0] = .int8 }, { $0.scalars = [] }, { $0.instructions[0] = .input(1) },
      { $0.instructions[1] = .scalar(1) }, { $0.instructions[0] = .scalar(0) },
      { $0.instructions[2] = .elementwise(.subtract, [0, 1]) },
      { $0.instructions[2] = .elementwise(.add, [1, 0]) },
      { $0.instructions[2] = .elementwise(.add, [0]) }, { $0.instructions[3] = .cast(1) },
      { $0.dtypes[3] = .int16 }, { $0.outputs[0].value = 2 },
      { $0.outputs[0].access = .strided }, { $0.outputs[0].reduction = .sum },
      { $0.outputs[0].reduction = .mean }, { $0.outputs[0].place = .maximum },
      { $0.outputs[0].place = .minimum }, { $0.outputs[0].scan = .sum },
      { $0.outputs[0].scan = .product }, { $0.outputs.append($0.outputs[0]) },
    ]
    return changes.map { change in
      var spec = Self.spec
      change(&spec)
      return spec
    }
  }

  @Test func everyPartOfASpecIsInItsBytes() {
    let all = [Self.spec] + Self.changedSpecs
    #expect(Set(all).count == all.count)
    #expect(Set(all.map(\.canonicalBytes)).count == all.count)
  }

  /// Whoever adds a field to a spec is sent to `canonicalBytes` and to the changes above; a new
  /// case of an instruction does not compile there.
  @Test func noFieldIsForgotten() {
    func fields(_ value: Any) -> [String] { Mirror(reflecting: value).children.compactMap(\.label) }
    #expect(
      fields(Self.spec)
        == ["family", "rank", "inputs", "scalars", "instructions", "dtypes", "outputs"])
    #expect(fields(Self.spec.inputs[0]) == ["source", "dtype", "access"])
    #expect(fields(Self.spec.outputs[0]) == ["value", "access", "reduction", "place", "scan"])
    #expect(
      fields(Self.key) == ["library", "target", "level", "options", "kernel", "code"])
    #expect(fields(Self.key.target) == ["triple", "cpu", "features", "vectorByteCount"])
  }

  private static let key = ObjectKey(
    library: "LLVM 14", target: Target(triple: "t", cpu: "c", features: "f", vectorByteCount: 64),
    level: .default, kernel: [1, 2], code: [3, 4])

  @Test func everyPartOfAKeyIsInItsBytes() {
    let changes: [(inout ObjectKey) -> Void] = [
      { $0.library += "x" }, { $0.target.triple += "x" }, { $0.target.cpu += "x" },
      { $0.target.features += "x" }, { $0.target.vectorByteCount = 32 }, { $0.level = .fast },
      { $0.options += "x" }, { $0.kernel.append(0) }, { $0.code.append(0) }, { $0.code[0] = 0 },
      // What moves from one part to the next is another key too.
      {
        $0.kernel.removeLast()
        $0.code.insert(2, at: 0)
      },
    ]
    let all =
      [Self.key]
      + changes.map { change in
        var key = Self.key
        change(&key)
        return key
      }
    #expect(Set(all.map(\.bytes)).count == all.count)
  }

  /// The digest of the IR notices what the spec does not say: the target, the level, the emitter.
  @Test func theCodeIsPartOfTheKey() throws {
    final class Recorder: ObjectStore, @unchecked Sendable {
      // Touched by one thread.
      var keys: [ObjectKey] = []
      func object(for key: ObjectKey) -> [UInt8]? {
        keys.append(key)
        return nil
      }
      func store(_ object: [UInt8], for key: ObjectKey) { keys.append(key) }
    }
    let recorder = Recorder()
    for cpu in ["x86-64-v2", "x86-64-v3", "x86-64-v4"] {
      guard let compiler = try? Compiler(target: Target.x86(cpu)) else { return }
      for level in OptimizationLevel.allCases {
        _ = try compiler.object(for: Self.spec, level: level, store: recorder)
        _ = try compiler.object(for: Self.spec, level: level, store: recorder)
      }
    }
    // Looked for and stored, twice each, under one key.
    #expect(recorder.keys.count == 24)
    #expect(Set(recorder.keys).count == 6)
    #expect(Set(recorder.keys.map(\.code)).count == 6)
    #expect(Set(recorder.keys.map(\.kernel)) == [Self.spec.canonicalBytes])
  }
}
