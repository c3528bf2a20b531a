// The steps that run a trace: kernel launches, library calls, and views that cost nothing.

package import MartletIR

/// The axis of an operand that a gather's indices run along.
package struct GatheredAxis: Sendable, Hashable {
  package var extent: Int
  /// The elements from one place to the next.
  package var stride: Int

  package init(extent: Int, stride: Int) {
    self.extent = extent
    self.stride = stride
  }
}

/// The order of work for one trace.
package struct Plan: Sendable {
  /// A value that a step reads or writes.
  package enum Slot: Sendable, Hashable {
    /// A leaf of the trace.
    case leaf(Int)
    /// The result of a node, stored in row-major order.
    case node(Int)
    /// An intermediate array that belongs to no node: an entry of `temporaries`.
    case temporary(Int)
  }

  /// An array that a launch writes and a later one reads, and that nobody else sees.
  package struct Temporary: Sendable, Hashable {
    package var dtype: DType
    package var elementCount: Int

    package init(dtype: DType, elementCount: Int) {
      self.dtype = dtype
      self.elementCount = elementCount
    }
  }

  /// An operand of a launch: a slot (none for index inputs) and where the space's points lie in it.
  package struct Binding: Sendable, Hashable {
    package var slot: Slot?
    /// The position of the space's first point, in elements from the start of the slot's buffer (a
    /// leaf's own offset is part of it).
    package var offset: Int
    /// One stride an axis of the launch's space, in elements.
    package var strides: [Int]
    /// The axis along which a gathered input is read at places that an index names.
    package var gathered: GatheredAxis?

    package init(slot: Slot?, offset: Int, strides: [Int], gathered: GatheredAxis? = nil) {
      self.slot = slot
      self.offset = offset
      self.strides = strides
      self.gathered = gathered
    }
  }

  /// The arguments of one run through a kernel's loop nest.
  package struct Part: Sendable {
    /// The extents of the iteration space, outermost first; none is 0.
    package var extents: [Int]
    package var inputs: [Binding]
    /// The scalar arguments by their numbers in `Trace.scalars`: values are no part of a plan.
    package var scalars: [Int]
    /// A map's outputs lie as bound; a reduction's slots are filled in row-major order once the
    /// partial results are combined.
    package var outputs: [Binding]

    package init(extents: [Int], inputs: [Binding], scalars: [Int], outputs: [Binding]) {
      self.extents = extents
      self.inputs = inputs
      self.scalars = scalars
      self.outputs = outputs
    }
  }

  /// A kernel with its arguments: one set of them, or several that are run at once because none
  /// needs another's results (`Merging`).
  package struct Launch: Sendable {
    package var spec: KernelSpec
    /// At least one.
    package var parts: [Part]

    package init(spec: KernelSpec, parts: [Part]) {
      self.spec = spec
      self.parts = parts
    }
  }

  package enum Step: Sendable {
    case launch(Launch)
    /// A node that the runtime computes by a library routine (matmul, gather, scatter).
    /// `operands` are the node's operands as values: a slot and its layout for the operand's shape.
    case library(node: Int, operands: [Operand])
    /// A node whose value is a view of a slot, or, with no elements, nothing at all.
    case view(node: Int, of: Slot, layout: Layout)
  }

  /// An operand of a library step.
  package enum Operand: Sendable, Hashable {
    case value(Slot, Layout)
    /// A number of `Trace.scalars`.
    case scalar(Int)
  }

  package var steps: [Step]
  package var temporaries: [Temporary]

  package init(steps: [Step] = [], temporaries: [Temporary] = []) {
    self.steps = steps
    self.temporaries = temporaries
  }

  package var kernels: [KernelSpec] {
    steps.compactMap { step in
      if case .launch(let launch) = step { return launch.spec }
      return nil
    }
  }
}

extension Plan.Step {
  /// The slots that are read, once an operand.
  package var reads: [Plan.Slot] {
    switch self {
    case .launch(let launch): launch.parts.flatMap { $0.inputs.compactMap(\.slot) }
    case .library(_, let operands):
      operands.compactMap { if case .value(let slot, _) = $0 { slot } else { nil } }
    case .view(_, let slot, _): [slot]
    }
  }

  /// The slots that are written, once an output.
  package var writes: [Plan.Slot] {
    switch self {
    case .launch(let launch): launch.parts.flatMap { $0.outputs.compactMap(\.slot) }
    case .library(let node, _), .view(let node, _, _): [.node(node)]
    }
  }
}

extension Plan: CustomStringConvertible {
  package var description: String {
    var kernel = 0
    return steps.map { step in
      switch step {
      case .launch(let launch):
        defer { kernel += 1 }
        let spaces = launch.parts.map { "\($0.extents)" }.joined(separator: " ")
        return "k\(kernel) \(spaces): \(launch.spec)"
      case .library(let node, _): return "library n\(node)"
      case .view(let node, let slot, _): return "view n\(node) of \(slot)"
      }
    }.joined(separator: "\n")
  }
}
