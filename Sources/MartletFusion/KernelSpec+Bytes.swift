// A kernel's spec as bytes that mean the same in every process: part of the key of cached objects.

import MartletIR

extension KernelSpec {
  /// All of the spec, every list after its length; equal only for equal specs.
  ///
  /// Ops and dtypes go by name, since the numbers of cases change when one is added. A test
  /// compares the fields of the structures with those that are written here.
  package var canonicalBytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(name: "\(family)")
    bytes.append(integer: rank)
    bytes.append(integer: inputs.count)
    for input in inputs {
      bytes.append(name: "\(input.source)")
      bytes.append(name: input.dtype.description)
      bytes.append(name: "\(input.access)")
    }
    bytes.append(integer: scalars.count)
    for scalar in scalars { bytes.append(name: scalar.description) }
    bytes.append(integer: instructions.count)
    for instruction in instructions { bytes.append(instruction) }
    bytes.append(integer: dtypes.count)
    for dtype in dtypes { bytes.append(name: dtype.description) }
    bytes.append(integer: outputs.count)
    for output in outputs {
      bytes.append(integer: output.value)
      bytes.append(name: "\(output.access)")
      bytes.append(name: output.reduction.map { "\($0)" } ?? "")
      bytes.append(name: output.place.map { "\($0)" } ?? "")
      bytes.append(name: output.scan.map { "\($0)" } ?? "")
    }
    return bytes
  }
}

extension [UInt8] {
  /// Appends eight bytes, the lowest first.
  package mutating func append(integer value: Int) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  fileprivate mutating func append(name: String) {
    append(integer: name.utf8.count)
    append(contentsOf: name.utf8)
  }

  fileprivate mutating func append(_ instruction: KernelSpec.Instruction) {
    switch instruction {
    case .input(let k):
      append(name: "input")
      append(integer: k)
    case .scalar(let k):
      append(name: "scalar")
      append(integer: k)
    case .elementwise(let op, let operands):
      append(name: op.description)
      append(integer: operands.count)
      for operand in operands { append(integer: operand) }
    case .cast(let operand):
      append(name: "cast")
      append(integer: operand)
    case .gather(let input, let index):
      append(name: "gather")
      append(integer: input)
      append(integer: index)
    case .reduce(let reduction, let operand):
      append(name: "reduce \(reduction)")
      append(integer: operand)
    }
  }
}
