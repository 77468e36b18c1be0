package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir/eval"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A checked is the outcome of --check.
type checked struct {
	ratio    float64 // the largest error of a kernel over its bound
	worst    string  // the kernel with it, and the value
	kernels  int     // that were checked, loops as wholes
	bad      int     // elements of which no bound is known
	whole    float64 // the error of the results against the evaluator, over their largest element
	failures []string
}

func (c *checked) ok() bool { return len(c.failures) == 0 }

func (c *checked) failf(format string, args ...any) {
	c.failures = append(c.failures, fmt.Sprintf(format, args...))
}

// print says in a few lines what was found.
func (c *checked) print(w io.Writer) {
	word := "passed"
	if !c.ok() {
		word = "failed"
	}
	kernels := "kernels"
	if c.kernels == 1 {
		kernels = "kernel"
	}
	fmt.Fprintf(w, "check %s: %d %s, largest error %.3g of its bound", word, c.kernels, kernels, c.ratio)
	if c.worst != "" {
		fmt.Fprintf(w, " (%s)", c.worst)
	}
	if c.bad > 0 {
		fmt.Fprintf(w, "; no bound is known of %d elements, behind a choice or a divisor that an error may turn", c.bad)
	}
	fmt.Fprintf(w, "\nwhole program against the evaluator: %.3g of the largest element (reported, not judged)\n", c.whole)
}

func (c *checked) printFailures(w io.Writer) {
	const most = 10
	for i, f := range c.failures {
		if i == most {
			fmt.Fprintf(w, "check: and %d more\n", len(c.failures)-most)
			break
		}
		fmt.Fprintf(w, "check: %s\n", f)
	}
}

// checkKernels holds each kernel of the compiled program to the bound of its error on
// the inputs that it really had. results are those of the program as it is
// used; the program that is checked is the same but for its memory, where no
// value takes another's place.
func checkKernels(ctx context.Context, m *model, results []*lathe.Tensor) (*checked, error) {
	c := &checked{}
	for i, p := range m.sig.Params {
		c.promises("argument "+p.Name, m.inputs[i], p.Type.Props)
	}
	for i, p := range m.sig.Weights {
		c.promises("weight "+p.Name, m.bound[i], p.Type.Props)
	}
	opts := m.opts
	opts.KeepAll = true
	opts.Note = nil
	x, err := m.program.Compile(ctx, m.entry, opts)
	if err != nil {
		return nil, err
	}
	defer x.Close()
	kept, stored, err := x.Snapshot(ctx, m.inputs...)
	if err != nil {
		return nil, err
	}
	for i, t := range results {
		if !tensor.Equal(t, kept[i]) {
			c.failf("result %d is not that of the same kernels with memory of their own: %v, there %v", i, t.Summary(), kept[i].Summary())
		}
	}
	p := x.Kernels()
	inputs, weights := m.inputs, m.bound
	for _, b := range p.Params {
		from := &inputs
		if b.Kind == kernel.Weight {
			from = &weights
		}
		stored[b], *from = (*from)[0], (*from)[1:]
	}
	for i, b := range p.Results {
		stored[b] = kept[i]
	}
	k := newKernelCheck(c, p, stored, m.opts.Math == lathe.Strict)
	for _, s := range slices.Concat(p.Load, p.Steps) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := k.step(ctx, s); err != nil {
			return nil, err
		}
	}
	c.whole, err = wholeError(ctx, m, results)
	return c, err
}

// wholeError is the largest error of a result against the evaluator's in f64,
// over its largest element there. Where one has a NaN or an infinity that the
// other has not, it is infinite.
func wholeError(ctx context.Context, m *model, results []*lathe.Tensor) (float64, error) {
	want, err := eval.Run(ctx, m.fn, m.args(), eval.Options{Mode: eval.F64})
	if err != nil {
		return 0, err
	}
	worst := 0.0
	for i, t := range results {
		size, diff := 0.0, 0.0
		for j := range t.Len() {
			a, b := t.Float(j), want[i].Float(j)
			switch {
			case a == b || math.IsNaN(a) && math.IsNaN(b):
			case math.IsNaN(a-b) || math.IsInf(a-b, 0):
				diff = math.Inf(1)
			default:
				diff = max(diff, math.Abs(a-b))
			}
			if !math.IsNaN(b) && !math.IsInf(b, 0) {
				size = max(size, math.Abs(b))
			}
		}
		if diff > 0 {
			worst = max(worst, diff/size)
		}
	}
	return worst, nil
}
