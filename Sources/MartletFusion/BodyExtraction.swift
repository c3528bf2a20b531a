// The part of a body that makes some of its values, as a body of its own in canonical order.

import MartletIR

/// Copies parts of one body; the arrays as long as the body serve all parts.
struct BodyExtraction {
  /// Per instruction: the node whose slot holds the value once its part has run, or -1.
  var slots: [Int32]
  private let body: FusedBody
  private var part: Int32 = 0
  private var start = 0
  private var result = FusedBody()
  private var places: [Int32]
  private var stamps: [Int32]

  init(_ body: FusedBody) {
    self.body = body
    slots = [Int32](repeating: -1, count: body.codes.count)
    places = slots
    stamps = slots
  }

  /// Begins a part: what comes before instruction `start` and has a slot is read from there.
  mutating func begin(part: Int, start: Int) {
    self.part = Int32(part)
    self.start = start
    result.removeAll()
  }

  /// The body that computes these values, and where they are in it.
  mutating func extract(_ outputs: [(Int, Root)]) -> (body: FusedBody, outputs: [(Int, Root)]) {
    let moved = outputs.map { (place(of: $0.0), $0.1) }
    return (result, moved)
  }

  private mutating func place(of output: Int) -> Int {
    var pending = [output]
    while let position = pending.last {
      if stamps[position] == part {
        pending.removeLast()
        continue
      }
      var code = body.codes[position]
      if position < start, slots[position] >= 0 {
        let base = Alias.Base.node(Int(slots[position]))
        let input = BodyInput(base: base, layout: .rowMajor, dtype: code.dtype)
        set(position, result.emit(input))
      } else if code.kind == .input {
        set(position, result.emit(body.inputs[Int(code.a)]))
      } else if code.kind == .scalar {
        set(position, result.emit(code))
      } else {
        let count = pending.count
        for operand in [code.c, code.b, code.a] where operand >= 0 {
          if stamps[Int(operand)] != part { pending.append(Int(operand)) }
        }
        if pending.count > count { continue }
        code.a = places[Int(code.a)]
        if code.b >= 0 { code.b = places[Int(code.b)] }
        if code.c >= 0 { code.c = places[Int(code.c)] }
        set(position, result.emit(code))
      }
      pending.removeLast()
    }
    return Int(places[output])
  }

  private mutating func set(_ position: Int, _ place: Int32) {
    places[position] = place
    stamps[position] = part
  }
}
