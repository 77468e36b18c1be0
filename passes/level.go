package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

var (
	splitFactor  = &Rule{"split factor", "concat([a, stretched b], axis=k) @ w = a @ w[:k] + stretched(b @ w[k:])", Distribute}
	earlySum     = &Rule{"early sum", "(x + a) + b = x + (a + b) for weights a, b", Reassociate}
	shiftThrough = &Rule{"shift through product", "(x + a) @ w = x @ w + a @ w for weights a, w", Distribute}
	scaleThrough = &Rule{"scale through product", "(x * a) @ w = x @ (diag(a) @ w) for weights a, w", Reassociate}
	sumOfOnes    = &Rule{"rows that sum to one", "softmax(s) @ (v + a) = softmax(s) @ v + a for a row a", Distribute}
	shiftOfRow   = &Rule{"softmax of a shift", "softmax(q @ (k + a).T) = softmax(q @ k.T) for a row a of weights", Distribute}
	splitHeads   = &Rule{"split heads", "reshape(x @ w) = x @ reshape(w), where q @ (x @ w).T costs less as (q @ w.T) @ x.T", Exact}
)

// level moves what is known early, as weights are, together, so that calls find it
// computed:
//
//	(x * scale + shift) @ w   becomes   x @ (diag(scale) @ w) + shift @ w
//
// The values that it looks at stand in sums and in products with weights. A
// product with a factor that is joined of parts is split where one of them is
// stretched along an axis, and is then computed for one place of it only. Each law
// pays by itself, by the FLOPs of calls; those that make values which only split
// would compute early need split in the list of passes.
//
// It comes before chain and factor, which choose among the orders that it makes
// possible.
func level(ctx *Context, f *ir.Func) error {
	w := newRewriter(ctx, f)
	w.when = newTiming(w)
	l := &leveling{users: map[*ir.Value][]*ir.Value{}, freed: map[*ir.Value]bool{}}
	f.Walk(func(v *ir.Value) {
		for _, a := range v.Args {
			l.users[a] = append(l.users[a], v)
		}
	})
	w.laws = []law{
		{splitFactor, splitJoined},
		{earlySum, sumEarly},
		{shiftOfRow, softmaxShift},
		{sumOfOnes, softmaxSum},
		{scaleThrough, l.scale},
		{shiftThrough, l.shift},
		{splitHeads, headsApart},
	}
	kept := routes(f)
	w.run(func(v *ir.Value) *ir.Value {
		if kept[v] {
			return v
		}
		return w.rewritten(v)
	})
	return nil
}

// A leveling knows who needs a value, as the function was.
type leveling struct {
	users map[*ir.Value][]*ir.Value
	freed map[*ir.Value]bool // which products do without now
}

// early reports whether v is known before calls, and may be computed then.
func (w *rewriter) early(v *ir.Value) bool {
	return w.when.loads && !w.when.of(v).call
}

// emitEarly is emit for something that is known as soon as its operands are.
func (w *rewriter) emitEarly(like *ir.Value, op ir.Op, attrs ir.Attrs, want ir.Type, args ...*ir.Value) *ir.Value {
	v := w.emit(like, op, attrs, want, args...)
	w.levels[v] = ir.CompileLevel
	for _, a := range args {
		w.levels[v] = max(w.levels[v], w.levels[a])
	}
	return v
}

// fitsEarly reports whether something of that many bytes, made of values, may be
// kept from call to call.
func (w *rewriter) fitsEarly(bytes int, of ...*ir.Value) bool {
	at := moment{}
	for _, v := range of {
		at = at.and(w.when.of(v))
	}
	return !w.when.fitting(at, bytes).call
}

// alone reports whether at most one value needs v.
func (w *rewriter) alone(v *ir.Value) bool { return w.uses[v] <= 1 }

// rounded reports whether v is of a type whose roundings are too coarse to be
// moved from one value to another.
func rounded(v *ir.Value) bool { return v.Type.DType.IsFloat() && v.Type.DType.Size() < 4 }

// A way is movement from a value to another that has the same elements: from the
// last step to the first.
type way []*ir.Value

// wayDown returns what v is moved from, where only the steps between need it.
func (w *rewriter) wayDown(v *ir.Value) (from *ir.Value, steps way) {
	for w.alone(v) && (v.Op == ir.OpTranspose || v.Op == ir.OpReshape) {
		steps = append(steps, v)
		v = v.Args[0]
	}
	return v, steps
}

// up moves x, whose axes are those at the foot of the way or have size 1, like what
// is there. ok is false where some axes are joined or split of which x lacks a part.
func (p way) up(w *rewriter, x *ir.Value) (*ir.Value, bool) {
	for _, s := range slices.Backward(p) {
		if s.Op == ir.OpTranspose {
			x = w.emitEarly(s, ir.OpTranspose, s.Attrs, ir.Type{}, x)
			continue
		}
		dims, ok := thinned(s.Args[0].Type.Dims(), x.Type.Dims(), s.Type.Dims())
		if !ok {
			return nil, false
		}
		if !slices.Equal(dims, x.Type.Dims()) {
			x = w.emitEarly(s, ir.OpReshape, nil, ir.Make(x.Type.DType, dims...), x)
		}
	}
	return x, true
}

// thinned returns the sizes that a reshape of from to to gives something of the sizes
// thin, which are those of from or 1.
func thinned(from, thin, to []int) ([]int, bool) {
	out := make([]int, len(to))
	for i, j := 0, 0; i < len(from) || j < len(to); {
		k, l, m, n := i, j, 1, 1
		for k == i && l == j || m != n {
			switch {
			case k < len(from) && (m < n || m == n && k == i):
				m *= from[k]
				k++
			case l < len(to):
				n *= to[l]
				l++
			default:
				return nil, false
			}
			if m == 0 || n == 0 {
				return nil, false
			}
		}
		all, one := true, true
		for a := i; a < k; a++ {
			all = all && thin[a] == from[a]
			one = one && thin[a] == 1
		}
		for b := j; b < l; b++ {
			switch {
			case all:
				out[b] = to[b]
			case one:
				out[b] = 1
			default:
				return nil, false
			}
		}
		i, j = k, l
	}
	return out, true
}

// withRank returns x with as many axes as v, to which it broadcasts.
func (w *rewriter) withRank(v, x *ir.Value) *ir.Value {
	missing := v.Type.Rank() - x.Type.Rank()
	if missing == 0 {
		return x
	}
	dims := slices.Repeat([]int{1}, missing)
	return w.emitEarly(v, ir.OpReshape, nil, ir.Make(x.Type.DType, append(dims, x.Type.Dims()...)...), x)
}

// withEarly finds x op a, where a is known early and x is not, and gives the result
// its shape.
func (w *rewriter) withEarly(v *ir.Value, op ir.Op) (x, a *ir.Value) {
	if v.Op != op || !v.Type.DType.IsFloat() || rounded(v) || v.Cost.Set {
		return nil, nil
	}
	for i, a := range v.Args {
		if x := v.Args[1-i]; w.early(a) && !w.early(x) && slices.Equal(x.Type.Dims(), v.Type.Dims()) {
			return x, a
		}
	}
	return nil, nil
}

// sumEarly adds up first what is known early.
func sumEarly(w *rewriter, v *ir.Value) func() *ir.Value {
	y, b := w.withEarly(v, ir.OpAdd)
	if y == nil || !w.alone(y) {
		return nil
	}
	x, a := w.withEarly(y, ir.OpAdd)
	if x == nil {
		return nil
	}
	t := ir.Make(v.Type.DType, stretchedSizes(a, b)...)
	if t.Elems() >= v.Type.Elems() && v.Type.Elems() > 1 && !w.fitsEarly(t.Bytes(), a, b) {
		return nil
	}
	return func() *ir.Value {
		w.instead(y)
		return w.put(v, ir.OpAdd, nil, ir.Type{}, x, w.emitEarly(v, ir.OpAdd, nil, ir.Type{}, a, b))
	}
}

// stretchedSizes returns the sizes to which two values broadcast.
func stretchedSizes(a, b *ir.Value) []int {
	x, y := a.Type.Dims(), b.Type.Dims()
	if len(x) < len(y) {
		x, y = y, x
	}
	out := slices.Clone(x)
	for i, n := range y {
		if at := len(x) - len(y) + i; n != 1 {
			out[at] = n
		}
	}
	return out
}
