// The error of a scope, for tests that expect one.

import Martlet

/// The error that `body` leaves in its scope, or nil.
func tensorError(_ body: () throws -> Void) -> TensorError? {
  do {
    try withTensorErrors(body)
    return nil
  } catch {
    return error as? TensorError
  }
}
