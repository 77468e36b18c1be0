package main

import (
	"slices"
	"strconv"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/frontend/check"
	"github.com/lathe-lang/lathe/ir"
)

// countOps returns how many operations a region has, constants apart and what is
// computed when weights are loaded, those of loops' bodies included.
func countOps(r *ir.Region) int {
	n := 0
	for _, v := range r.Body {
		if v.Load {
			continue
		}
		if v.Body != nil {
			n += countOps(v.Body)
		}
		if v.Op.Info().Class != ir.Leaf {
			n++
		}
	}
	return n
}

// openLoops returns how many loops have bounds that only a run knows.
func openLoops(f *ir.Func) int {
	n := 0
	f.Walk(func(v *ir.Value) {
		if v.Op == ir.OpLoop && (v.Args[0].Op != ir.OpFull || v.Args[1].Op != ir.OpFull) {
			n++
		}
	})
	return n
}

// naivePeak returns the most bytes that intermediate values hold at one time
// where each operation makes its result anew and it is dropped after its last
// use. Arguments, constants and results of the function are not counted.
func naivePeak(f *ir.Func) int {
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

// sizesJSON is the sizes with numbers as numbers, true and false as such.
func sizesJSON(sizes []check.Size) map[string]any {
	out := map[string]any{}
	for _, s := range sizes {
		if n, err := strconv.Atoi(s.Value); err == nil {
			out[s.Name] = n
		} else if x, err := strconv.ParseFloat(s.Value, 64); err == nil {
			out[s.Name] = number(x)
		} else {
			out[s.Name] = s.Value == "true"
		}
	}
	return out
}

// A kernelCounter counts what kernels do.
type kernelCounter struct {
	program *kernel.Program
	needs   map[*ir.Value]ir.Diagonals // see ir.Region.Needed
	kernels []kernelJSON
	bytes   int // of all, loops by their turns
}

func newKernelCounter(p *kernel.Program) *kernelCounter {
	return &kernelCounter{program: p, needs: p.Func.Needed()}
}

func (c *kernelCounter) steps(steps []kernel.Step, turns int) {
	for _, s := range steps {
		switch s := s.(type) {
		case *kernel.Kernel:
			k := kernelJSON{Name: s.Name, Kind: s.Kind.String(), Ops: append([]string{}, s.Ops()...)}
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
func (c *kernelCounter) computes(k *kernel.Kernel) []*ir.Value {
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
func (c *kernelCounter) moves(k *kernel.Kernel) int {
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
