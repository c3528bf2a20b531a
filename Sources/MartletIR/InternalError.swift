// The one way a broken invariant of the engine stops the process.

/// Stops with a message that says the engine, not its user, is wrong.
package func internalError(
  _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) -> Never {
  fatalError("Martlet internal error: \(message()); please report it", file: file, line: line)
}
