// The campaigns' own comparison: it sees every bit, and one NaN is as good as another.

import CampaignSupport
import MartletIR
import Testing

@Suite struct ComparisonTests {
  private func value(_ elements: [Float]) throws -> Value {
    var random = Generator(0)
    let value = try Arrangement.contiguous.value(.float32, [elements.count], .mixed, &random)
    for (k, element) in elements.enumerated() {
      value.base.storeBytes(of: element, toByteOffset: 4 * k, as: Float.self)
    }
    return value
  }

  @Test func everyBitCounts() throws {
    let base: [Float] = [1, 0, .infinity, 2]
    #expect(firstDifference(try value(base), try value(base)) == nil)
    #expect(firstDifference(try value(base), try value([1, -0.0, .infinity, 2])) == 1)
    #expect(firstDifference(try value(base), try value([1, 0, .infinity, Float(2).nextUp])) == 3)
    #expect(firstDifference(try value(base), try value([1, 0, .nan, 2])) == 2)
    #expect(firstDifference(try value(base), try value([1, 0, .infinity])) == -1)
    let quiet = Float(bitPattern: 0x7FC0_0000)
    let other = Float(bitPattern: 0xFFC1_2345)
    #expect(firstDifference(try value([quiet, 1]), try value([other, 1])) == nil)
    #expect(firstDifference(try value([quiet, 1]), try value([other, 3])) == 1)
  }

  @Test func arrangementsShowTheSameShape() throws {
    var random = Generator(1)
    for arrangement in Arrangement.allCases where arrangement.keepsShape {
      let value = try arrangement.value(.int16, [3, 4], .mixed, &random)
      #expect(value.shape == [3, 4])
      // Every element lies in the buffer.
      let strides = value.layout.strides(for: value.shape)
      let corners = [0, 2 * strides[0], 3 * strides[1], 2 * strides[0] + 3 * strides[1]].map {
        value.layout.offset + $0
      }
      #expect(corners.allSatisfy { $0 >= 0 && 2 * $0 + 2 <= value.buffer.capacity })
    }
  }
}
