package eval

import (
	"context"
	"fmt"

	"github.com/lathe-lang/lathe/ir"
)

// A domain interprets operations over values of type V. Loops and parts of
// tuples are the interpreter's business.
type domain[V any] interface {
	// eval evaluates one operation.
	eval(v *ir.Value, args []V) (V, error)
	// integer returns an i64 scalar; ok is false if it is not known for sure.
	integer(x V) (n int64, ok bool)
	// scalar makes an i64 scalar.
	scalar(n int64) V
	// unknown stands for a value of type t of which nothing can be said.
	unknown(t ir.Type) V
}

// An interp walks the regions of one function.
type interp[V any] struct {
	ctx   context.Context
	dom   domain[V]
	env   map[*ir.Value][]V // one value; several for a tuple
	dying map[*ir.Region][][]*ir.Value
}

// run evaluates f and returns its results. ctx ends it between two operations;
// domains look at it inside the long ones.
func run[V any](ctx context.Context, dom domain[V], f *ir.Func, args []V) ([]V, error) {
	in := &interp[V]{ctx: ctx, dom: dom, env: map[*ir.Value][]V{}, dying: map[*ir.Region][][]*ir.Value{}}
	return in.region(&f.Region, args)
}

// region evaluates the body of r with its parameters bound to args.
func (in *interp[V]) region(r *ir.Region, args []V) ([]V, error) {
	for i, p := range r.Params {
		in.env[p] = []V{args[i]}
	}
	dying := in.lastUses(r)
	for i, v := range r.Body {
		if err := in.ctx.Err(); err != nil {
			return nil, err
		}
		out, err := in.value(v)
		if err != nil {
			return nil, err
		}
		in.env[v] = out
		for _, u := range dying[i] {
			delete(in.env, u)
		}
	}
	results := make([]V, len(r.Results))
	for i, v := range r.Results {
		x, err := in.lookup(v)
		if err != nil {
			return nil, err
		}
		results[i] = x
	}
	for _, v := range r.Params {
		delete(in.env, v)
	}
	for _, v := range r.Body {
		delete(in.env, v)
	}
	return results, nil
}

func (in *interp[V]) lookup(v *ir.Value) (V, error) {
	x, ok := in.env[v]
	if !ok || len(x) != 1 {
		var none V
		return none, fmt.Errorf("eval: %v is used where it has no value: the function is not well formed", v)
	}
	return x[0], nil
}

func (in *interp[V]) value(v *ir.Value) ([]V, error) {
	if v.Op == ir.OpGet {
		parts, i := in.env[v.Args[0]], v.Attrs.(*ir.GetAttrs).Index
		if i >= len(parts) {
			return nil, fmt.Errorf("eval: %v has no part %d", v.Args[0], i)
		}
		return parts[i : i+1 : i+1], nil
	}
	args := make([]V, len(v.Args))
	for i, a := range v.Args {
		x, err := in.lookup(a)
		if err != nil {
			return nil, err
		}
		args[i] = x
	}
	if v.Op == ir.OpLoop {
		return in.loop(v, args)
	}
	x, err := in.dom.eval(v, args)
	return []V{x}, err
}

// loop turns the body of v as often as its bounds say.
func (in *interp[V]) loop(v *ir.Value, args []V) ([]V, error) {
	lo, ok1 := in.dom.integer(args[0])
	hi, ok2 := in.dom.integer(args[1])
	carried := args[2:]
	if !ok1 || !ok2 {
		out := make([]V, len(carried))
		for k := range out {
			out[k] = in.dom.unknown(v.Args[2+k].Type)
		}
		return out, nil
	}
	step := v.Attrs.(*ir.LoopAttrs).Step
	i := lo // may leave i64 after the last turn
	for left := ir.Turns(int(lo), int(hi), step); left > 0; left-- {
		if err := in.ctx.Err(); err != nil {
			return nil, err
		}
		out, err := in.region(v.Body, append([]V{in.dom.scalar(i)}, carried...))
		if err != nil {
			return nil, err
		}
		carried = out
		i += int64(step)
	}
	return carried, nil
}

// lastUses returns, for each value of the body of r, which values of r nothing
// needs after it. It is found once for each region.
func (in *interp[V]) lastUses(r *ir.Region) [][]*ir.Value {
	if d, ok := in.dying[r]; ok {
		return d
	}
	mine := map[*ir.Value]bool{}
	for _, p := range r.Params {
		mine[p] = true
	}
	for _, v := range r.Body {
		mine[v] = true
	}
	kept := map[*ir.Value]bool{}
	for _, v := range r.Results {
		kept[v] = true
	}
	dying := make([][]*ir.Value, len(r.Body))
	for i := len(r.Body) - 1; i >= 0; i-- {
		v := r.Body[i]
		uses := v.Args
		if v.Body != nil {
			uses = append(v.Body.Captures(), uses...)
		}
		for _, u := range append([]*ir.Value{v}, uses...) {
			if mine[u] && !kept[u] {
				kept[u] = true
				dying[i] = append(dying[i], u)
			}
		}
	}
	in.dying[r] = dying
	return dying
}
