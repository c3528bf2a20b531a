// A line through data by gradient descent, written as if every operation ran at once.

import Glibc

do throws(ExampleError) {
  let arguments = try Arguments(CommandLine.arguments.dropFirst())
  if arguments.wantsHelp {
    print(Arguments.usage)
    exit(EXIT_SUCCESS)
  }
  let table =
    if let path = arguments.data {
      try Table(contentsOf: path)
    } else {
      try Table(PackageResources.birth_life_2010_tsv, name: "birth_life_2010.tsv")
    }
  let result = train(table)

  print("w = \(fixed(result.w, 4)), b = \(fixed(result.b, 4))")
  print("\(fixed(result.microsecondsPerStep, 1)) microseconds per step")
  try writeFile(ScatterPlot(table, slope: result.w, intercept: result.b).svg, to: arguments.svg)
  print("the points and the line: \(arguments.svg)")
  if let path = arguments.json { try writeFile(result.json, to: path) }
} catch {
  reportError("linreg: \(error.message)")
  exit(error.isUsage ? 2 : EXIT_FAILURE)
}
