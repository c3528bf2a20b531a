// A launch with its arguments packed as kernels read them, but for addresses and scalars.

import MartletFusion
import MartletIR
import MartletLowering

/// What all runs of one launch share.
final class PreparedLaunch: Sendable {
  /// A place and a distance from its first byte; kernels never use the address of an index input.
  struct Pointer: Sendable {
    let place: PreparedPlan.Place?
    let byteOffset: Int
  }

  /// Results that are made of what a kernel left for each block.
  enum Combination: Sendable {
    /// Of partial results, or nil where they lie in the result's place already.
    case reduction(BlockCombination, partials: PreparedPlan.Place?, result: Pointer)
    /// Of places and the extremes found there.
    case place(
      PlaceCombination, partials: PreparedPlan.Place, extremes: PreparedPlan.Place,
      result: Pointer)
  }

  /// The arguments of the parts, one after another: as many of each kind for every part.
  let pointers: [Pointer]
  let integers: [Int64]
  /// The numbers of the trace's scalars.
  let scalars: [Int]
  let partCount: Int
  let work: LaunchWork
  let scratch: PreparedPlan.Place?
  /// The scratch memory of one participant.
  let scratchByteCount: Int
  let combinations: [Combination]

  /// Packs `launch`; `partials` are, per part, the block values of a reduction's outputs where they
  /// have memory of their own, and then the extremes of places.
  init(
    _ launch: Plan.Launch, partials: [[PreparedPlan.Place?]], scratch: PreparedPlan.Place?,
    places: PlaceNumbers
  ) {
    let spec = launch.spec
    var pointers: [Pointer] = []
    var integers: [Int64] = []
    var combinations: [Combination] = []
    for (number, part) in launch.parts.enumerated() {
      let partials = number < partials.count ? partials[number] : []
      PreparedLaunch.pack(part, spec, partials, places, &pointers, &integers)
      if spec.family.leavesBlocks {
        combinations += PreparedLaunch.combinations(of: part, spec, partials, places)
      }
    }
    self.pointers = pointers
    self.integers = integers
    self.scratch = scratch
    self.combinations = combinations
    scalars = launch.parts.flatMap(\.scalars)
    partCount = launch.parts.count
    work = LaunchWork(launch)
    scratchByteCount = launch.scratchByteCount
  }

  /// Appends the arguments of a part, as `KernelFunction` reads them.
  private static func pack(
    _ part: Plan.Part, _ spec: KernelSpec, _ partials: [PreparedPlan.Place?],
    _ places: PlaceNumbers, _ pointers: inout [Pointer], _ integers: inout [Int64]
  ) {
    integers += part.extents.map(Int64.init)
    for (binding, input) in zip(part.inputs, spec.inputs) {
      append(binding.strides, spec, to: &integers)
      pointers.append(pointer(binding, input.dtype, places))
    }
    for (index, (binding, output)) in zip(0..., zip(part.outputs, spec.outputs)) {
      append(spec.family.leavesBlocks ? [] : binding.strides, spec, to: &integers)
      if index < partials.count, let partial = partials[index] {
        pointers.append(Pointer(place: partial, byteOffset: 0))
      } else {
        pointers.append(pointer(binding, spec.dtype(of: output), places))
      }
    }
    for extremes in partials.dropFirst(spec.outputs.count) {
      pointers.append(Pointer(place: extremes, byteOffset: 0))
    }
    for (binding, input) in zip(part.inputs, spec.inputs) {
      if input.source == .index { integers.append(Int64(binding.offset)) }
      if let axis = binding.gathered { integers += [Int64(axis.extent), Int64(axis.stride)] }
    }
  }

  /// Appends one stride an axis; results of reductions are dense and have none.
  private static func append(_ strides: [Int], _ spec: KernelSpec, to integers: inout [Int64]) {
    for axis in 0..<spec.rank { integers.append(axis < strides.count ? Int64(strides[axis]) : 0) }
  }

  private static func pointer(
    _ binding: Plan.Binding, _ dtype: DType, _ places: PlaceNumbers
  ) -> Pointer {
    guard let slot = binding.slot else { return Pointer(place: nil, byteOffset: 0) }
    guard let place = places.number(slot) else { internalError("\(slot) has no memory") }
    return Pointer(place: place, byteOffset: binding.offset &* dtype.byteCount)
  }

  private static func combinations(
    of part: Plan.Part, _ spec: KernelSpec, _ partials: [PreparedPlan.Place?],
    _ places: PlaceNumbers
  ) -> [Combination] {
    let columns = spec.family.runsAcross ? part.extents[spec.rank - 1] : 1
    let rows = part.resultCount(spec) / columns
    return zip(0..., zip(spec.outputs, part.outputs)).compactMap { number, pair in
      let (output, binding) = pair
      let dtype = spec.dtypes[output.value]
      let result = pointer(binding, spec.dtype(of: output), places)
      let partial = number < partials.count ? partials[number] : nil
      if let reduction = output.reduction {
        let blocks = BlockCombination(
          reduction: reduction, dtype: dtype, rows: rows, blocks: part.blockCount(spec),
          columns: columns, elementCount: part.extents[spec.reducedAxis])
        return .reduction(blocks, partials: partial, result: result)
      }
      // Of one block the kernel leaves the result.
      guard let extreme = output.place, let partial else { return nil }
      guard let extremes = partials[spec.outputs.count + number] else {
        internalError("places without extremes")
      }
      let blocks = PlaceCombination(
        extreme: extreme, dtype: dtype, rows: rows, blocks: part.blockCount(spec), columns: columns)
      return .place(blocks, partials: partial, extremes: extremes, result: result)
    }
  }
}
