// Test support: running a body on a thread with a 512 KiB stack, and reading the resident size.

import CPlatform
import Glibc
import Testing

enum MemoryProbe {
  static var residentBytes: Int { Int(martlet_resident_bytes()) }
}

private final class Job {
  let body: () -> Bool
  var succeeded = false
  init(_ body: @escaping () -> Bool) { self.body = body }
}

/// Runs `body` on a thread whose stack has 512 KiB and expects it to return true.
func onSmallStack(
  sourceLocation: SourceLocation = #_sourceLocation, _ body: @escaping () -> Bool
) throws {
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  defer { pthread_attr_destroy(&attributes) }
  try #require(pthread_attr_setstacksize(&attributes, 512 << 10) == 0)
  let job = Job(body)
  var thread = pthread_t()
  let status = pthread_create(
    &thread, &attributes,
    { argument in
      guard let argument else { return nil }
      let job = Unmanaged<Job>.fromOpaque(argument).takeUnretainedValue()
      job.succeeded = job.body()
      return nil
    }, Unmanaged.passUnretained(job).toOpaque())
  try #require(status == 0)
  pthread_join(thread, nil)
  #expect(job.succeeded, sourceLocation: sourceLocation)
}
