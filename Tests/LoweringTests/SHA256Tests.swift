// SHA-256 against the examples of FIPS 180 and of NIST's validation system.

import MartletLowering
import Testing

@Suite struct SHA256Tests {
  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }

  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
        + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    (
      String(repeating: "a", count: 1_000_000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
  ])
  func examples(message: String, digest: String) {
    #expect(Self.hexadecimal(SHA256.digest(message.utf8)) == digest)
  }

  /// Short messages of the validation system (SHA256ShortMsg.rsp), in bytes.
  @Test(arguments: [
    ([0xd3] as [UInt8], "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"),
    ([0x11, 0xaf], "5ca7133fa735326081558ac312c620eeca9970d1e70a4b95533d956f072d1f98"),
    ([0x74, 0xba, 0x25, 0x21], "b16aa56be3880d18cd41e68384cf1ec8c17680c45a02b1575dc1518923ae8b0e"),
  ])
  func shortMessages(message: [UInt8], digest: String) {
    #expect(Self.hexadecimal(SHA256.digest(message)) == digest)
  }

  /// Where the message is cut does not matter, at any length around the blocks.
  @Test func pieces() {
    for length in [0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 128, 200] {
      let message = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37) }
      let whole = SHA256.digest(message)
      for cut in 0...length {
        var hash = SHA256()
        hash.update(Array(message[..<cut]))
        hash.update(Array(message[cut...]))
        #expect(hash.finish() == whole, "\(length) cut at \(cut)")
      }
    }
  }
}
