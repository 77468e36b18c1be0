package runtime

import (
	"context"
	"errors"
	"fmt"
	goruntime "runtime"
	"slices"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// load runs the steps of the program that need the weights alone, by the
// function of that name in the machine code, and lets go of the weights that no
// run reads. sources tells weights apart for packs that are shared.
func (x *Executable) load(ctx context.Context, symbol string, sources []any) error {
	if x.prog.Loaded > 0 {
		// Of packs that are shared the memory here is not touched, and takes none.
		var err error
		if x.loaded, err = allocate(x.prog.Loaded); err != nil {
			return fmt.Errorf("memory for what is computed of the weights (%d bytes): %w", x.prog.Loaded, err)
		}
	}
	for again := len(x.prog.Load) > 0; again; {
		fresh, err := x.share(sources)
		if err == nil {
			err = x.runLoad(ctx, symbol, fresh)
		}
		for _, p := range fresh {
			x.packs.publish(p, err == nil)
		}
		if err != nil {
			return err
		}
		// What is to be filled here is, before others are waited for: so two that
		// wait for each other both end.
		for _, s := range x.prog.Packs {
			select {
			case <-x.shared[s.Buffer].ready:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if again, err = x.forsake(); err != nil {
			return err
		}
	}
	reads := x.prog.Reads(x.prog.Steps)
	for _, b := range x.prog.Params {
		if b.Kind == kernel.Weight && !slices.Contains(reads, b) {
			x.weights[x.number(b)] = nil
		}
	}
	return nil
}

// runLoad runs the steps of the program that need the weights alone. Of the packs
// that others may have too it makes those that are fresh.
func (x *Executable) runLoad(ctx context.Context, symbol string, fresh []*pack) error {
	fn, ok := x.image.Symbol(symbol)
	if !ok {
		return fmt.Errorf("the machine code has no function %s", symbol)
	}
	f, err := x.newFrame(kernel.LoadTemp, x.prog.Making)
	if err != nil {
		return err
	}
	for b, p := range x.shared {
		if !slices.Contains(fresh, p) {
			f.set(b.ID, nil)
		}
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

// ReadsWeights reports whether runs read weights as they were given; else they
// have all that they need in memory of the executable's.
func (x *Executable) ReadsWeights() bool {
	return slices.ContainsFunc(x.weights, func(t *tensor.Tensor) bool { return t != nil })
}
