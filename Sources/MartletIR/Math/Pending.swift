// Elementary functions that await their expression.

extension Elementary {
  package static func rsqrt(_ x: ScalarExpr) -> ScalarExpr { x }
  package static func cbrt(_ x: ScalarExpr) -> ScalarExpr { x }
  package static func hypot(_ x: ScalarExpr, _ y: ScalarExpr) -> ScalarExpr { x }
  package static func sinh(_ x: ScalarExpr) -> ScalarExpr { x }
  package static func cosh(_ x: ScalarExpr) -> ScalarExpr { x }
  package static func asinh(_ x: ScalarExpr) -> ScalarExpr { x }
  package static func acosh(_ x: ScalarExpr) -> ScalarExpr { x }
  package static func atanh(_ x: ScalarExpr) -> ScalarExpr { x }
  package static func erf(_ x: ScalarExpr) -> ScalarExpr { x }
  package static func erfc(_ x: ScalarExpr) -> ScalarExpr { x }
}
