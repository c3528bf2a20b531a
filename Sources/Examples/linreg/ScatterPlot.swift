// The picture: points, the fitted line, axes and labels as an SVG document.

/// A scatter plot of a table with a line.
struct ScatterPlot {
  private let table: Table
  private let slope: Double
  private let intercept: Double
  private let x: Axis
  private let y: Axis

  init(_ table: Table, slope: Double, intercept: Double) {
    self.table = table
    self.slope = slope
    self.intercept = intercept
    x = Axis(table.rows.map(\.x), from: 64, to: 620)
    // Down is positive in SVG.
    y = Axis(table.rows.map(\.y), from: 348, to: 48)
  }

  /// The document.
  var svg: String {
    [header, grid, points, fit, labels].joined(separator: "\n") + "\n</svg>\n"
  }

  private var header: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 400" width="640" height="400" \
    font-family="system-ui, sans-serif" font-size="12" fill="#444">
    <rect width="640" height="400" fill="#fff"/>
    <clipPath id="plot"><rect x="\(text(x.start))" y="\(text(y.end))" \
    width="\(text(x.end - x.start))" height="\(text(y.start - y.end))"/></clipPath>
    """
  }

  private var grid: String {
    var lines: [String] = []
    for tick in x.ticks {
      let position = text(x.position(tick))
      lines.append(line(position, text(y.start), position, text(y.end), "#e6e6e6"))
      lines.append(
        "<text x=\"\(position)\" y=\"366\" text-anchor=\"middle\">\(x.label(tick))</text>")
    }
    for tick in y.ticks {
      let position = text(y.position(tick))
      lines.append(line(text(x.start), position, text(x.end), position, "#e6e6e6"))
      lines.append(
        "<text x=\"56\" y=\"\(position)\" dy=\".35em\" text-anchor=\"end\">\(y.label(tick))</text>")
    }
    lines.append(line(text(x.start), text(y.start), text(x.end), text(y.start), "#888"))
    lines.append(line(text(x.start), text(y.start), text(x.start), text(y.end), "#888"))
    return lines.joined(separator: "\n")
  }

  private var points: String {
    let circles = table.rows.map { row in
      let (cx, cy) = (text(x.position(row.x)), text(y.position(row.y)))
      let title = "<title>\(escaped(row.name))</title>"
      return "<circle cx=\"\(cx)\" cy=\"\(cy)\" r=\"3.5\">\(title)</circle>"
    }
    return "<g fill=\"#2f6fb0\" fill-opacity=\".55\">\n\(circles.joined(separator: "\n"))\n</g>"
  }

  private var fit: String {
    let ends = [x.low, x.high].map { (x.position($0), y.position($0 * slope + intercept)) }
    guard ends.allSatisfy({ $0.1.isFinite && $0.1.magnitude < 1e9 }) else { return "" }
    let (x1, y1, x2, y2) = (ends[0].0, ends[0].1, ends[1].0, ends[1].1)
    return "<g clip-path=\"url(#plot)\">"
      + line(text(x1), text(y1), text(x2), text(y2), "#d1492e", width: 2.5) + "</g>"
  }

  private var labels: String {
    let sign = intercept < 0 ? "−" : "+"
    let equation = "y = \(fixed(slope, 2)) x \(sign) \(fixed(intercept.magnitude, 2))"
    let minus = equation.replacing("= -", with: "= −")
    return """
      <text x="64" y="30" font-size="15" font-weight="600" fill="#222">\
      \(escaped(table.yLabel)) by \(escaped(table.xLabel.lowercased()))</text>
      <text x="620" y="30" text-anchor="end" fill="#d1492e">\(minus)</text>
      <text x="342" y="390" text-anchor="middle">\(escaped(table.xLabel))</text>
      <text transform="translate(18 198) rotate(-90)" text-anchor="middle">\
      \(escaped(table.yLabel))</text>
      """
  }

  private func line(
    _ x1: String, _ y1: String, _ x2: String, _ y2: String, _ color: String, width: Double = 1
  ) -> String {
    "<line x1=\"\(x1)\" y1=\"\(y1)\" x2=\"\(x2)\" y2=\"\(y2)\" "
      + "stroke=\"\(color)\" stroke-width=\"\(width)\"/>"
  }

  private func text(_ coordinate: Double) -> String { fixed(coordinate, 1) }
}

/// One axis: the data's range, widened to round numbers, on a stretch of the picture.
private struct Axis {
  let low: Double
  let high: Double
  let start: Double
  let end: Double
  private let step: Double

  init(_ values: [Double], from start: Double, to end: Double) {
    let (least, most) = (values.min() ?? 0, values.max() ?? 1)
    step = Axis.step(for: most > least ? most - least : 1)
    low = (least / step).rounded(.down) * step
    let rounded = (most / step).rounded(.up) * step
    high = rounded > low ? rounded : low + step
    self.start = start
    self.end = end
  }

  /// The distance of ticks: 1, 2 or 5 times a power of ten, about six to a range.
  private static func step(for range: Double) -> Double {
    var power = 1.0
    while power * 10 <= range / 6 { power *= 10 }
    while power > range / 6 { power /= 10 }
    return [2.0, 5, 10].map { $0 * power }.first { $0 >= range / 6 } ?? power
  }

  var ticks: [Double] {
    (0...Int(((high - low) / step).rounded())).map { low + Double($0) * step }
  }

  func position(_ value: Double) -> Double {
    start + (value - low) / (high - low) * (end - start)
  }

  func label(_ tick: Double) -> String {
    var decimals = 0
    var scaled = step
    while scaled < 1 && decimals < 12 {
      scaled *= 10
      decimals += 1
    }
    return fixed(tick, decimals).replacing("-", with: "−")
  }
}

private func escaped(_ text: String) -> String {
  text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
}
