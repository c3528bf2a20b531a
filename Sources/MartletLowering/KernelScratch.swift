// The scratch memory of a kernel, and the tiles that lie in it.

package import MartletFusion
import MartletIR

extension KernelSpec {
  /// The rows of one work item of a map with transposed inputs.
  package static let tileHeight = 32
  /// The columns that such a map transposes at a time: a tile of float32 is half of a common
  /// second-level cache of 256 KiB.
  static let tileWidth = 1024

  /// The rows of a tile, and the elements from one of them to the next: no power of two, so that
  /// rows fall on different sets of a cache.
  var tileShape: (rows: Int, pitch: Int) {
    family == .reduceShort
      ? (KernelSpec.laneCount, KernelSpec.stripWidth + 16)
      : (KernelSpec.tileHeight, KernelSpec.tileWidth + 16)
  }

  /// The dtype in which a scan combines the elements of an output (R36).
  func totalDType(of output: Output) -> DType? {
    output.scan?.accumulator(dtypes[output.value])
  }

  /// The bytes of scratch memory that one thread running the kernel on rows of this length needs.
  package func scratchByteCount(rowLength: Int) -> Int {
    switch family {
    case .map, .reduceShort:
      inputs.reduce(0) { sum, input in
        guard input.access == .transposed else { return sum }
        return sum + tileShape.rows * tileShape.pitch * input.dtype.byteCount
      }
    case .reduceInner, .placeInner, .scanInner: 0
    case .reduceOuter:
      outputs.reduce(0) { sum, output in
        sum + KernelSpec.laneCount * KernelSpec.stripWidth * dtypes[output.value].byteCount
      }
    case .placeOuter:
      // A row of extremes, and one of places within the block.
      outputs.reduce(0) { sum, output in
        sum + KernelSpec.stripWidth * (dtypes[output.value].byteCount + 4)
      }
    case .scanOuter:
      // A row of totals.
      outputs.reduce(0) { sum, output in
        sum + KernelSpec.stripWidth * (totalDType(of: output)?.byteCount ?? 0)
      }
    case .row:
      RowSweeps(self).kept.reduce(0) { sum, value in
        sum + RowSweeps.paddedLength(rowLength) * dtypes[value].byteCount
      }
    }
  }
}
