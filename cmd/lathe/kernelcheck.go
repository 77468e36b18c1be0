package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
)

// A kernelCheck checks kernels of a run that kept what each stored.
type kernelCheck struct {
	*checked
	program *kernel.Program
	stored  map[*kernel.Buffer]*lathe.Tensor
	strict  bool
	turned  map[*kernel.Buffer]bool // written in loops; what was there before is gone
}

func newKernelCheck(c *checked, p *kernel.Program, stored map[*kernel.Buffer]*lathe.Tensor, strict bool) *kernelCheck {
	k := &kernelCheck{checked: c, program: p, stored: stored, strict: strict, turned: map[*kernel.Buffer]bool{}}
	var mark func(steps []kernel.Step)
	mark = func(steps []kernel.Step) {
		for _, s := range steps {
			switch s := s.(type) {
			case *kernel.Kernel:
				for _, b := range kernel.Written(s) {
					k.turned[b] = true
				}
			case *kernel.Loop:
				mark(s.Body)
			}
		}
	}
	for _, s := range slices.Concat(p.Load, p.Steps) {
		if l, ok := s.(*kernel.Loop); ok {
			mark(l.Body)
		}
	}
	return k
}

// A claim is a value that a step stored, and what it stored.
type claim struct {
	value *ir.Value
	got   *lathe.Tensor
}

// step checks a kernel by itself. A loop is checked as a whole, for of its
// kernels only the last turn's values are left.
func (k *kernelCheck) step(ctx context.Context, s kernel.Step) error {
	switch s := s.(type) {
	case *kernel.Kernel:
		if s.Pack != nil || !k.ran(s) {
			return nil // a packed operand is seen in what is made of it
		}
		var claims []claim
		for _, st := range s.Stores() {
			t := k.stored[st.Buf]
			if t == nil || k.turned[st.Buf] {
				continue
			}
			claims = append(claims, claim{st.Value, part(t, st)})
		}
		return k.compare(ctx, s.Name, s.Inside, claims)
	case *kernel.Loop:
		var claims []claim
		for _, v := range k.program.Func.Body {
			if v == s.Value || v.Op == ir.OpGet && v.Args[0] == s.Value {
				if b := k.program.Buf[v]; b != nil && k.stored[b] != nil {
					claims = append(claims, claim{v, k.stored[b]})
				}
			}
		}
		inside := []*ir.Value{s.Value}
		for _, c := range claims {
			inside = append(inside, c.value)
		}
		return k.compare(ctx, "loop "+s.Value.String(), inside, claims)
	}
	return nil
}

// ran reports whether the kernel's guard held.
func (k *kernelCheck) ran(s *kernel.Kernel) bool {
	if s.Guard == nil {
		return true
	}
	flag := k.stored[s.Guard.Flag]
	return flag != nil && (flag.Int(0) != 0) == s.Guard.Want
}

// part returns the elements of a buffer that a store wrote.
func part(t *lathe.Tensor, s kernel.Store) *lathe.Tensor {
	dims := s.Value.Type.Dims()
	if s.Offset == 0 && slices.Equal(dims, t.Shape()) {
		return t
	}
	out := lathe.NewTensor(t.DType(), dims...)
	size := t.DType().Size()
	index := make([]int, len(dims))
	for i := range out.Len() {
		at := s.Offset
		for d, n := range index {
			at += n * s.Strides[d]
		}
		copy(out.Bytes()[i*size:(i+1)*size], t.Bytes()[at*size:])
		for d := len(dims) - 1; d >= 0; d-- {
			if index[d]++; index[d] < dims[d] {
				break
			}
			index[d] = 0
		}
	}
	return out
}

// compare evaluates claims on what the kernel loaded and holds them to their
// bounds.
func (k *kernelCheck) compare(ctx context.Context, name string, inside []*ir.Value, claims []claim) error {
	g, of := k.program.Func.Clone()
	// What codegen adds, the flags of guards, is no value of the program.
	claims = slices.DeleteFunc(claims, func(c claim) bool { return of[c.value] == nil })
	if len(claims) == 0 {
		return nil
	}
	computed := map[*ir.Value]bool{}
	for _, v := range inside {
		computed[v] = true
	}
	// What the kernel loads becomes a parameter, and keeps its structure.
	args := map[*ir.Value]*lathe.Tensor{}
	loaded := map[*ir.Value]*ir.Value{}
	for _, v := range k.program.Func.Params {
		args[of[v]] = k.stored[k.program.Buf[v]]
	}
	for i, v := range k.program.Func.Body {
		b := k.program.Buf[v]
		if b == nil || computed[v] || k.stored[b] == nil || b.Kind == kernel.Constant {
			continue
		}
		if k.turned[b] && v.Op != ir.OpLoop && v.Op != ir.OpGet {
			continue // a loop carries on in its memory
		}
		p := g.NewParam(fmt.Sprintf("loaded.%d", i), v.Type, false, source.Pos{})
		g.Replace(of[v], p)
		args[p], loaded[v] = k.stored[b], p
	}
	g.Results = nil
	seen := eval.Observed{}
	for _, c := range claims {
		v := of[c.value]
		if p := loaded[c.value]; p != nil {
			v = p
		} else {
			seen[v] = c.got
		}
		g.Results = append(g.Results, v)
	}
	g.Rebuild()
	uses := g.Uses()
	g.Params = slices.DeleteFunc(g.Params, func(p *ir.Value) bool { return uses[p] == 0 })
	ordered := make([]*lathe.Tensor, len(g.Params))
	for i, p := range g.Params {
		ordered[i] = args[p]
	}
	bands, err := eval.BoundedWith(ctx, g, ordered, eval.BoundOptions{Seen: seen, Strict: k.strict})
	if err != nil {
		return fmt.Errorf("check of %s: %w", name, err)
	}
	k.kernels++
	for i, c := range claims {
		verdict := eval.Check(c.got, bands[i])
		k.bad += verdict.BadCount
		what := fmt.Sprintf("%s, %v: %v", name, c.value, c.value.Type)
		if verdict.WorstRatio > k.ratio {
			k.ratio, k.worst = verdict.WorstRatio, what
		}
		if !verdict.OK() {
			k.failf("%s: %v", what, verdict)
		}
	}
	return nil
}
