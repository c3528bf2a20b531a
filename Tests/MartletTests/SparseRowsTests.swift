// Row-sparse gradients: the rows of lookups, their sums, and updates without a dense table.

import Glibc
import Martlet
import Testing

@Suite struct SparseRowsTests {
  private static let table = Tensor((0..<12).map { Double($0) }, shape: [4, 3])

  @Test func lookupsGiveRows() throws {
    let table = Variable(Self.table)
    let (_, gradients) = valueWithGradients {
      let found = table.value.take(Tensor([[2, 0], [2, -1]]))
      return (found * found).sum()
    }
    let rows = try #require(gradients.rows(of: table))
    #expect(rows.shape == [4, 3] && rows.dtype == .float64)
    #expect(rows.indices.scalars(as: Int.self) == [2, 0, 2, -1])
    #expect(rows.rows.arrayEqual(2 * Self.table.take(Tensor([2, 0, 2, 3]))))
    // Each of rows 0 and 3 was met once, row 2 twice, row 1 never.
    let expected = 2 * Self.table * Tensor([[1], [0], [2], [1]] as [[Double]])
    #expect(gradients[table].arrayEqual(expected) && rows.dense.arrayEqual(expected))
    let scaled = Self.table.adding(rows.scaled(by: -0.5))
    #expect(scaled.arrayEqual(Self.table - 0.5 * expected))
  }

  @Test func severalLookupsAreJoined() throws {
    let table = Variable(Self.table)
    let (_, gradients) = valueWithGradients {
      var sum: Tensor = 0
      for word in [1, 3, 1] { sum = sum + table.value[Tensor([word])].sum() * Double(word) }
      return sum
    }
    let rows = try #require(gradients.rows(of: table))
    #expect(Set(rows.indices.scalars(as: Int.self)) == [1, 3] && rows.rows.shape == [3, 3])
    let sums = gradients[table].sum(axis: 1).scalars(as: Double.self)
    #expect(sums == [0, 6, 0, 9])
  }

  @Test func otherUsesMakeItDense() {
    let table = Variable(Self.table)
    let unused = Variable(Self.table)
    let (_, gradients) = valueWithGradients {
      _ = unused.value
      return table.value.take(Tensor([1])).sum() + table.value.sum()
    }
    #expect(gradients.rows(of: table) == nil && gradients.rows(of: unused) == nil)
    #expect(gradients[table].sum(axis: 1).scalars(as: Double.self) == [3, 6, 3, 3])
    let columns = valueWithGradients { table.value.take(Tensor([1]), axis: 1).sum() }.gradients
    #expect(columns.rows(of: table) == nil)
    #expect(columns[table].sum(axis: 0).scalars(as: Double.self) == [0, 4, 0])
  }

  @Test func rowsGoThroughRecomputation() throws {
    let table = Variable(Self.table)
    let words = Tensor([3, 1])
    let (_, gradients) = valueWithGradients {
      let first = table.value.take(words).sum()
      return first + rematerialize { table.value.take(words).square().sum() }
    }
    let rows = try #require(gradients.rows(of: table))
    #expect(rows.indices.count == 4)
    #expect(
      gradients[table].arrayEqual(
        (2 * Self.table + 1) * Tensor([[0], [1], [0], [1]] as [[Double]])))
  }

  /// The derivatives of a lookup's gradient go through its rows.
  @Test func higherDerivatives() {
    let words = Tensor([2, 2, 0])
    let second = gradient(at: Self.table) { table in
      (gradient(at: table) { ($0.take(words) * $0.take(words)).sum() } * Self.table).sum()
    }
    let expected = 2 * Self.table * Tensor([[1], [0], [2], [0]] as [[Double]])
    #expect(second.arrayEqual(expected))
    let tangent = jvp(at: Self.table, along: Self.table) { $0.take(words) }.tangent
    #expect(tangent.arrayEqual(Self.table.take(words)))
  }

  /// 16 MB of table, a lookup of 8 rows: no second table is made.
  @Test func noDenseTableIsMade() async {
    // In a process of its own: the count is the process's.
    await #expect(processExitsWith: .success) {
      let ones = [Float](repeating: 1, count: 1 << 22)
      let table = Variable(Tensor(ones, shape: [1 << 18, 16]))
      let words = Tensor([5, 200_000, 77, 5, 1, 2, 3, 4])
      let before = Engine.counters.peakBytes
      let (loss, gradients) = valueWithGradients { table.value.take(words).square().sum() }
      guard let rows = gradients.rows(of: table), Float(loss) == 128,
        rows.rows.scalars(as: Float.self).allSatisfy({ $0 == 2 })
      else { exit(EXIT_FAILURE) }
      exit(Engine.counters.peakBytes - before < 1 << 20 ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  @Test func rowsBelongToTheirTable() throws {
    let table = Variable(Self.table)
    let (_, gradients) = valueWithGradients { table.value.take(Tensor([1])).sum() }
    let rows = try #require(gradients.rows(of: table))
    let error = tensorError { _ = Tensor.zeros([4, 2], dtype: .float64).adding(rows) }
    #expect(error?.kind == .shape)
    #expect(error?.reason == "rows of float64[4, 3] are not rows of float64[4, 2]")
    #expect(tensorError { _ = Tensor.zeros([4, 3]).adding(rows) }?.kind == .dtype)
  }
}
