package runtime

import (
	"context"
	"errors"
	"fmt"
	goruntime "runtime"
	"slices"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

// load runs the steps of the program that need the weights alone, by the
// function of that name in the machine code, and lets go of the weights that no
// run reads.
func (x *Executable) load(ctx context.Context, symbol string) error {
	if x.prog.Loaded > 0 {
		var err error
		if x.loaded, err = allocate(x.prog.Loaded); err != nil {
			return fmt.Errorf("memory for what is computed of the weights (%d bytes): %w", x.prog.Loaded, err)
		}
	}
	if len(x.prog.Load) > 0 {
		if err := x.runLoad(ctx, symbol); err != nil {
			return err
		}
	}
	reads := x.prog.Reads(x.prog.Steps)
	n := 0
	for _, b := range x.prog.Params {
		if b.Kind == kernel.Weight {
			if !slices.Contains(reads, b) {
				x.weights[n] = nil
			}
			n++
		}
	}
	return nil
}

func (x *Executable) runLoad(ctx context.Context, symbol string) error {
	fn, ok := x.image.Symbol(symbol)
	if !ok {
		return fmt.Errorf("the machine code has no function %s", symbol)
	}
	f, err := newFrame(x.prog, kernel.LoadTemp, x.prog.Making, x.weights, x.loaded, x.threads)
	if err != nil {
		return err
	}
	f.reset()
	stopped := watch(ctx, f)
	_, err = x.pool.Run(fn, f.ctx, x.threads, x.mode)
	ended := stopped != nil && !stopped()
	goruntime.KeepAlive(x.weights)
	if err == nil {
		err = f.failure(x.prog.Sites)
	}
	if err == nil && ended {
		err = ctx.Err()
	}
	return errors.Join(err, f.close())
}
