// Elementwise ops: a program run over blocks of elements; and casts, the index op and views.

import MartletIR

/// The elements that one loop of a program handles: few enough for all registers to stay in cache.
private let blockLength = 256

extension Interpreter {
  func elementwise(
    _ op: ElementwiseOp, _ dtype: DType, _ shape: Shape, _ operands: [Operand],
    _ flags: inout UInt32
  ) throws(TensorError) -> Value {
    let output = try allocate(dtype, shape)
    guard shape.elementCount > 0 else { return output }
    let program = Program.of(op, operands[operands.count - 1].dtype)
    guard program.resultDType == dtype else {
      internalError("\(op) gives \(program.resultDType), not \(dtype)")
    }
    let raised = program.run(operands, shape, output.base)
    flags |= raised
    if raised & ValueFlag.negativeIntegerPower.rawValue != 0 {
      throw try negativePower(op, operands, &flags)
    }
    return output
  }

  /// R26: the error of the first exponent that is negative.
  private func negativePower(
    _ op: ElementwiseOp, _ operands: [Operand], _ flags: inout UInt32
  ) throws(TensorError) -> TensorError {
    let shape = operands[1].shape
    let exponents = try cast(value(operands[1]), to: .int64, shape, &flags)
    let elements = UnsafeBufferPointer(
      start: exponents.base.assumingMemoryBound(to: Int64.self), count: shape.elementCount)
    guard let index = elements.firstIndex(where: { $0 < 0 }) else {
      internalError("a flag was raised for exponents that are not negative")
    }
    let place = shape.rank == 0 ? "" : " at \(shape.place(of: index))"
    let exponent = elements[index]
    return TensorError(
      .value, op: op.description,
      operands: operands.map { TensorError.Operand($0.dtype, $0.shape) },
      reason: "the exponent\(place) is \(exponent), and an integer to a negative power is not an "
        + "integer",
      hint: "cast the base to a floating dtype, for example with .cast(to: .float32)")
  }

  /// R10-R13.
  func cast(
    _ operand: Value, to dtype: DType, _ shape: Shape, _ flags: inout UInt32
  ) throws(TensorError) -> Value {
    let output = try allocate(dtype, shape)
    guard shape.elementCount > 0 else { return output }
    guard let convert = conversionLoop(from: operand.dtype, to: dtype) else {
      internalError("no conversion from \(operand.dtype) to \(dtype)")
    }
    var reader = ElementReader(operand)
    let block = Swift.min(blockLength, shape.elementCount)
    var raised: UInt32 = 0
    withScratch(byteCount: block * operand.dtype.byteCount) { scratch in
      var target = output.base
      var remaining = shape.elementCount
      while remaining > 0 {
        let count = Swift.min(block, remaining)
        let source = reader.read(count, scratch: scratch)
        convert(target, source, source, source, count, &raised)
        target += count &* dtype.byteCount
        remaining -= count
      }
    }
    flags |= raised
    return output
  }

  func iota(_ shape: Shape) throws(TensorError) -> Value {
    let output = try allocate(.int64, shape)
    let elements = output.base.assumingMemoryBound(to: Int64.self)
    for i in 0..<shape.elementCount { elements[i] = Int64(i) }
    return output
  }

  /// The same buffer under another layout, or a copy for a reshape that strides cannot express.
  func view(_ view: View, _ operand: Value, _ shape: Shape) throws(TensorError) -> Value {
    if let layout = operand.layout.applying(view, from: operand.shape, to: shape) {
      return Value(
        dtype: operand.dtype, shape: shape, layout: layout.canonical(for: shape),
        buffer: operand.buffer)
    }
    let dense = try copy(operand)
    return Value(dtype: operand.dtype, shape: shape, buffer: dense.buffer)
  }
}

extension Program {
  /// Runs the program for every element of `shape`, which has some, and returns the raised flags.
  func run(
    _ operands: [Interpreter.Operand], _ shape: Shape, _ output: UnsafeMutableRawPointer
  ) -> UInt32 {
    let block = Swift.min(blockLength, shape.elementCount)
    let pointerBytes = registerCount &* MemoryLayout<UnsafeMutableRawPointer>.stride
    let stepBytes = registerCount &* MemoryLayout<Int>.stride
    let tableBytes = (pointerBytes &+ stepBytes &+ 15) & ~15
    let registerBytes = (block &* elementWidth &+ 15) & ~15
    return withScratch(byteCount: tableBytes &+ registerCount &* registerBytes) { scratch in
      let registers = scratch.bindMemory(to: UnsafeMutableRawPointer.self, capacity: registerCount)
      // The bytes a register moves from one element to the next: 0 where it is scratch memory.
      let steps = (scratch + pointerBytes).bindMemory(to: Int.self, capacity: registerCount)
      for r in 0..<registerCount {
        registers[r] = scratch + (tableBytes &+ r &* registerBytes)
        steps[r] = 0
      }
      registers[result] = output
      steps[result] = resultDType.byteCount
      for constant in constants {
        fill(registers[constant.register], with: constant.scalar, count: block)
      }
      var strided: [(register: Int, reader: ElementReader)] = []
      for r in 0..<arity {
        guard argumentDTypes[r] == nil || argumentDTypes[r] == operands[r].dtype else {
          internalError("operand \(r) is \(operands[r].dtype)")
        }
        if let reader = bind(operands[r], shape, block, &registers[r], &steps[r]) {
          strided.append((r, reader))
        }
      }
      return run(shape.elementCount, block, registers, steps, &strided)
    }
  }

  /// Puts an operand into its register; a reader is returned where each block has to be copied
  /// there.
  private func bind(
    _ operand: Interpreter.Operand, _ shape: Shape, _ block: Int,
    _ register: inout UnsafeMutableRawPointer, _ step: inout Int
  ) -> ElementReader? {
    switch operand {
    case .scalar(let scalar):
      fill(register, with: scalar, count: block)
    case .value(let value):
      let byteCount = value.dtype.byteCount
      if value.shape.elementCount == shape.elementCount
        && value.layout.isRowMajor(for: value.shape)
      {
        register = value.base
        step = byteCount
      } else if value.shape.elementCount == 1 {
        copyRun(
          from: value.base, stride: 0, to: register, stride: 1, count: block, byteCount: byteCount)
      } else {
        guard let layout = value.layout.applying(.broadcast, from: value.shape, to: shape) else {
          internalError("\(value.shape) does not stretch to \(shape)")
        }
        return ElementReader(
          base: value.base, byteCount: byteCount, extents: shape.dimensions,
          strides: layout.strides(for: shape))
      }
    }
    return nil
  }

  private func run(
    _ elementCount: Int, _ block: Int, _ registers: UnsafeMutablePointer<UnsafeMutableRawPointer>,
    _ steps: UnsafeMutablePointer<Int>,
    _ strided: inout [(register: Int, reader: ElementReader)]
  ) -> UInt32 {
    var flags: UInt32 = 0
    var remaining = elementCount
    while true {
      let count = Swift.min(block, remaining)
      if !strided.isEmpty {
        for i in strided.indices {
          strided[i].reader.copy(count, to: registers[strided[i].register])
        }
      }
      for instruction in instructions {
        instruction.loop(
          registers[instruction.result], registers[instruction.a], registers[instruction.b],
          registers[instruction.c], count, &flags)
      }
      remaining -= count
      if remaining == 0 { return flags }
      for r in 0...arity { registers[r] += count &* steps[r] }
    }
  }
}
