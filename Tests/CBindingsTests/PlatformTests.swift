// The platform layer: frames, source lines, floating-point control, pages, futexes, thread slots.

import CPlatform
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// The return addresses of the caller's frames; never inlined, so that the first lies in here.
@inline(never) private func returnAddresses(_ max: Int) -> [UnsafeRawPointer] {
  var addresses = [UnsafeRawPointer?](repeating: nil, count: max)
  let count = Int(martlet_return_addresses(&addresses, Int32(max)))
  return addresses[..<count].compactMap { $0 }
}

private func sourceLine(_ address: UnsafeRawPointer) -> (file: String, line: Int)? {
  var file = [CChar](repeating: 0, count: 1024)
  var line: Int32 = 0
  guard martlet_source_line(address, &file, file.count, &line) != 0 else { return nil }
  return (text(file), Int(line))
}

private func text(_ characters: [CChar]) -> String {
  String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}

@Suite struct PlatformTests {
  @Test func findsTheLineOfACall() throws {
    let addresses = returnAddresses(16)
    let expected = #line - 1
    #expect(addresses.count >= 2)
    let call = try #require(addresses.count > 1 ? sourceLine(addresses[1]) : nil)
    #expect(call.file.hasSuffix("PlatformTests.swift"))
    #expect(call.line == expected)
  }

  @Test func namesTheFunctionOfACall() throws {
    let addresses = returnAddresses(2)
    try #require(addresses.count == 2)
    var name = [CChar](repeating: 0, count: 1024)
    var image = [CChar](repeating: 0, count: 4096)
    var offset: UInt = 0
    #expect(martlet_symbol(addresses[1], &name, name.count, &image, image.count, &offset) == 1)
    #expect(text(name).contains("namesTheFunctionOfACall"))
    #expect(text(image).hasPrefix("/"))
    #expect(offset > 0)
    var buffer: UInt8 = 0
    #expect(martlet_symbol(&buffer, nil, 0, nil, 0, nil) == 0)
  }

  /// A walk in a thread of its own ends at that thread's first frame.
  @Test func walksAThreadsFrames() {
    var thread = pthread_t()
    let body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { _ in
      let count = returnAddresses(64).count
      return UnsafeMutableRawPointer(bitPattern: count)
    }
    #expect(pthread_create(&thread, nil, body, nil) == 0)
    var result: UnsafeMutableRawPointer?
    pthread_join(thread, &result)
    let count = UInt(bitPattern: result)
    #expect(count >= 2 && count < 16)
  }

  /// 1e-20 squared is subnormal, so a thread that flushes gets 0 there, and the caller's mode comes
  /// back.
  @Test func restoresTheFloatingPointEnvironment() {
    let original = martlet_fp_environment_get()
    defer { martlet_fp_environment_set(original) }
    #if arch(x86_64)
      let flushing = (original & 0x3f) | 0xff80
    #else
      let flushing: UInt64 = 1 << 24
    #endif
    martlet_fp_environment_set(flushing)
    let saved = martlet_fp_environment_save_default()
    let during = martlet_fp_environment_get()
    martlet_fp_environment_restore(saved)
    let after = martlet_fp_environment_get()
    #expect(saved == flushing)
    #expect(after == flushing)
    #if arch(x86_64)
      #expect(during & ~0x3f == 0x1f80)
    #else
      #expect(during == 0)
    #endif
  }

  @Test func describesTheProcessor() {
    let cpu = martlet_cpu_features().pointee
    #expect([16, 32, 64].contains(cpu.vector_bytes))
    #expect(cpu.avx512f == 0 || cpu.avx2 == 1)
    #expect(martlet_usable_cores() >= 1)
  }

  @Test func mapsAlignedPages() throws {
    let size = 5 << 20
    let faults = martlet_page_faults()
    let pages = try #require(martlet_pages_map(size))
    #expect(UInt(bitPattern: pages) % (2 << 20) == 0)
    let bytes = pages.assumingMemoryBound(to: UInt8.self)
    for offset in stride(from: 0, to: size, by: 4096) {
      #expect(bytes[offset] == 0)
      bytes[offset] = 1
    }
    #expect(martlet_page_faults() > faults)
    #expect(martlet_resident_bytes() > size)
    martlet_pages_unmap(pages, size)
    #expect(martlet_pages_map(0) == nil)
    #expect(martlet_pages_map(.max) == nil)
  }

  @Test func futexTimesOutAndWakes() {
    let word = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
    word.initialize(to: 0)
    defer { word.deallocate() }
    #expect(martlet_futex_wait(word, 1, -1) == 1)
    #expect(martlet_futex_wait(word, 0, 1_000_000) == 0)
    var thread = pthread_t()
    let body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
      guard let word = context?.assumingMemoryBound(to: UInt32.self) else { return nil }
      while martlet_load_acquire(word) == 0 { _ = martlet_futex_wait(word, 0, -1) }
      return nil
    }
    #expect(pthread_create(&thread, nil, body, word) == 0)
    martlet_store_release(word, 1)
    _ = martlet_futex_wake(word, .max)
    #expect(pthread_join(thread, nil) == 0)
  }

  @Test func threadSlotIsDestroyedWithItsThread() {
    var thread = pthread_t()
    let count = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
    count.initialize(to: 0)
    defer { count.deallocate() }
    let body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
      guard let context, martlet_thread_slot_get() == nil else { return nil }
      _ = martlet_thread_slot_set(context) { value in
        _ = martlet_fetch_add(value.assumingMemoryBound(to: UInt32.self), 1)
      }
      return martlet_thread_slot_get()
    }
    #expect(pthread_create(&thread, nil, body, count) == 0)
    var result: UnsafeMutableRawPointer?
    pthread_join(thread, &result)
    #expect(result == UnsafeMutableRawPointer(count))
    #expect(martlet_load_acquire(count) == 1)
  }
}
