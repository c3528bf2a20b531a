// A kernel before its axes are collapsed: a body over a space, what it writes, and what it reduces.

import MartletIR

/// What one launch, or two where a copy comes first, will do.
struct Draft {
  var body: FusedBody
  /// Instructions, and where their values go.
  var outputs: [(position: Int, root: Root)]
  var space: Shape
  /// The axes that are reduced, searched or scanned; a map has none.
  var reducedAxes: AxisSet?
  /// Kernels read what kernels of lower levels stored.
  var level: Int32
  /// Whether reductions are instructions of the body, whose results others of its values use.
  var isRow = false

  /// What is done along these axes: the same for every output.
  var passage: Passage { outputs.first?.root.passage ?? .reduction }

  /// The nodes that are read.
  var reads: Set<Int> {
    Set(
      body.inputs.compactMap { input in
        if case .node(let node) = input.base { return node }
        return nil
      })
  }

  func steps(_ graph: FusionGraph, _ temporaries: inout [Plan.Temporary]) -> [Plan.Step] {
    let kernel = KernelBuilder(
      body: body, outputs: outputs.map { ($0.position, $0.root) }, space: space, graph: graph)
    guard let reducedAxes else { return [.launch(kernel.map())] }
    if isRow { return [.launch(kernel.row(reducedAxes))] }
    if passage == .scan { return [.launch(kernel.scan(reducedAxes))] }
    return kernel.reduce(reducedAxes, &temporaries)
  }
}

extension Draft {
  /// Leaves out the code that no output needs, and puts the rest in the order in which it is
  /// needed.
  mutating func dropUnusedCode() {
    var result = FusedBody()
    var places = [Int32](repeating: -1, count: body.codes.count)
    for index in outputs.indices {
      var pending = [outputs[index].position]
      while let position = pending.last {
        let code = body.codes[position]
        let count = pending.count
        if places[position] < 0 {
          for operand in [code.c, code.b, code.a]
          where code.isComputed && operand >= 0 && places[Int(operand)] < 0 {
            pending.append(Int(operand))
          }
        }
        guard pending.count == count else { continue }
        if places[position] < 0 {
          places[position] =
            code.kind == .input
            ? result.emit(body.inputs[Int(code.a)]) : result.emit(code.moved(places))
        }
        pending.removeLast()
      }
      outputs[index].position = Int(places[outputs[index].position])
    }
    body = result
  }
}

extension FusedBody.Code {
  /// The code with its operands at `positions`; scalars and inputs have none.
  func moved(_ positions: [Int32]) -> Self {
    guard isComputed else { return self }
    var code = self
    if a >= 0 { code.a = positions[Int(a)] }
    if b >= 0 { code.b = positions[Int(b)] }
    if c >= 0 { code.c = positions[Int(c)] }
    return code
  }
}

/// Steps that will read and write nodes.
enum Draftwork {
  case kernel(Draft)
  case library(Plan.Step)
}
