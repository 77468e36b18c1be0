package benchmarks

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
)

// programs are the programs of the suites, so that the command has them with it.
//
//go:embed programs/*.lathe
var programs embed.FS

// source reads one of them.
func source(name string) (*lathe.Program, error) {
	text, err := programs.ReadFile("programs/" + name)
	if err != nil {
		return nil, err
	}
	return lathe.LoadText(name, string(text))
}

// A compiled is an entry with its arguments.
type compiled struct {
	fn      *ir.Func // as written
	x       *lathe.Executable
	params  []*lathe.Tensor // arguments and weights, as fn has them
	inputs  []*lathe.Tensor
	outputs []*lathe.Tensor
	took    time.Duration // to compile
}

// compile compiles an entry, with operands that are drawn by name.
func (s *session) compile(ctx context.Context, p *lathe.Program, entry string, opts lathe.Options) (*compiled, error) {
	opts.LLVM = s.cfg.LLVM
	c := &compiled{}
	var err error
	if c.fn, _, err = p.Func(entry, opts); err != nil {
		return nil, err
	}
	bounds := eval.IndexBounds(c.fn)
	opts.Weights = map[string]*lathe.Tensor{}
	for i, v := range c.fn.Params {
		t, err := s.operand(v.Name, v.Type, bounds[i], v.Name == "R" || v.Name == "Q")
		if err != nil {
			return nil, fmt.Errorf("%s of %s: %w", v.Name, entry, err)
		}
		c.params = append(c.params, t)
		if v.Weight {
			opts.Weights[v.Name] = t
		} else {
			c.inputs = append(c.inputs, t)
		}
	}
	start := time.Now()
	if c.x, err = p.Compile(ctx, entry, opts); err != nil {
		return nil, err
	}
	c.took = time.Since(start)
	for _, t := range c.x.Outputs() {
		c.outputs = append(c.outputs, lathe.NewTensor(t.DType, t.Dims()...))
	}
	return c, nil
}

func (c *compiled) close() {
	// What is mapped of a benchmark's own tensors is nothing; there is no file.
	_ = c.x.Close()
}

// contestant is the program in a race, which stops between timings: rivals can't be
// stopped in a run either, and what watches for it would be part of the time.
func (c *compiled) contestant(ctx context.Context, name string) contestant {
	ctx = context.WithoutCancel(ctx)
	return contestant{name: name, run: func() error { return c.x.RunInto(ctx, c.outputs, c.inputs) }}
}

// param returns an argument or a weight.
func (c *compiled) param(name string) *lathe.Tensor {
	for i, v := range c.fn.Params {
		if v.Name == name {
			return c.params[i]
		}
	}
	panic("a program of the benchmarks has no parameter " + name)
}

// flops returns the FLOPs of an entry as written and after the passes.
func (s *session) flops(ctx context.Context, p *lathe.Program, entry string, opts lathe.Options) (naive, optimised int, err error) {
	return Flops(ctx, p, entry, opts, s.cfg.LLVM)
}

// Flops returns what a call of an entry costs as written, and after the passes,
// by the rule of lathe explain.
func Flops(ctx context.Context, p *lathe.Program, entry string, opts lathe.Options, llvm string) (naive, optimised int, err error) {
	opts.LLVM = llvm
	f, _, err := p.Func(entry, opts)
	if err != nil {
		return 0, 0, err
	}
	naive = f.Flops()
	if f, _, err = p.Inspect(ctx, entry, opts); err != nil {
		return 0, 0, err
	}
	return naive, f.Work(), nil
}

// difference returns the largest difference of two tensors, as a share of the
// largest element.
func difference(a, b *lathe.Tensor) float64 {
	most, apart := 0.0, 0.0
	for i := range a.Len() {
		x, y := a.Float(i), b.Float(i)
		most = max(most, x, -x)
		apart = max(apart, x-y, y-x)
		if x != x || y != y {
			return x + y // NaN
		}
	}
	if most == 0 {
		return apart
	}
	return apart / most
}
