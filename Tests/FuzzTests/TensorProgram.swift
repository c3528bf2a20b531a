// Programs over the users' API as data: they can be run again in another mode, printed and shrunk.

import Martlet
import MartletIR

/// One statement; its operands are registers, and its result, if any, is a new one.
struct Statement: Sendable {
  enum Action: Sendable {
    case unary(Int)
    case binary(Int)
    /// A literal on the right or, if so marked, on the left.
    case literal(Int, Double, isInteger: Bool, isLeft: Bool)
    case choice
    case ternary(Int)
    /// One unary function or the other, by what the sum of the elements is.
    case branch(Int, Int)
    /// A unary function again and again, until the mean of the elements is small.
    case loop(Int)
    case cast(DType)
    case reduce(Int, [Int], keepDims: Bool)
    case scan(Int, axis: Int, includeInitial: Bool)
    case slice([TensorSlice])
    case permute([Int])
    case reshape([Int])
    case broadcast([Int])
    case flip([Int])
    case concatenate(Int)
    case stack
    case pad(Int)
    case take([Int64], axis: Int)
    case matmul
    /// Writes the second register into slices of the first.
    case assign([TensorSlice])
    case assignLiteral([TensorSlice], Double)
    /// Writes a literal where the second register, a bool, is true.
    case assignMasked(Double)
    /// `+=` and its like, by the number of the binary function.
    case update(Int)
    /// Reads the elements now.
    case inspect
    /// Lets the register's tensor go.
    case drop
  }

  let action: Action
  let operands: [Int]
}

/// A register's elements as bits, NaN as one pattern.
struct Elements: Equatable, Sendable {
  let dtype: DType
  let shape: Shape
  let bits: [UInt64]

  init(_ x: Tensor) throws {
    dtype = x.dtype
    shape = x.shape
    bits =
      switch x.dtype {
      case .bool: try x.checkedScalars(as: Bool.self).map { $0 ? 1 : 0 }
      case .float32:
        try x.checkedScalars(as: Float.self).map { $0.isNaN ? .max : UInt64($0.bitPattern) }
      case .float64: try x.checkedScalars(as: Double.self).map { $0.isNaN ? .max : $0.bitPattern }
      case .uint64: try x.checkedScalars(as: UInt64.self)
      default: try x.checkedScalars(as: Int64.self).map { UInt64(bitPattern: $0) }
      }
  }

  func difference(from other: Elements) -> String? {
    guard self != other else { return nil }
    guard dtype == other.dtype, shape == other.shape else {
      return "\(dtype)\(shape) instead of \(other.dtype)\(other.shape)"
    }
    guard let place = bits.indices.first(where: { bits[$0] != other.bits[$0] }) else { return nil }
    return "\(dtype)\(shape) element \(place): 0x\(String(bits[place], radix: 16)) instead of "
      + "0x\(String(other.bits[place], radix: 16))"
  }
}

/// The registers of a running program.
struct Machine {
  private(set) var registers: [Tensor?]
  /// What was read on the way.
  private(set) var readings: [Elements] = []

  init(_ inputs: [Tensor]) { registers = inputs }

  /// Appends a register without a value, for a statement that was left out.
  mutating func skip() { registers.append(nil) }

  mutating func run(_ statement: Statement) throws {
    let target = statement.operands[0]
    guard let x = registers[target] else { return skip() }
    let y = statement.operands.count > 1 ? registers[statement.operands[1]] : nil
    switch statement.action {
    case .assign, .assignLiteral, .assignMasked, .update:
      // Nothing else may hold the tensor that is written, so that writing in place is possible.
      registers[target] = nil
      registers[target] = Machine.written(statement.action, consume x, y)
      registers.append(nil)
    case .inspect:
      readings.append(try Elements(x))
      registers.append(nil)
    case .drop:
      registers[target] = nil
      registers.append(nil)
    default:
      let z = statement.operands.count > 2 ? registers[statement.operands[2]] : nil
      registers.append(try Machine.value(statement.action, x, y ?? x, z ?? x))
    }
  }

  /// Every register that still has a value.
  func finish() throws -> [Elements?] { try registers.map { try $0.map { try Elements($0) } } }

  private static func written(
    _ action: Statement.Action, _ x: consuming Tensor, _ y: Tensor?
  ) -> Tensor {
    switch action {
    case .assign(let slices): if let y { x.assign(y, slices) }
    case .assignLiteral(let slices, let number): x.assign(literal(number, x.dtype), slices)
    case .assignMasked(let number): if let y { x[y] = literal(number, x.dtype) }
    case .update(let number): if let y { x = Functions.binary[number].apply(x, y) }
    default: break
    }
    return x
  }

  /// The one element of `x`, read now.
  private static func number(_ x: Tensor) throws -> Double {
    try x.checkedScalars(as: Double.self)[0]
  }

  private static func literal(_ number: Double, _ dtype: DType) -> Tensor {
    if dtype == .bool { return Tensor(number > 0) }
    return dtype.isFloatingPoint
      ? Tensor(floatLiteral: number) : Tensor(integerLiteral: Int64(Swift.abs(number)))
  }

  private static func value(
    _ action: Statement.Action, _ x: Tensor, _ y: Tensor, _ z: Tensor
  ) throws -> Tensor {
    switch action {
    case .unary(let number): return Functions.unary[number].apply(x)
    case .binary(let number): return Functions.binary[number].apply(x, y)
    case .literal(let number, let value, let isInteger, let isLeft):
      let weak: Tensor =
        isInteger ? Tensor(integerLiteral: Int64(value)) : Tensor(floatLiteral: value)
      return isLeft
        ? Functions.binary[number].apply(weak, x) : Functions.binary[number].apply(x, weak)
    case .choice: return .where(x, y, z)
    case .ternary(let number): return Functions.ternary[number].apply(x, y, z)
    case .branch(let first, let second):
      return Functions.unary[try number(x.sum()) > 1 ? first : second].apply(x)
    case .loop(let number):
      var x = x
      for _ in 0..<5 where try Machine.number(x.mean()).magnitude > 0.125 {
        x = Functions.unary[number].apply(x)
      }
      return x
    case .cast(let dtype): return x.cast(to: dtype)
    case .reduce(let number, let axes, let keepDims):
      return Functions.reductions[number].apply(x, axes, keepDims)
    case .scan(let number, let axis, let includeInitial):
      return Functions.scans[number].apply(x, axis, includeInitial)
    case .slice(let slices): return x.selecting(slices)
    case .permute(let axes): return x.permute(axes)
    case .reshape(let extents): return x.reshape(extents)
    case .broadcast(let extents): return x.broadcast(to: extents)
    case .flip(let axes): return axes.reduce(x) { $0.flip(axis: $1) }
    case .concatenate(let axis): return .concatenate([x, y, x], axis: axis)
    case .stack: return .stack([x, y])
    case .pad(let width): return x.pad(width)
    case .take(let indices, let axis): return x.take(Tensor(indices), axis: axis)
    case .matmul: return x.matmul(y)
    case .assign, .assignLiteral, .assignMasked, .update, .inspect, .drop: return x
    }
  }
}

extension Tensor {
  fileprivate func selecting(_ slices: [TensorSlice]) -> Tensor {
    switch slices.count {
    case 0: self
    case 1: self[slices[0]]
    case 2: self[slices[0], slices[1]]
    default: self[slices[0], slices[1], slices[2]]
    }
  }

  fileprivate mutating func assign(_ value: Tensor, _ slices: [TensorSlice]) {
    switch slices.count {
    case 0: break
    case 1: self[slices[0]] = value
    case 2: self[slices[0], slices[1]] = value
    default: self[slices[0], slices[1], slices[2]] = value
    }
  }
}

extension Statement: CustomStringConvertible {
  var description: String {
    let names = operands.map { "r\($0)" }.joined(separator: ", ")
    switch action {
    case .unary(let number): return "\(Functions.unary[number].name)(\(names))"
    case .binary(let number): return "\(Functions.binary[number].name)(\(names))"
    case .ternary(let number): return "\(Functions.ternary[number].name)(\(names))"
    case .branch(let first, let second):
      return "\(Functions.unary[first].name) or \(Functions.unary[second].name)(\(names))"
    case .loop(let number): return "\(Functions.unary[number].name) in a loop(\(names))"
    case .literal(let number, let value, _, _):
      return "\(Functions.binary[number].name)(\(names)) with \(action) \(value)"
    case .reduce(let number, let axes, let keepDims):
      return "\(Functions.reductions[number].name)(\(names), axes \(axes), keepDims \(keepDims))"
    case .scan(let number, let axis, let includeInitial):
      return "\(Functions.scans[number].name)(\(names), axis \(axis), initial \(includeInitial))"
    case .update(let number): return "\(Functions.binary[number].name)=(\(names))"
    default: return "\(action)(\(names))"
    }
  }
}
