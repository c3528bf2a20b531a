// The same program on other numbers, which a plan that is kept must not depend on.

package import MartletIR
import MartletRuntime

extension Trace {
  /// A trace of the same structure: other floating scalars, other floating elements in the leaves,
  /// and leaves that begin elsewhere in their buffers.
  package func varied(_ random: inout Generator) throws(TensorError) -> Trace {
    var result = self
    for node in nodes.indices {
      for case .scalar(let scalar) in nodes[node].operands where scalar.dtype.isFloatingPoint {
        let other = Scalar(
          dtype: scalar.dtype, bits: scalar.dtype.sample(.moderate, &random))
        result.nodes[node].operands = result.nodes[node].operands.map {
          $0 == .scalar(scalar) ? .scalar(other) : $0
        }
      }
    }
    var moved: [ObjectIdentifier: (buffer: Buffer, shift: Int)] = [:]
    for leaf in leaves.indices {
      let old = leaves[leaf]
      let key = ObjectIdentifier(old.buffer)
      // What may be written over begins where its buffer begins.
      let shift = isLeafDying[leaf] ? 0 : 1 + random.pick(7)
      let new: (buffer: Buffer, shift: Int)
      if let known = moved[key] {
        new = known
      } else {
        new = (try old.movedBuffer(by: shift), shift)
      }
      moved[key] = new
      result.leaves[leaf].buffer = new.buffer
      result.leaves[leaf].layout.offset += new.shift
    }
    return result
  }
}

extension Value {
  /// A copy of the buffer with `shift` elements more in front, and floats one place further on.
  fileprivate func movedBuffer(by shift: Int) throws(TensorError) -> Buffer {
    let width = dtype.byteCount
    let count = buffer.capacity / width
    let result = try Runtime.pool.allocate(
      byteCount: shift == 0 ? buffer.capacity : (count + shift) * width)
    let turn = dtype.isFloatingPoint && count > 1 ? 1 : 0
    for place in 0..<count {
      (result.pointer + (shift + (place + turn) % count) * width)
        .copyMemory(from: buffer.pointer + place * width, byteCount: width)
    }
    return result
  }
}
