// What the engine found on this machine.

import CPlatform

/// The libraries, the processor and the threads that the engine uses.
public struct Backends: Sendable, Hashable, CustomStringConvertible {
  /// LLVM's version and path, or nil where none was found.
  public var llvm: String?
  /// Why there is no LLVM; empty where there is one.
  public var llvmFailure = ""
  /// The BLAS library's name and options, or nil where none was found.
  public var blas: String?
  /// The path of the BLAS library.
  public var blasPath: String?
  /// Why there is no BLAS; empty where there is one.
  public var blasFailure = ""
  /// The processor's name.
  public var processor = ""
  /// The instruction sets that matter to kernels.
  public var features: [String] = []
  /// The bytes of a vector register.
  public var vectorByteCount = 0
  /// The threads that share work.
  public var threads = 1

  init() {
    let cpu = martlet_cpu_features().pointee
    processor = withUnsafeBytes(of: cpu.brand) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    let known: [(String, Int32)] = [
      ("sse4.1", cpu.sse4_1), ("avx", cpu.avx), ("avx2", cpu.avx2), ("fma", cpu.fma),
      ("f16c", cpu.f16c), ("avx512f", cpu.avx512f), ("avx512bw", cpu.avx512bw),
      ("avx512dq", cpu.avx512dq), ("avx512vl", cpu.avx512vl), ("neon", cpu.neon),
    ]
    features = known.filter { $0.1 != 0 }.map(\.0)
    vectorByteCount = Int(cpu.vector_bytes)
  }

  /// One line each for the compiler, the BLAS and the processor.
  public var description: String {
    """
    compiler: \(llvm ?? "none (\(llvmFailure))")
    BLAS: \(blas.map { "\($0) (\(blasPath ?? ""))" } ?? "none (\(blasFailure))")
    processor: \(processor), \(vectorByteCount)-byte vectors, \(threads) threads
    """
  }
}
