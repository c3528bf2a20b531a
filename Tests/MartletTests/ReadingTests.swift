// Host numbers read from tensors: what a type does not hold is an error, never another number.

import Martlet
import Testing

@Suite struct ReadingTests {
  private func items<S: TensorScalar & BinaryInteger>(
    _ x: Tensor, as _: S.Type
  ) -> (item: S?, scalars: [S]?, error: TensorError?) {
    do {
      let item = try x.checkedItem(as: S.self)
      return (item, try x.checkedScalars(as: S.self), nil)
    } catch {
      let scalars = #expect(throws: TensorError.self) { try x.checkedScalars(as: S.self) }
      #expect(scalars?.kind == .value && scalars?.op == "scalars")
      return (nil, nil, error)
    }
  }

  /// Against the standard library's exact conversions.
  @Test func integersThatATypeDoesNotHoldAreErrors() {
    let numbers: [Int] = [
      0, 1, -1, 127, 128, -128, -129, 255, 256, 300, 32767, 32768, 65535, 65536, 1 << 31,
      1 << 31 - 1, 1 << 32, -1 << 31, .max, .min,
    ]
    func check<S: TensorScalar & FixedWidthInteger>(_: S.Type) {
      for number in numbers {
        let read = items(Tensor([number]), as: S.self)
        #expect(read.item == S(exactly: number) && (read.error == nil) == (read.item != nil))
        #expect(read.scalars == S(exactly: number).map { [$0] })
      }
    }
    check(Int8.self)
    check(Int16.self)
    check(Int32.self)
    check(Int.self)
    check(UInt8.self)
    check(UInt16.self)
    check(UInt32.self)
    check(UInt.self)
    let large = Tensor([UInt64.max])
    #expect(items(large, as: Int.self).error?.kind == .value)
    #expect(items(large, as: UInt.self).item == UInt.max)
  }

  @Test func floatsThatAreNoIntegersAreErrors() {
    let numbers: [Double] = [
      0, -0.0, 1, 2.5, -0.5, 255, 256, 1e10, 0x1p53, 0x1p62, 0x1p63, 0x1p64, -0x1p63, 1e300,
      .nan, .infinity, -.infinity,
    ]
    func check<S: TensorScalar & FixedWidthInteger>(_: S.Type) {
      for number in numbers {
        #expect(items(Tensor([number] as [Double]), as: S.self).item == S(exactly: number))
      }
    }
    check(UInt8.self)
    check(Int.self)
    check(UInt.self)
  }

  @Test func messagesNameTheNumberAndItsPlace() {
    let x = Tensor([[1, 2], [300, 4]])
    let line = #line + 1
    let narrow = #expect(throws: TensorError.self) { try x.checkedScalars(as: Int8.self) }
    #expect(
      narrow?.description == "MartletTests/ReadingTests.swift:\(line): scalars(int64[2, 2]): "
        + "300 at [1, 0] does not fit in int8; read a type that holds it, or convert it first "
        + "with .cast(to: .int8), which wraps")
    let fraction = #expect(throws: TensorError.self) {
      try Tensor(2.5).checkedItem(as: Int.self)
    }
    #expect(fraction?.reason == "2.5 is not an integer")
    #expect(fraction?.hint == "round first, for example with .round(), or read floats")
    let nan = #expect(throws: TensorError.self) { try Tensor.nan.checkedItem(as: Int.self) }
    #expect(nan?.reason == "nan does not fit in int64")
    let huge = #expect(throws: TensorError.self) { try Tensor(1e30).checkedItem(as: Int.self) }
    #expect(huge?.reason == "1e+30 does not fit in int64")
  }

  /// Wider floats and bool lose no more than a cast does.
  @Test func otherTypesConvertAsCastsDo() {
    #expect(Tensor([0.1] as [Double]).item(as: Float.self) == 0.1)
    #expect(Tensor([1e300] as [Double]).scalars(as: Float.self) == [.infinity])
    #expect(Tensor([2, 0]).scalars(as: Bool.self) == [true, false])
    #expect(Tensor([true, false]).scalars(as: Int8.self) == [1, 0])
    #expect(Tensor([Int.max]).item(as: Double.self) == 0x1p63)
  }

  @Test(arguments: [Double.nan, .infinity, 1e30])
  func intOfNoIntegerEndsTheProcess(number: Double) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [bits = number.bitPattern as UInt64] in
      _ = Int(Tensor(Double(bitPattern: bits)))
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("ReadingTests.swift:\(#line - 6)"))
    #expect(text.contains("Int(float64[]): ") && text.contains(" does not fit in int64"))
  }

  @Test func aNarrowItemEndsTheProcess() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = Tensor(300).item(as: Int8.self)
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("item(int64[]): 300 does not fit in int8"))
  }
}
