package llvm

import (
	"testing"

	"github.com/lathe-lang/lathe/ir"
)

// TestComplete holds every operation to have code: pulled, reduced by a nest, of
// a skeleton of its own, or none because it is no computation.
func TestComplete(t *testing.T) {
	for op := range ir.NumOps {
		pulled := pullers[op] != nil
		var elsewhere bool
		switch op.Info().Class {
		case ir.Reduction, ir.Scan, ir.Selection, ir.Factorisation, ir.Control:
			elsewhere = true
		}
		switch op {
		case ir.OpInvalid, ir.OpParam, ir.OpScatter, ir.OpScatterAlong:
			elsewhere = true
		}
		if pulled == elsewhere {
			t.Errorf("%v: pulled is %v, elsewhere is %v", op, pulled, elsewhere)
		}
	}
}
