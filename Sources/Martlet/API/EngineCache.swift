// The engine's compiled kernels on disk, and those that are still being made.

public import MartletRuntime

@_exported public import struct MartletRuntime.DiskCache

extension Engine {
  /// The compiled kernels that are kept between processes, or nil with `MARTLET_CACHE=off`.
  ///
  ///     if let cache = Engine.cache { print(cache.location, cache.count) }
  public static var cache: DiskCache? { Runtime.diskCache }

  /// Waits until no kernel is compiled in the background, so that what follows runs the best code.
  ///
  /// Values never depend on it: it is for measurements.
  public static func finishCompiling() { Runtime.finishCompiling() }
}
