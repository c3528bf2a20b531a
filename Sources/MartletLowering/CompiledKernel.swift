// Machine code of one kernel: as an object file, and linked into the process.

/// The function of a kernel: `(buffers, integers, scalars, scratch, begin, end) -> flags`.
///
/// - `buffers`: the address of the space's first point in every input (null for index inputs), then
///   in every output; in the families that find places, then where the extremes of each output go.
/// - `integers`: the extents, `rank` of them and each at least 1; for every input and then every
///   output `rank` strides in elements; in the order of the inputs, for every index input its
///   offset and for every gathered input the extent and the stride of the axis along which places
///   are named.
/// - `scalars`: the bits of every scalar, one word each.
/// - `scratch`: `KernelSpec.scratchByteCount` bytes, 64-byte aligned, for this call alone.
/// - `begin`, `end`: the share of the work, as `KernelSpec.Family` counts it; for a map the linear
///   index over all axes but the innermost, or over the elements where there is one axis.
///
/// The result is the or of the raised `ValueFlag`s.
package typealias KernelFunction =
  @Sendable @convention(c) (
    UnsafePointer<UnsafeMutableRawPointer?>, UnsafePointer<Int64>, UnsafePointer<UInt64>,
    UnsafeMutableRawPointer?, Int64, Int64
  ) -> UInt32

/// Where the time of a compilation went.
package struct CompileTimes: Sendable, Hashable {
  /// Expanding the ops and building and verifying the IR.
  package var building: Duration = .zero
  /// Code generation.
  package var generating: Duration = .zero
  /// Linking into memory.
  package var linking: Duration = .zero

  package var total: Duration { building + generating + linking }
}

/// The object file of one kernel; it may outlive the process in a cache.
package struct KernelObject: Sendable, Hashable {
  package let bytes: [UInt8]
  package let times: CompileTimes
  /// Whether it came from a store.
  package let isLoaded: Bool

  package init(bytes: [UInt8], times: CompileTimes = CompileTimes(), isLoaded: Bool = false) {
    self.bytes = bytes
    self.times = times
    self.isLoaded = isLoaded
  }

  /// The name of the function in every object file.
  static let symbol = "martlet_kernel"

  /// Puts the object into memory; needs no LLVM.
  package func linked() throws(LoweringError) -> CompiledKernel {
    let start = ContinuousClock.now
    let linked = try Linker.link(self)
    var times = times
    times.linking = .now - start
    return CompiledKernel(linked, self, times: times)
  }
}

/// Where object files outlive the process.
package protocol ObjectStore: Sendable {
  /// The object that was stored for `key`, or nil.
  func object(for key: ObjectKey) -> [UInt8]?
  /// Keeps an object; where that fails there is none.
  func store(_ object: [UInt8], for key: ObjectKey)
}

/// A kernel that is ready to run; the code is unmapped when nobody holds it.
package final class CompiledKernel: Sendable {
  package let function: KernelFunction
  /// The bytes of the object file.
  package let codeSize: Int
  package let times: CompileTimes
  /// Whether the code came from a store.
  package let isLoaded: Bool
  private let memory: CodeMemory

  init(_ linked: LinkedObject, _ object: KernelObject, times: CompileTimes) {
    function = linked.function
    memory = linked.memory
    codeSize = object.bytes.count
    isLoaded = object.isLoaded
    self.times = times
  }
}
