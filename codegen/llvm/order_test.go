package llvm

import (
	"flag"
	"fmt"
	"sync"
	"testing"
	"unsafe"

	"github.com/ebitengine/purego"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
	"github.com/lathe-lang/lathe/runtime/jit"
)

var orders = flag.Int("orders", 60, "how many random functions TestOrder runs")

// An order lets workers run one at a time, each up to where it waits for the
// others: between two meetings any order is one that threads may come to, so
// two that are opposite find what one worker takes from another without a
// meeting, each time and not by chance.
type order struct {
	mu      sync.Mutex
	moved   *sync.Cond
	turn    int
	workers int
	step    int // 1 or -1: who comes next
}

// wait returns when it is the turn of worker w.
func (o *order) wait(w int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.turn != w {
		o.moved.Wait()
	}
}

// pass ends the turn of worker w.
func (o *order) pass(w int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.turn = (w + o.step + o.workers) % o.workers
	o.moved.Broadcast()
}

// meet is lathe_barrier.
func (o *order) meet(_, worker, _ uintptr) uintptr {
	w := int(int32(worker))
	o.pass(w)
	o.wait(w)
	return 0
}

// TestOrder runs random functions, of which every kernel is shared, with three
// workers in opposite orders: the bits are those of one worker, whose results are
// within their bounds.
func TestOrder(t *testing.T) {
	lib := llvmtest.Library(t)
	m := newMachine(t, lib, 0)
	o := &order{workers: 1, step: 1}
	o.moved = sync.NewCond(&o.mu)
	barrier := purego.NewCallback(o.meet)
	resolve := func(name string) uintptr {
		if name == "lathe_barrier" {
			return barrier
		}
		return jit.LibC(name)
	}
	try := func(name string, f *ir.Func, args []*tensor.Tensor, special bool) {
		p := plan(t, f, m.target, false)
		img := m.image(t, p, Options{Symbol: "program", Load: "load", share: true}, resolve)
		defer img.Close()
		run := func(workers, step int) []*tensor.Tensor {
			ctx, memory := place(t, p, args, workers)
			for _, symbol := range []string{"load", "program"} {
				fn, ok := img.Symbol(symbol)
				if !ok {
					continue
				}
				o.workers, o.step, o.turn = workers, step, 0
				if step < 0 {
					o.turn = workers - 1
				}
				var all sync.WaitGroup
				for w := range workers {
					all.Go(func() {
						o.wait(w)
						jit.Call(fn, uintptr(unsafe.Pointer(&ctx[0])), uintptr(w), uintptr(workers))
						o.pass(w)
					})
				}
				all.Wait()
			}
			for w := range workers {
				if err := failureOf(ctx[w*kernel.CtxErrorSize:]); err != nil {
					t.Fatalf("%s: %v\n%v", name, err, f)
				}
			}
			return results(p, memory)
		}
		one := run(1, 1)
		if !special {
			bounded(t, name, f, args, one)
		}
		for _, step := range []int{1, -1} {
			for i, got := range run(3, step) {
				if !same(got, one[i]) {
					t.Fatalf("%s: result %d of three workers, each after the one %+d, is not that of one\n%v\n%v", name, i, -step, f, p)
				}
			}
		}
	}
	defer func() {
		t.Logf("tried: %d programs with three workers in opposite orders, their bits those of one", *orders)
	}()
	for seed := range uint64(*orders) {
		special := seed%4 == 3 // passes decide what is zero beside NaN
		f, args := irtest.Random(seed, irtest.Config{NonFinite: special})
		try(fmt.Sprintf("seed %d", seed), f, args, special)
	}
}
