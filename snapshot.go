package lathe

import (
	"context"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

// Snapshot is Run that also returns what the temporary buffers of Kernels held
// at the end. It needs Options.KeepAll.
func (x *Executable) Snapshot(ctx context.Context, inputs ...*Tensor) ([]*Tensor, map[*kernel.Buffer]*Tensor, error) {
	return x.run.Snapshot(ctx, inputs...)
}
