package llvm

import (
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/ir"
)

// pullers has the emission of each operation that a kernel may compute where
// its elements are needed.
var pullers = [ir.NumOps]puller{}

func (e *emitter) bf16ToFloat(x value.Value) value.Value { return x }
func (e *emitter) f16ToFloat(x value.Value) value.Value  { return x }
func (e *emitter) floatToBF16(x value.Value) value.Value { return x }
func (e *emitter) floatToF16(x value.Value) value.Value  { return x }
