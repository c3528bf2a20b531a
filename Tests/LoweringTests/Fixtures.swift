// Compilers for every LLVM and instruction set at hand, and launches of kernels on plain arrays.

import MartletFusion
import MartletIR
import MartletLowering

/// A compiler to run a test with, named for the test's report.
struct Backend: Sendable, CustomStringConvertible {
  let description: String
  let compiler: Compiler
  let level: OptimizationLevel

  /// The default LLVM for each x86-64 level the machine runs, and every other LLVM for the machine.
  static let all: [Backend] = {
    var backends: [Backend] = []
    func add(_ selection: String, _ target: Target?, _ level: OptimizationLevel) {
      guard let compiler = try? Compiler(selection: selection, target: target) else { return }
      let cpu = target?.cpu ?? "host"
      backends.append(
        Backend(
          description: "LLVM \(selection) \(cpu) \(level)", compiler: compiler, level: level))
    }
    guard let host = try? Compiler() else { return [] }
    let widest = host.target.vectorByteCount
    for (cpu, width) in [("x86-64", 16), ("x86-64-v2", 16), ("x86-64-v3", 32), ("x86-64-v4", 64)]
    where host.target.triple.hasPrefix("x86_64") && width <= widest {
      add("", Target.x86(cpu), .default)
    }
    add("", nil, .fast)
    for version in ["14", "15", "16", "19"] { add(version, nil, .default) }
    return backends
  }()

  func compile(_ spec: KernelSpec) throws -> CompiledKernel {
    try compiler.compile(spec, level: level)
  }
}

/// Elements at a fixed address.
final class Memory<Element: BitwiseCopyable> {
  let elements: UnsafeMutableBufferPointer<Element>

  init(_ values: [Element]) {
    elements = .allocate(capacity: values.count)
    _ = elements.initialize(from: values)
  }

  convenience init(_ count: Int, _ value: Element) {
    self.init([Element](repeating: value, count: count))
  }

  deinit { elements.deallocate() }

  var values: [Element] { Array(elements) }
}

/// An operand of a launch: where its first point is, and its strides.
struct Argument {
  let address: UnsafeMutableRawPointer?
  let strides: [Int]
  let offset: Int
  /// The extent and the stride of the axis that a gathered input is read along.
  var gathered: (extent: Int, stride: Int)?
  private let owner: AnyObject?

  init<Element>(_ memory: Memory<Element>, _ strides: [Int], offset: Int = 0) {
    address = memory.elements.baseAddress.map { UnsafeMutableRawPointer($0 + offset) }
    self.strides = strides
    self.offset = 0
    owner = memory
  }

  /// An index input.
  init(index strides: [Int], offset: Int) {
    address = nil
    self.strides = strides
    self.offset = offset
    owner = nil
  }
}

extension CompiledKernel {
  /// Runs [begin, end) of the work; returns the flags.
  @discardableResult
  func run(
    _ spec: KernelSpec, _ extents: [Int], _ inputs: [Argument], _ outputs: [Argument],
    scalars: [Scalar] = [], extremes: [Argument] = [], _ share: Range<Int>
  ) -> UInt32 {
    let buffers = (inputs + outputs + extremes).map(\.address)
    var integers = extents.map(Int64.init)
    integers += (inputs + outputs).flatMap { $0.strides.map(Int64.init) }
    for (input, argument) in zip(spec.inputs, inputs) {
      if input.source == .index { integers.append(Int64(argument.offset)) }
      if let axis = argument.gathered { integers += [Int64(axis.extent), Int64(axis.stride)] }
    }
    let words = scalars.map(\.bits) + [0]
    let scratch = UnsafeMutableRawPointer.allocate(
      byteCount: max(spec.scratchByteCount(rowLength: extents.last ?? 1), 64), alignment: 64)
    defer { scratch.deallocate() }
    defer { withExtendedLifetime((inputs, outputs, extremes)) {} }
    return buffers.withUnsafeBufferPointer { buffers in
      integers.withUnsafeBufferPointer { integers in
        words.withUnsafeBufferPointer { words in
          guard let b = buffers.baseAddress, let i = integers.baseAddress,
            let w = words.baseAddress
          else { return 0 }
          return function(b, i, w, scratch, Int64(share.lowerBound), Int64(share.upperBound))
        }
      }
    }
  }
}

extension KernelSpec {
  /// A map of one op on contiguous inputs along one axis.
  static func map(_ op: ElementwiseOp, _ dtypes: [DType], result: DType) -> KernelSpec {
    KernelSpec(
      family: .map, rank: 1, inputs: dtypes.map { Input(dtype: $0, access: .contiguous) },
      instructions: dtypes.indices.map { .input($0) }
        + [.elementwise(op, Array(dtypes.indices))],
      dtypes: dtypes + [result], outputs: [Output(value: dtypes.count)])
  }

  /// A conversion of a contiguous input along one axis.
  static func cast(_ source: DType, _ result: DType) -> KernelSpec {
    KernelSpec(
      family: .map, rank: 1, inputs: [Input(dtype: source, access: .contiguous)],
      instructions: [.input(0), .cast(0)], dtypes: [source, result],
      outputs: [Output(value: 1)])
  }
}

extension Backend {
  /// `spec`, a map of one axis, on `inputs` of one length; also returns the flags.
  func map<Input: BitwiseCopyable, Result: BitwiseCopyable>(
    _ spec: KernelSpec, _ inputs: [[Input]], zero: Result
  ) throws -> (values: [Result], flags: UInt32) {
    let count = inputs[0].count
    let kernel = try compile(spec)
    let result = Memory(count, zero)
    let memories = inputs.map { Memory($0) }
    let flags = kernel.run(
      spec, [count], memories.map { Argument($0, [1]) }, [Argument(result, [1])], 0..<count)
    return (result.values, flags)
  }
}

/// Numbers that repeat from run to run.
struct Generator: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
