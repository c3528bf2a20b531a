// What all kernel families share: the function, its arguments, and the body at a place of the
// space.

import CLLVM
import MartletFusion
import MartletIR

/// Builds the function of one kernel:
/// `uint32 k(buffers, integers, scalars, scratch, begin, end)`, as `CompiledKernel` documents it.
final class KernelEmitter {
  /// An input or an output as the launch describes it.
  struct Operand {
    let dtype: DType
    let access: KernelSpec.Access
    /// The first point's address (a pointer to the element), or for index inputs its int64.
    let start: Value
    let isIndex: Bool
    /// One stride an axis, in elements.
    let strides: [Value]
    /// For `strided`, and for indices: lane number times inner stride.
    let laneOffsets: Value?
    /// For gathered inputs: the extent and the stride of the axis along which places are named.
    let gathered: (extent: Value, stride: Value)?
  }

  /// A vector of elements along the innermost axis.
  struct Step {
    /// The position of the first lane, from the row's start.
    let index: Value
    /// The lanes that exist; nil for all.
    let mask: Value?
  }

  let spec: KernelSpec
  let body: KernelBody
  let shape: VectorShape
  let b: IRBuilder
  let single: ScalarEmitter
  let vector: ScalarEmitter

  let scratch: Value
  let begin: Value
  let end: Value
  let extents: [Value]
  private(set) var inputs: [Operand] = []
  private(set) var outputs: [Operand] = []
  /// Where the extremes go, in the families that find places: one array an output.
  private(set) var extremes: [Value] = []
  private let scalars: Value
  private let flags: Value?

  /// Values that do not change with the element, as single elements and in every lane.
  private var singles: [Value?]
  private var splats: [Value?]

  /// Starts the function in `b`, reads its arguments, and works out what depends on scalars alone.
  init(_ spec: KernelSpec, _ body: KernelBody, _ shape: VectorShape, _ b: IRBuilder) {
    self.spec = spec
    self.body = body
    self.shape = shape
    self.b = b
    let arguments = (0..<6).map { b.table.pointee.LLVMGetParam(b.function, UInt32($0)) }
    (scratch, begin, end) = (arguments[3], arguments[4], arguments[5])
    scalars = arguments[2]
    b.position(b.block())
    flags = body.raisesFlags ? b.slot(b.integer(32)) : nil
    if let flags { b.store(b.constant(0, 32), flags, alignment: 4) }

    let tables = KernelEmitter.define(body.tables, b)
    single = ScalarEmitter(b: b, lanes: 1, tables: tables)
    vector = ScalarEmitter(b: b, lanes: shape.lanes, tables: tables)
    singles = [Value?](repeating: nil, count: body.instructions.count)
    splats = singles

    var nextInteger = 0
    func integer() -> Value {
      defer { nextInteger += 1 }
      let place = b.element(b.integer(64), arguments[1], b.constant(nextInteger))
      return b.load(b.integer(64), place, alignment: 8)
    }
    let rank = spec.rank
    extents = (0..<rank).map { _ in integer() }
    let strides = (0..<(spec.inputs.count + spec.outputs.count)).map { _ in
      (0..<rank).map { _ in integer() }
    }
    let pointer = b.pointer(to: b.integer(8))
    func operand(
      _ number: Int, _ dtype: DType, _ access: KernelSpec.Access,
      _ source: KernelSpec.Source = .memory
    ) -> Operand {
      let isIndex = source == .index
      let start: Value
      if isIndex {
        start = integer()
      } else {
        let place = b.element(pointer, arguments[0], b.constant(number))
        let address = b.load(pointer, place, alignment: 8)
        start = b.bitcast(address, b.pointer(to: b.memory(dtype)))
      }
      let own = strides[number]
      let offsets =
        access == .uniform || (access != .strided && access != .reversed && !isIndex)
        ? nil
        : b.multiply(b.iota(shape.lanes, 64), b.splat(own[rank - 1], shape.lanes))
      return Operand(
        dtype: dtype, access: access, start: start, isIndex: isIndex, strides: own,
        laneOffsets: offsets, gathered: source == .gathered ? (integer(), integer()) : nil)
    }
    inputs = spec.inputs.enumerated().map {
      operand($0.offset, $0.element.dtype, $0.element.access, $0.element.source)
    }
    outputs = spec.outputs.enumerated().map {
      operand(spec.inputs.count + $0.offset, spec.dtype(of: $0.element), $0.element.access)
    }
    if spec.family.findsPlaces {
      extremes = spec.outputs.enumerated().map { number, output in
        let place = spec.inputs.count + spec.outputs.count + number
        let address = b.load(
          pointer, b.element(pointer, arguments[0], b.constant(place)), alignment: 8)
        return b.bitcast(address, b.pointer(to: b.memory(spec.dtypes[output.value])))
      }
    }
    prepare(.launch, rows: [])
  }

  private static func define(_ tables: Set<ScalarTable>, _ b: IRBuilder) -> [ScalarTable: Value] {
    var globals: [ScalarTable: Value] = [:]
    for table in tables.sorted(by: { $0.name < $1.name }) {
      let element = b.memory(table.dtype)
      var values = table.elements.map { b.constant($0, table.dtype, lanes: 1) }
      let initializer = b.table.pointee.LLVMConstArray(element, &values, UInt32(values.count))
      let global = b.table.pointee.LLVMAddGlobal(
        b.module, b.type(of: initializer), "\(table.name).\(table.dtype)")
      b.table.pointee.LLVMSetInitializer(global, initializer)
      b.table.pointee.LLVMSetGlobalConstant(global, 1)
      b.table.pointee.LLVMSetLinkage(global, LLVMPrivateLinkage)
      b.table.pointee.LLVMSetUnnamedAddress(global, LLVMGlobalUnnamedAddr)
      b.table.pointee.LLVMSetAlignment(global, 64)
      globals[table] = global
    }
    return globals
  }

  // The body.

  /// Works out the values of `rate`, in a row kernel those of one sweep; `rows` are where the
  /// inputs' rows start.
  func prepare(_ rate: KernelBody.Rate, rows: [Value], sweep: Int = 0) {
    for index in body.instructions.indices
    where body.isLive[index] && body.rates[index] == rate && body.sweeps[index] == sweep {
      let dtype = body.dtypes[index]
      switch body.instructions[index] {
      case .constant:
        singles[index] = nil
        continue
      case .scalar(let k):
        let place = b.element(b.integer(64), scalars, b.constant(k))
        let word = b.load(b.integer(64), place, alignment: 8)
        singles[index] = scalar(word, dtype)
      case .input(let k):
        let row = rows[k]
        singles[index] =
          inputs[k].isIndex
          ? row
          : single.toRegister(b.load(b.memory(dtype), row, alignment: dtype.byteCount), dtype)
      case .operation(let op, let operands):
        singles[index] = single.emit(op, operands.map { singleOperand($0) }, dtype)
      case .place(let k, let named):
        singles[index] = place(inputs[k], rowValue(named), single) { raise(.badIndex, if: $0) }
      case .gather(let k, let place):
        let source = b.element(b.memory(dtype), rows[k], rowValue(place))
        singles[index] = single.toRegister(
          b.load(b.memory(dtype), source, alignment: dtype.byteCount), dtype)
      case .reduce: continue  // `set` has been told.
      }
      splats[index] = singles[index].map { b.splat($0, shape.lanes) }
    }
  }

  /// What is the same for a whole row: kept and put back where several rows are computed together.
  struct RowValues {
    fileprivate let singles: [Value?]
    fileprivate let splats: [Value?]
  }

  var rowValues: RowValues {
    get { RowValues(singles: singles, splats: splats) }
    set { (singles, splats) = (newValue.singles, newValue.splats) }
  }

  /// Notes the result of a reduction of the row.
  func set(_ index: Int, _ value: Value) {
    singles[index] = value
    splats[index] = b.splat(value, shape.lanes)
  }

  /// A value that is the same for the whole row.
  func rowValue(_ index: Int) -> Value { singleOperand(index).value }

  private func scalar(_ word: Value, _ dtype: DType) -> Value {
    let integer = b.integer(dtype == .bool ? 1 : dtype.bitWidth)
    let bits = dtype.byteCount == 8 ? word : b.trunc(word, integer)
    return dtype.isFloatingPoint ? b.bitcast(bits, b.memory(dtype)) : bits
  }

  private func singleOperand(_ index: Int) -> ScalarEmitter.Operand {
    let dtype = body.dtypes[index]
    if case .constant(let scalar) = body.instructions[index] {
      return ScalarEmitter.Operand(
        value: single.constant(scalar.bits, dtype), dtype: dtype, constant: scalar)
    }
    guard let value = singles[index] else { internalError("a value was not prepared") }
    return ScalarEmitter.Operand(value: value, dtype: dtype)
  }

  /// The values of `sweep`'s roots at `steps`, where the inputs' rows start at `rows`.
  ///
  /// Each operation is emitted for all steps before the next one: that hides its latency.
  func emit(_ sweep: Sweep, _ rows: [Value], at steps: [Step]) -> [[Value]] {
    var values = [[Value]](repeating: [], count: body.instructions.count)
    func emit(_ index: Int) {
      let dtype = body.dtypes[index]
      if let place = sweep.known[index] {
        values[index] = steps.map { kept(dtype, b.element(b.memory(dtype), place, $0.index)) }
        return
      }
      switch body.instructions[index] {
      case .input(let k):
        values[index] = steps.map { load(inputs[k], row: rows[k], at: $0) }
        if sweep.isStreaming { steps.forEach { prefetch(inputs[k], row: rows[k], after: $0) } }
      case .operation(let op, let operands):
        values[index] = steps.indices.map { step in
          let x = operands.map { vectorOperand($0, values, step) }
          if case .check(let flag) = op { raise(flag, x[0].value, steps[step].mask) }
          return vector.emit(op, x, dtype)
        }
      case .place(let k, let named):
        values[index] = steps.indices.map { step in
          place(inputs[k], vectorOperand(named, values, step).value, vector) {
            raise(.badIndex, $0, steps[step].mask)
          }
        }
      case .gather(let k, let place):
        values[index] = steps.indices.map { step in
          gather(inputs[k], row: rows[k], place, values, at: steps[step], step)
        }
      case .constant, .scalar, .reduce: internalError("a constant changes with the element")
      }
    }
    for entry in sweep.schedule.entries {
      switch entry {
      case .value(let index): emit(index)
      case .branch(let branch):
        let conditions = steps.indices.map { vectorOperand(branch.condition, values, $0).value }
        let taken = branch.side ? conditions : conditions.map(b.not)
        let before = b.current
        let (then, after) = (b.block(), b.block())
        b.branch(ifRarely: anyLane(taken), then, else: after)
        b.position(then)
        for index in branch.members { emit(index) }
        let end = b.current
        b.branch(after)
        b.position(after)
        for index in branch.escaping {
          values[index] = values[index].map {
            b.phi([($0, end), (b.zero(b.type(of: $0)), before)])
          }
        }
      }
    }
    return sweep.roots.map { result in
      steps.indices.map { vectorOperand(result, values, $0).value }
    }
  }

  /// Whether a lane of some vector is true.
  private func anyLane(_ vectors: [Value]) -> Value {
    let lanes = vectors.dropFirst().reduce(vectors[0]) { b.or($0, $1) }
    return b.compare(
      LLVMIntNE, b.bitcast(lanes, b.integer(shape.lanes)), b.constant(0, shape.lanes))
  }

  private func vectorOperand(
    _ index: Int, _ values: [[Value]], _ step: Int
  ) -> ScalarEmitter.Operand {
    let dtype = body.dtypes[index]
    if case .constant(let scalar) = body.instructions[index] {
      return ScalarEmitter.Operand(
        value: vector.constant(scalar.bits, dtype), dtype: dtype, constant: scalar)
    }
    if body.rates[index] == .element {
      return ScalarEmitter.Operand(value: values[index][step], dtype: dtype)
    }
    guard let value = splats[index] else { internalError("a value was not prepared") }
    return ScalarEmitter.Operand(value: value, dtype: dtype)
  }

  /// Raises `flag` if `condition` holds in any lane that exists.
  private func raise(_ flag: ValueFlag, _ condition: Value, _ mask: Value?) {
    let lanes = mask.map { b.and($0, condition) } ?? condition
    raise(flag, if: anyLane([lanes]))
  }

  private func raise(_ flag: ValueFlag, if condition: Value) {
    guard let flags else { internalError("a kernel with checks has no flags") }
    let raised = b.select(condition, b.constant(Int(flag.rawValue), 32), b.constant(0, 32))
    b.store(b.or(b.load(b.integer(32), flags, alignment: 4), raised), flags, alignment: 4)
  }

  // Gathers.

  /// How far the place that `index` names lies from the first one.
  ///
  /// A negative index counts from the end, once (R43). Where there is no such place, `raise` is
  /// told, and the first one is read instead.
  private func place(
    _ operand: Operand, _ index: Value, _ emitter: ScalarEmitter, raise: (Value) -> Void
  ) -> Value {
    guard let axis = operand.gathered else { internalError("an input that is not gathered from") }
    let extent = b.splat(axis.extent, emitter.lanes)
    let zero = b.zero(b.type(of: index))
    let fromEnd = b.compare(LLVMIntSLT, index, zero)
    let place = b.select(fromEnd, b.add(index, extent), index)
    let isBad = b.compare(LLVMIntUGE, place, extent)
    raise(isBad)
    return b.multiply(b.select(isBad, zero, place), b.splat(axis.stride, emitter.lanes))
  }

  /// The elements of a gathered input at the places that instruction `place` gives.
  private func gather(
    _ operand: Operand, row: Value, _ place: Int, _ values: [[Value]], at step: Step, _ number: Int
  ) -> Value {
    let element = b.memory(operand.dtype)
    guard body.rates[place] == .element else {
      return load(operand, row: b.element(element, row, rowValue(place)), at: step)
    }
    let along: Value? =
      switch operand.access {
      case .uniform: nil
      case .contiguous, .transposed:
        b.element(element, b.element(element, row, step.index), b.iota(shape.lanes, 64))
      case .strided, .reversed: places(operand, row: row, at: step)
      }
    let loaded = b.gather(
      element, b.element(element, along ?? row, values[place][number]), lanes: shape.lanes,
      alignment: operand.dtype.byteCount, mask: step.mask)
    return vector.toRegister(loaded, operand.dtype)
  }

  /// Ends the function.
  func finish() {
    b.ret(flags.map { b.load(b.integer(32), $0, alignment: 4) } ?? b.constant(0, 32))
  }
}
