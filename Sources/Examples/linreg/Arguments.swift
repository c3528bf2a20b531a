// The command line: which data to read and where to write.

/// What the user asked for.
struct Arguments {
  static let usage = """
    usage: linreg [DATA.tsv] [--svg FILE] [--json FILE]

    Fits y = x w + b by gradient descent on the Huber loss, one example at a time.

      DATA.tsv     a header row, then rows of a name, x and y between tabs;
                   without it, birth rate and life expectancy of 190 countries
      --svg FILE   where to draw the points and the line (linreg.svg)
      --json FILE  where to write the losses, w, b and the time per step
    """

  var data: String?
  var svg = "linreg.svg"
  var json: String?
  var wantsHelp = false

  init(_ words: some Sequence<String>) throws(ExampleError) {
    var words = words.makeIterator()
    while let word = words.next() {
      switch word {
      case "-h", "--help": wantsHelp = true
      case "--svg", "--json":
        guard let file = words.next() else { throw .usage("\(word) needs a file name") }
        if word == "--svg" { svg = file } else { json = file }
      default:
        if word.hasPrefix("-") { throw .usage("\(word) is no option") }
        if data != nil { throw .usage("\(word) is a second data file") }
        data = word
      }
    }
  }
}
