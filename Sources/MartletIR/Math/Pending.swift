// Elementary functions that await their expression.

extension Elementary {
}
