// The launch of one body: its spec in canonical form, and the arguments that are not part of it.

import MartletIR

/// A body with what is to be done with its values.
struct KernelBuilder {
  let body: FusedBody
  /// Instructions, and where their values go.
  let outputs: [(Int, Root)]
  let space: Shape
  let graph: FusionGraph

  /// The launch that stores every output.
  func map() -> Plan.Launch {
    let layouts = outputs.map { $0.1.layout }
    var table = AxisTable(space, 0..<space.rank, body.inputs.map(\.layout) + layouts)
    table.merge()
    if table.axes.isEmpty { table.appendUnit(operandCount: body.inputs.count + outputs.count) }
    return storing(.map, table)
  }

  /// The launch that runs through the rows along these axes, and stores every output.
  func row(_ reducedAxes: AxisSet) -> Plan.Launch {
    let layouts = body.inputs.map(\.layout) + outputs.map { $0.1.layout }
    guard let table = ReductionSpace.rows(space, reducing: reducedAxes, operands: layouts) else {
      internalError("rows that do not merge into one axis")
    }
    return storing(.row, table)
  }

  /// The launch that scans along this axis, and stores every result.
  func scan(_ axis: AxisSet) -> Plan.Launch {
    let layouts = body.inputs.map(\.layout) + outputs.map { $0.1.layout }
    switch ReductionSpace(space, reducing: axis, inputs: layouts, costs: graph.costs) {
    case .outer(let table), .short(let table): return storing(.scanOuter, table)
    case .inner(let table): return storing(.scanInner, table)
    case .copy: internalError("one axis that does not merge into one")
    }
  }

  private func storing(_ family: KernelSpec.Family, _ table: AxisTable) -> Plan.Launch {
    let layouts = outputs.map { $0.1.layout }
    let bindings = outputs.indices.map { index in
      Plan.Binding(
        slot: .node(outputs[index].1.node), offset: layouts[index].offset,
        strides: table.strides(ofOperand: body.inputs.count + index))
    }
    let specs = outputs.indices.map { index in
      KernelSpec.Output(
        value: outputs[index].0, access: table.access(ofOperand: body.inputs.count + index),
        scan: outputs[index].1.scan)
    }
    return launch(family, table, specs, bindings)
  }

  /// The steps that reduce every output over these axes.
  func reduce(_ reducedAxes: AxisSet, _ temporaries: inout [Plan.Temporary]) -> [Plan.Step] {
    let layouts = body.inputs.map(\.layout)
    let specs = outputs.map {
      KernelSpec.Output(value: $0.0, reduction: $0.1.reduction, place: $0.1.place)
    }
    let findsPlaces = outputs.contains { $0.1.place != nil }
    switch ReductionSpace(space, reducing: reducedAxes, inputs: layouts, costs: graph.costs) {
    case .inner(let table):
      let family = findsPlaces ? KernelSpec.Family.placeInner : .reduceInner
      return [.launch(launch(family, table, specs, results(table, table.axes.count - 1)))]
    case .outer(let table):
      let family = findsPlaces ? KernelSpec.Family.placeOuter : .reduceOuter
      return [.launch(launch(family, table, specs, results(table, table.axes.count - 2)))]
    // A place has no tree, so rows of any length are searched alike.
    case .short(let table) where findsPlaces:
      return [.launch(launch(.placeOuter, table, specs, results(table, table.axes.count - 2)))]
    case .short(let table):
      var launch = launch(.reduceShort, table, specs, results(table, table.axes.count - 2))
      let copies = launch.spec.inputs.indices.compactMap {
        pack($0, of: &launch, table, &temporaries)
      }
      return (copies + [launch]).map { .launch($0) }
    case .copy: return copyAndReduce(reducedAxes, &temporaries)
    }
  }

  /// Copies a strided input that is broadcast along an axis, so that its elements along the columns
  /// are neighbours: once for all of that axis; nil for other inputs.
  private func pack(
    _ index: Int, of launch: inout Plan.Launch, _ table: AxisTable,
    _ temporaries: inout [Plan.Temporary]
  ) -> Plan.Launch? {
    let axes = table.axes.indices.filter { table.axes[$0].strides[index] != 0 }
    let access = launch.spec.inputs[index].access
    guard access == .strided || access == .transposed, axes.count < table.axes.count,
      launch.spec.inputs[index].source == .memory
    else { return nil }
    var packed = [Int](repeating: 0, count: table.axes.count)
    var count = 1
    for axis in axes.reversed() {
      packed[axis] = count
      count &*= table.axes[axis].extent
    }
    var copied = AxisTable(
      axes: axes.map {
        .init(extent: table.axes[$0].extent, strides: [table.axes[$0].strides[index], packed[$0]])
      })
    copied.merge()
    let slot = Plan.Slot.temporary(temporaries.count)
    let dtype = launch.spec.inputs[index].dtype
    temporaries.append(Plan.Temporary(dtype: dtype, elementCount: count))
    let copyAccess = copied.tileAccess(ofInput: 0, least: graph.costs.fewestTileRows)
    let spec = KernelSpec(
      family: .map, rank: copied.axes.count, inputs: [.init(dtype: dtype, access: copyAccess)],
      instructions: [.input(0)], dtypes: [dtype],
      outputs: [.init(value: 0, access: copied.access(ofOperand: 1))])
    let source = launch.parts[0].inputs[index]
    launch.parts[0].inputs[index] = Plan.Binding(slot: slot, offset: 0, strides: packed)
    launch.spec.inputs[index].access = .contiguous
    let part = Plan.Part(
      extents: copied.extents,
      inputs: [
        Plan.Binding(
          slot: source.slot, offset: source.offset, strides: copied.strides(ofOperand: 0))
      ], scalars: [],
      outputs: [Plan.Binding(slot: slot, offset: 0, strides: copied.strides(ofOperand: 1))])
    return Plan.Launch(spec: spec, parts: [part])
  }

  /// Stores the values with the reduced axes innermost, and then reduces one axis.
  private func copyAndReduce(
    _ reducedAxes: AxisSet, _ temporaries: inout [Plan.Temporary]
  ) -> [Plan.Step] {
    let kept = (0..<space.rank).filter { !reducedAxes.contains($0) }
    let reduced = (0..<space.rank).filter(reducedAxes.contains)
    let order = kept + reduced
    let stored = Shape(order.map { space[$0] })
    var strides = [Int](repeating: 0, count: space.rank)
    for (axis, step) in zip(order, Layout.rowMajorStrides(stored)) { strides[axis] = step }
    let layout = Layout(strides: strides)

    let count = body.inputs.count
    let values = Array(Set(outputs.map(\.0))).sorted()
    let layouts = body.inputs.map(\.layout) + values.map { _ in layout }
    var table = AxisTable(space, order, layouts)
    table.merge()
    let first = temporaries.count
    var copies: [Plan.Binding] = []
    var steps: [Plan.Step] = []
    for (index, value) in values.enumerated() {
      let slot = Plan.Slot.temporary(first + index)
      copies.append(
        Plan.Binding(slot: slot, offset: 0, strides: table.strides(ofOperand: count + index)))
      let dtype = body.codes[value].dtype
      temporaries.append(Plan.Temporary(dtype: dtype, elementCount: space.elementCount))
    }
    let copySpecs = values.map { KernelSpec.Output(value: $0) }
    steps.append(.launch(launch(.map, table, copySpecs, copies)))

    let keptCount = kept.reduce(1) { $0 &* space[$1] }
    let rowLength = reduced.reduce(1) { $0 &* space[$1] }
    var rows = AxisTable()
    if keptCount > 1 { rows.axes.append(.init(extent: keptCount, strides: [rowLength])) }
    rows.axes.append(.init(extent: rowLength, strides: [1]))
    for (index, value) in values.enumerated() {
      let dtype = body.codes[value].dtype
      let users = outputs.filter { $0.0 == value }
      let spec = KernelSpec(
        family: .reduceInner, rank: rows.axes.count,
        inputs: [.init(dtype: dtype, access: .contiguous)], instructions: [.input(0)],
        dtypes: [dtype], outputs: users.map { .init(value: 0, reduction: $0.1.reduction) })
      let input = Plan.Binding(
        slot: .temporary(first + index), offset: 0, strides: rows.strides(ofOperand: 0))
      let part = Plan.Part(
        extents: rows.extents, inputs: [input], scalars: [],
        outputs: results(rows, rows.axes.count - 1, of: users))
      steps.append(.launch(Plan.Launch(spec: spec, parts: [part])))
    }
    return steps
  }

  /// The row-major results over all axes but one.
  private func results(
    _ table: AxisTable, _ reducedAxis: Int, of outputs: [(Int, Root)]? = nil
  ) -> [Plan.Binding] {
    var strides = [Int](repeating: 0, count: table.axes.count)
    var step = 1
    for axis in table.axes.indices.reversed() where axis != reducedAxis {
      strides[axis] = step
      step &*= table.axes[axis].extent
    }
    return (outputs ?? self.outputs).map {
      Plan.Binding(slot: .node($0.1.node), offset: 0, strides: strides)
    }
  }

  private func launch(
    _ family: KernelSpec.Family, _ table: AxisTable, _ specs: [KernelSpec.Output],
    _ bindings: [Plan.Binding]
  ) -> Plan.Launch {
    var spec = KernelSpec(family: family, rank: table.axes.count, outputs: specs)
    var inputs: [Plan.Binding] = []
    for (index, input) in body.inputs.enumerated() {
      let source: KernelSpec.Source =
        input.base == .index ? .index : input.gathered == nil ? .memory : .gathered
      spec.inputs.append(
        KernelSpec.Input(
          source: source, dtype: input.dtype,
          access: (family == .map || family == .reduceShort) && source == .memory
            ? table.tileAccess(ofInput: index, least: graph.costs.fewestTileRows)
            : table.access(ofOperand: index)))
      inputs.append(
        Plan.Binding(
          slot: Plan.Slot(input.base), offset: input.layout.offset,
          strides: table.strides(ofOperand: index), gathered: input.gathered))
    }
    var scalars: [Int] = []
    spec.instructions.reserveCapacity(body.codes.count)
    spec.dtypes.reserveCapacity(body.codes.count)
    for code in body.codes {
      switch code.kind {
      case .input: spec.instructions.append(.input(Int(code.a)))
      case .scalar:
        spec.instructions.append(.scalar(scalars.count))
        spec.scalars.append(code.dtype)
        scalars.append(Int(code.a))
      case .cast: spec.instructions.append(.cast(Int(code.a)))
      case .gather:
        let source = body.codes[Int(code.a)]
        spec.instructions.append(.gather(Int(source.a), Int(code.b)))
      case .reduce: spec.instructions.append(.reduce(code.reduction, Int(code.a)))
      case .elementwise:
        let operands =
          code.b < 0
          ? [Int(code.a)]
          : code.c < 0 ? [Int(code.a), Int(code.b)] : [Int(code.a), Int(code.b), Int(code.c)]
        spec.instructions.append(.elementwise(code.op, operands))
      }
      spec.dtypes.append(code.dtype)
    }
    let part = Plan.Part(
      extents: table.extents, inputs: inputs, scalars: scalars, outputs: bindings)
    return Plan.Launch(spec: spec, parts: [part])
  }
}
