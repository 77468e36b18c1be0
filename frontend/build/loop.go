package build

import "github.com/lathe-lang/lathe/frontend/check"

// For runs body for i = lo, lo+1, ... before hi when the function runs. lo and
// hi are integers or i64 scalars, i is an i64 scalar. The loop carries tensors,
// which start as the given ones and go on as what body returns for them, with
// their types unchanged; the result is what they are at the end. body is
// called once. A loop whose turns the compiler should see is a Go loop.
func (b *Builder) For(lo, hi any, starts []Value, body func(i Value, now []Value) []Value) []Value {
	return b.ForStep(lo, hi, 1, starts, body)
}

// ForStep is For with a step, which may be negative.
func (b *Builder) ForStep(lo, hi any, step int, starts []Value, body func(i Value, now []Value) []Value) []Value {
	at := b.here()
	return wrap(b.check.Loop(at, b.operand(at, lo), b.operand(at, hi), step, unwrap(starts), func(i check.Value, now []check.Value) []check.Value {
		return unwrap(body(Value{i}, wrap(now)))
	}))
}

func wrap(vs []check.Value) []Value {
	out := make([]Value, len(vs))
	for i, v := range vs {
		out[i] = Value{v}
	}
	return out
}

func unwrap(vs []Value) []check.Value {
	out := make([]check.Value, len(vs))
	for i, v := range vs {
		out[i] = v.v
	}
	return out
}
