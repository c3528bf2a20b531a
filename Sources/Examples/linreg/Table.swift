// The data: a table of names and two numbers, read from tab-separated text.

/// The rows of a file of tab-separated values: a header, then a name, x and y each.
struct Table {
  struct Row {
    let name: String
    let x: Double
    let y: Double
  }

  /// The headings of the columns x and y.
  let xLabel: String
  let yLabel: String
  let rows: [Row]

  init(contentsOf path: String) throws(ExampleError) {
    try self.init(readFile(path), name: path)
  }

  /// Reads `bytes`; errors say where in the file `name` they are.
  init(_ bytes: [UInt8], name: String) throws(ExampleError) {
    var lines = String(decoding: bytes, as: UTF8.self).split(
      omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r\n" })
    if lines.last?.isEmpty == true { lines.removeLast() }
    guard let header = lines.first.map(fields), header.count >= 3 else {
      throw ExampleError(message: "\(name):1:1: the header needs three columns: a name, x and y")
    }
    var rows: [Row] = []
    for (index, line) in lines.enumerated().dropFirst() {
      let row = fields(line)
      guard row.count == header.count else {
        // At the end of a short row, or at the first field too many.
        let position = row.count < header.count ? line.endIndex : row[header.count].startIndex
        throw ExampleError(
          message: "\(name):\(index + 1):\(column(position, in: line)): "
            + "the row has \(row.count) columns where the header has \(header.count)")
      }
      func number(_ field: Int) throws(ExampleError) -> Double {
        // Training computes in float32, so that is what has to be finite.
        if let number = Float(row[field]), number.isFinite { return Double(number) }
        throw ExampleError(
          message: "\(name):\(index + 1):\(column(row[field].startIndex, in: line)): "
            + "\"\(row[field])\" in column \(field + 1) (\(header[field])) is not a number")
      }
      rows.append(Row(name: String(row[0]), x: try number(1), y: try number(2)))
    }
    guard !rows.isEmpty else {
      throw ExampleError(message: "\(name):\(lines.count + 1):1: there are no rows")
    }
    self.rows = rows
    xLabel = String(header[1])
    yLabel = String(header[2])
  }
}

private func fields(_ line: Substring) -> [Substring] {
  line.split(separator: "\t", omittingEmptySubsequences: false)
}

/// The column of a position as editors count it, from 1.
private func column(_ position: Substring.Index, in line: Substring) -> Int {
  line.distance(from: line.startIndex, to: position) + 1
}
