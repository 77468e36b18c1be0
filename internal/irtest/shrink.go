package irtest

import (
	"context"
	"math"
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/eval"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// Shrink returns a smaller function with arguments for which failing is still
// true: fewer results, values replaced by operands of their type or by fresh
// arguments with the elements they had, inner values as the result, no dead
// code, smaller sizes, simpler data. f and args are not changed; failing must
// not change what it gets.
func Shrink(f *ir.Func, args []*tensor.Tensor, failing func(*ir.Func, []*tensor.Tensor) bool) (*ir.Func, []*tensor.Tensor) {
	s := &shrinker{f: f, args: args, failing: failing}
	for again := true; again; {
		again = s.results() || s.operands() || s.inner() || s.fresh() || s.sizes() || s.data()
	}
	return s.f, s.args
}

type shrinker struct {
	f       *ir.Func
	args    []*tensor.Tensor
	failing func(*ir.Func, []*tensor.Tensor) bool
}

// try takes f and args over if they are smaller, well formed and still fail.
func (s *shrinker) try(f *ir.Func, args []*tensor.Tensor) bool {
	f, args = trimmed(f, args)
	if size(f) >= size(s.f) || ir.Verify(f) != nil || !s.failing(f, args) {
		return false
	}
	s.f, s.args = f, args
	return true
}

// size orders functions by values, then by results, then by elements.
func size(f *ir.Func) int {
	n := len(f.Results) << 20
	f.Walk(func(v *ir.Value) {
		n += 8 << 20
		if v.Op == ir.OpParam {
			n -= 4 << 20 // an argument is simpler than an operation
		}
		for _, t := range append(v.Type.Tuple, v.Type) {
			if t.Tuple == nil {
				n += min(t.Elems(), 1<<16)
			}
		}
	})
	return n
}

// trimmed removes what nothing uses, arguments too.
func trimmed(f *ir.Func, args []*tensor.Tensor) (*ir.Func, []*tensor.Tensor) {
	f.Rebuild()
	uses := f.Uses()
	var params []*ir.Value
	var kept []*tensor.Tensor
	for i, p := range f.Params {
		if uses[p] > 0 {
			params, kept = append(params, p), append(kept, args[i])
		}
	}
	f.Params = params
	f.Rebuild()
	return f, kept
}

// results keeps one result.
func (s *shrinker) results() bool {
	if len(s.f.Results) == 1 {
		return false
	}
	for i := range s.f.Results {
		f, _ := s.f.Clone()
		f.Results = f.Results[i : i+1]
		if s.try(f, s.args) {
			return true
		}
	}
	return false
}

// operands replaces a value by one of its operands that has its type.
func (s *shrinker) operands() bool {
	for _, v := range s.values() {
		for k, a := range v.Args {
			if !a.Type.Equal(v.Type) || a.Type.Tuple != nil {
				continue
			}
			f, to := s.f.Clone()
			f.Replace(to[v], to[v].Args[k])
			if s.try(f, s.args) {
				return true
			}
		}
	}
	return false
}

// values returns all values that are operations, the last first.
func (s *shrinker) values() []*ir.Value {
	var all []*ir.Value
	s.f.Walk(func(v *ir.Value) {
		if v.Op != ir.OpParam {
			all = append(all, v)
		}
	})
	slices.Reverse(all)
	return all
}

// inner makes an inner value the only result.
func (s *shrinker) inner() bool {
	for i, v := range s.f.Body {
		if v.Type.Tuple != nil {
			continue
		}
		f, _ := s.f.Clone()
		f.Results = []*ir.Value{f.Body[i]}
		if s.try(f, s.args) {
			return true
		}
	}
	return false
}

// fresh replaces a value by an argument with the elements that it had.
func (s *shrinker) fresh() bool {
	for i := len(s.f.Body) - 1; i >= 0; i-- {
		v := s.f.Body[i]
		if v.Type.Tuple != nil {
			continue
		}
		probe, _ := s.f.Clone()
		probe.Results = []*ir.Value{probe.Body[i]}
		had, err := eval.Run(context.Background(), probe, s.args, eval.Options{})
		if err != nil {
			continue
		}
		f, to := s.f.Clone()
		p := &ir.Value{Name: freeName(f), Op: ir.OpParam, Type: v.Type}
		f.Params = append(f.Params, p)
		f.Replace(to[v], p)
		if s.try(f, append(slices.Clone(s.args), had[0])) {
			return true
		}
	}
	return false
}

// freeName returns a name that no parameter of f has.
func freeName(f *ir.Func) string {
	for name := "q"; ; name += "q" {
		if !slices.ContainsFunc(f.Params, func(p *ir.Value) bool { return p.Name == name }) {
			return name
		}
	}
}

// sizes makes one extent smaller wherever it occurs.
func (s *shrinker) sizes() bool {
	seen := map[int]bool{}
	var extents []int
	s.f.Walk(func(v *ir.Value) {
		if v.Type.Tuple != nil {
			return
		}
		for _, n := range v.Type.Dims() {
			if n > 1 && !seen[n] {
				seen[n] = true
				extents = append(extents, n)
			}
		}
	})
	for _, n := range extents {
		for _, to := range []int{1, n / 2, n - 1} {
			if f, args, ok := resized(s.f, s.args, n, to); ok && s.try(f, args) {
				return true
			}
		}
	}
	return false
}

// resized returns f with every extent n made to, types inferred anew and
// arguments cut; ok is false where that is not well-typed.
func resized(f *ir.Func, args []*tensor.Tensor, n, to int) (*ir.Func, []*tensor.Tensor, bool) {
	out, copies := f.Clone()
	change := func(shape []dim.Expr) []dim.Expr {
		shape = slices.Clone(shape)
		for i, e := range shape {
			if k, ok := e.Int(); ok && k == n {
				shape[i] = dim.Const(to)
			}
		}
		return shape
	}
	changed := func(t ir.Type) ir.Type {
		t.Shape = change(t.Shape)
		t.Tuple = slices.Clone(t.Tuple)
		for i := range t.Tuple {
			t.Tuple[i].Shape = change(t.Tuple[i].Shape)
		}
		return t
	}
	ok := true
	f.Walk(func(old *ir.Value) {
		v := copies[old]
		v.Type = changed(old.Type)
		if v.Op == ir.OpParam {
			return
		}
		switch a := v.Attrs.(type) {
		case *ir.ConstAttrs:
			v.Attrs = &ir.ConstAttrs{Data: cut(a.Data, v.Type.Dims())}
		case *ir.DynSliceAttrs:
			v.Attrs = &ir.DynSliceAttrs{Axis: a.Axis, Size: change([]dim.Expr{a.Size})[0]}
		case *ir.TopKAttrs:
			v.Attrs = &ir.TopKAttrs{Axis: a.Axis, K: change([]dim.Expr{a.K})[0]}
		}
		t, err := v.Op.Info().Infer(typesOf(v.Args), v.Attrs, v.Type)
		if err != nil {
			ok = false
			return
		}
		if !v.Op.Info().Typed {
			v.Type = t.WithProps(v.Type.Props)
		}
	})
	if !ok {
		return nil, nil, false
	}
	shorter := make([]*tensor.Tensor, len(args))
	for i, p := range out.Params {
		shorter[i] = cut(args[i], p.Type.Dims())
	}
	return out, shorter, true
}

// cut returns the first elements of t along each axis.
func cut(t *tensor.Tensor, shape []int) *tensor.Tensor {
	if slices.Equal(t.Shape(), shape) {
		return t
	}
	out := tensor.New(t.DType(), shape...)
	own := t.Shape()
	for i := range out.Len() {
		at, stride, rest := 0, 1, i
		for k := len(shape) - 1; k >= 0; k-- {
			at += rest % shape[k] * stride
			rest /= shape[k]
			stride *= own[k]
		}
		if t.DType().IsFloat() {
			out.SetFloat(i, t.Float(at))
		} else {
			out.SetInt(i, t.Int(at))
		}
	}
	return out
}

// data makes all elements of an argument 0 or 1, or those that are finite, or
// makes these integers.
func (s *shrinker) data() bool {
	simpler := []func(x float64) float64{
		func(float64) float64 { return 0 },
		func(float64) float64 { return 1 },
		func(x float64) float64 { return onlyFinite(x, 0) },
		func(x float64) float64 { return onlyFinite(x, 1) },
		func(x float64) float64 { return onlyFinite(x, math.Trunc(min(max(x, -8), 8))) },
	}
	for i, t := range s.args {
		for _, f := range simpler {
			u := tensor.New(t.DType(), t.Shape()...)
			for k := range u.Len() {
				u.SetFloat(k, f(t.Float(k)))
			}
			if weight(u) >= weight(t) {
				continue
			}
			args := slices.Clone(s.args)
			args[i] = u
			if s.failing(s.f, args) {
				s.args = args
				return true
			}
		}
	}
	return false
}

// onlyFinite returns y for a finite x, else x.
func onlyFinite(x, y float64) float64 {
	if x-x == 0 {
		return y
	}
	return x
}

// weight orders data: zeros, then ones, then integers, then the rest.
func weight(t *tensor.Tensor) int {
	n := 0
	for i := range t.Len() {
		switch x := t.Float(i); {
		case x == 0:
		case x == 1:
			n++
		case x == math.Trunc(x) && x-x == 0:
			n += 2
		default:
			n += 3
		}
	}
	return n
}
