// The command line: which workloads to run, how, and where the figures go.

/// What the user asked for.
struct Arguments {
  static let usage = """
    usage: martlet-bench run [--only A,B] [--json FILE] [--fused-only] [--quick]
           martlet-bench vary [--only A,B] [--json FILE] [--quick]
           martlet-bench serve [--quick]
           martlet-bench list
           martlet-bench cache list|verify|clear
           martlet-bench help

    Times workloads fused, with one kernel an op, and on the interpreter, and compares the bits.
    vary compares times per byte with those of odd sizes, float64 and spread arrays.
    serve obeys lines of standard input, for comparisons with other libraries (make peers); cache
    lists, checks or removes the kernels that the engine keeps on disk.

      --only A,B    only these workloads, separated by commas
      --json FILE   write the figures as JSON too
      --fused-only  leave out the other engines and the comparison
      --quick       small arrays and few runs, for a check in seconds
    """

  enum Command {
    case run
    case vary
    case serve
    case list
    case cache(CacheAction)
    case help
  }

  /// A mistake on the command line.
  struct Mistake: Error {
    let message: String
  }

  var command = Command.help
  var workloads = Workload.all
  var json: String?
  var isFusedOnly = false
  var isQuick = false

  init(_ words: some Sequence<String>) throws(Mistake) {
    var words = words.makeIterator()
    switch words.next() {
    case "run": command = .run
    case "vary": command = .vary
    case "serve": command = .serve
    case "list": command = .list
    case "cache":
      guard let action = words.next().flatMap(CacheAction.init) else {
        throw Mistake(message: "cache needs list, verify or clear")
      }
      command = .cache(action)
    case "help", "-h", "--help": command = .help
    case nil: throw Mistake(message: "a command is missing")
    case let word?: throw Mistake(message: "\(word) is no command")
    }
    while let word = words.next() {
      switch word {
      case "-h", "--help": command = .help
      case "--fused-only" where isRun: isFusedOnly = true
      case "--quick" where isRun || isVary || isServe: isQuick = true
      case "--json" where isRun || isVary:
        guard let file = words.next() else { throw Mistake(message: "--json needs a file name") }
        json = file
      case "--only" where isRun || isVary:
        guard let names = words.next() else { throw Mistake(message: "--only needs names") }
        workloads = try Arguments.workloads(names)
      default: throw Mistake(message: "\(word) is not understood here")
      }
    }
  }

  private var isRun: Bool { if case .run = command { true } else { false } }
  private var isVary: Bool { if case .vary = command { true } else { false } }
  private var isServe: Bool { if case .serve = command { true } else { false } }

  private static func workloads(_ names: String) throws(Mistake) -> [Workload] {
    let names = names.split(separator: ",").map(String.init)
    for name in names where !Workload.all.contains(where: { $0.name == name }) {
      throw Mistake(message: "there is no workload \(name); list shows them")
    }
    if names.isEmpty { throw Mistake(message: "--only needs names") }
    return Workload.all.filter { names.contains($0.name) }
  }
}
