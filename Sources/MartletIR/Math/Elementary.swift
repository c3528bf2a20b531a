// The elementary functions of the op table, as expressions in machine operations (R35).

/// Elementary functions: one algorithm each for float32 and float64, evaluated by the interpreter
/// and lowered by the compiler, so that both give the same bits.
package enum Elementary {}
