// Choices that hold for the work of one scope instead of the process.

/// What a scope chooses; nil leaves the process's choice.
package struct ExecutionScope: Sendable {
  package var mode: ExecutionMode?
  package var fusion: Bool?
  package var isStrict: Bool?

  package init() {}

  /// The innermost scope of the current task; read once a force, never while recording.
  @TaskLocal package static var current = ExecutionScope()

  /// Runs `body` with the current scope changed by `change`.
  package static func with<Result>(
    _ change: (inout ExecutionScope) -> Void, _ body: () throws -> Result
  ) rethrows -> Result {
    var scope = current
    change(&scope)
    return try $current.withValue(scope, operation: body)
  }
}
