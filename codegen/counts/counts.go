// Package counts says what a function costs and what kernels move, by the rules of
// lathe explain: in go functions and fused programs, out come FLOPs and bytes. It
// knows nothing of time.
//
// This package is part of the compiler, not of its API; it changes without notice.
package counts

import (
	"slices"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
)

// A Kernel is what one kernel does in a call, loops around it counted by their turns.
type Kernel struct {
	Name  string   `json:"name"`
	Kind  string   `json:"kind"`
	Ops   []string `json:"ops"`
	Flops int      `json:"flops"`
	Bytes int      `json:"bytes"` // each operand read once and each result written once
}

// Of returns the kernels of steps of p, and the bytes of all together; guards of
// products count in neither, but are among the kernels.
func Of(p *kernel.Program, steps []kernel.Step) (kernels []Kernel, bytes int) {
	c := newCounter(p)
	c.steps(steps, 1)
	return c.kernels, c.bytes
}

// NaivePeak returns the most bytes that intermediate values hold at one time
// where each operation makes its result anew and it is dropped after its last
// use. Arguments, constants and results of the function are not counted.
func NaivePeak(f *ir.Func) int {
	free := map[*ir.Value]bool{}
	for _, v := range f.Results {
		free[v] = true
	}
	return regionPeak(&f.Region, free)
}

func regionPeak(r *ir.Region, free map[*ir.Value]bool) int {
	last := map[*ir.Value]int{}
	for i, v := range r.Body {
		for _, a := range v.Args {
			last[a] = i
		}
		if v.Body != nil {
			for _, a := range v.Body.Captures() {
				last[a] = i
			}
		}
	}
	for _, v := range r.Results {
		last[v] = len(r.Body)
	}
	size := func(v *ir.Value) int {
		if free[v] || v.Op == ir.OpGet || v.Op.Info().Class == ir.Leaf {
			return 0 // a part of a tuple is the tuple's
		}
		return v.Type.Bytes()
	}
	live, peak := 0, 0
	drop := make([][]*ir.Value, len(r.Body)+1)
	for i, v := range r.Body {
		end := max(last[v], i)
		drop[end] = append(drop[end], v)
		live += size(v)
		inner := 0
		if v.Body != nil {
			inner = regionPeak(v.Body, free)
		}
		peak = max(peak, live+inner)
		for _, u := range drop[i] {
			live -= size(u)
		}
	}
	return peak
}

// A counter goes through kernels.
type counter struct {
	program *kernel.Program
	needs   map[*ir.Value]ir.Diagonals // see ir.Region.Needed
	kernels []Kernel
	bytes   int // of all, loops by their turns
}

func newCounter(p *kernel.Program) *counter {
	return &counter{program: p, needs: p.Func.Needed()}
}

func (c *counter) steps(steps []kernel.Step, turns int) {
	for _, s := range steps {
		switch s := s.(type) {
		case *kernel.Kernel:
			k := Kernel{Name: s.Name, Kind: s.Kind.String(), Ops: append([]string{}, s.Ops()...)}
			for _, v := range c.computes(s) {
				k.Flops += v.WorkOn(c.needs)
			}
			k.Flops *= turns
			k.Bytes = c.moves(s) * turns
			c.kernels = append(c.kernels, k)
			if s.Guard == nil || !s.Guard.Want {
				c.bytes += k.Bytes
			}
		case *kernel.Loop:
			c.steps(s.Body, turns*s.Value.Turns())
		}
	}
}

// computes returns the values that a kernel computes, those included that it
// computes anew because it is cheaper than to store them.
func (c *counter) computes(k *kernel.Kernel) []*ir.Value {
	var out []*ir.Value
	seen := map[*ir.Value]bool{}
	var visit func(v *ir.Value)
	visit = func(v *ir.Value) {
		if seen[v] || v.Op == ir.OpParam || v.Op == ir.OpLoop {
			return
		}
		seen[v] = true
		if c.program.Buf[v] != nil && !slices.Contains(k.Inside, v) {
			return
		}
		out = append(out, v)
		for _, a := range v.Args {
			visit(a)
		}
	}
	switch {
	case k.Pack != nil && k.Pack.B.Of != nil:
		visit(k.Pack.B.Of)
	case k.Gemm != nil && k.Gemm.Packed != nil && k.Gemm.B.Of != nil:
		seen[k.Gemm.B.Of] = true // packing has computed it
	}
	for _, v := range k.Inside {
		visit(v)
	}
	for _, s := range k.Stores() {
		visit(s.Value)
	}
	return out
}

// moves returns the bytes of each buffer read once and of what is stored. Of a
// buffer from which indices pick, only what they pick is read.
func (c *counter) moves(k *kernel.Kernel) int {
	picked, whole := map[*kernel.Buffer]int{}, map[*kernel.Buffer]bool{}
	for _, v := range c.computes(k) {
		for i, a := range v.Args {
			b := c.program.Buf[a]
			if b == nil || slices.Contains(k.Inside, a) {
				continue
			}
			switch v.Op {
			case ir.OpTake, ir.OpTakeAlong, ir.OpDynSlice, ir.OpSlice, ir.OpDiagonal:
				if i == 0 {
					picked[b] += v.Type.Bytes()
					continue
				}
			}
			whole[b] = true
		}
	}
	n := 0
	for _, b := range c.program.Loads(k) {
		size := b.Type.Bytes()
		if p, ok := picked[b]; ok && !whole[b] {
			size = min(size, p)
		}
		if k.Gemm != nil && b == k.Gemm.Packed {
			size = min(size, k.Gemm.B.Type.Bytes()) // without the padding
		}
		n += size
	}
	for _, s := range k.Stores() {
		n += s.Value.Type.Bytes()
	}
	if k.Pack != nil {
		for _, b := range kernel.Written(k) {
			n += b.Bytes
		}
	}
	return n
}
