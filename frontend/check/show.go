package check

import (
	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
)

// exprString writes an expression for a message, cut off where it is long.
func exprString(x syntax.Expr) string { return source.Quote(syntax.ExprString(x)) }

// typeString writes a type as it was written.
func typeString(t *syntax.TensorType) string { return t.String() }
