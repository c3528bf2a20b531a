// Threads of the library's own, which no signal of the program reaches.

import Glibc

/// A thread of the system that nobody joins.
enum SystemThread {
  /// What a new thread is handed.
  private final class Body: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Starts threads that run `bodies`, in order, until one cannot be started, and returns how many
  /// were.
  static func start(_ bodies: [@Sendable () -> Void]) -> Int {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    // Signals belong to the program's own threads.
    var all = sigset_t()
    var previous = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, &previous)
    defer {
      pthread_sigmask(SIG_SETMASK, &previous, nil)
      pthread_attr_destroy(&attributes)
    }
    for (count, body) in bodies.enumerated() {
      let argument = Unmanaged.passRetained(Body(body))
      var thread = pthread_t()
      let status = pthread_create(
        &thread, &attributes,
        { argument in
          if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
          return nil
        }, argument.toOpaque())
      if status != 0 {
        argument.release()
        return count
      }
    }
    return bodies.count
  }
}
