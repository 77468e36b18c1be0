package passes

import (
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
)

// A causal is tril(q @ k.T) @ v: letters are those of the indices, in a naming of
// its own: i of the rows, j of the columns that are multiplied out of them.
type causal struct {
	q, k, v             *ir.Value
	qs, ks, vs, ps, out string // letters of q, k, v, of the triangle and of the result
	i, j                byte
	diagonal            int       // 0, or -1 without it
	scale               *ir.Value // a number that scores are multiplied with; nil for none
	n                   int       // positions
	needed              bool      // the scores, by something else, which has them made
}

// leastChunk and mostChunk are how many positions a chunk of causal products has
// at least, for the sake of the kernels, and at most.
const leastChunk, mostChunk = 32, 256

// letters are the names of indices.
const letters = "abcdefghijklmnopqrstuvwxyz"

// runningState finds causal products with no more than a scale between them. What
// all earlier chunks of positions add to a row is one product with the sum of
// their k.T @ v; only inside of a chunk are there scores (linear attention by
// chunks: Hua, Dai, Liu, Le, arXiv 2202.10447).
func runningState(w *rewriter, v *ir.Value) func() *ir.Value {
	c, ok := w.asCausal(v)
	if !ok {
		return nil
	}
	s := c.size(c.q, c.qs, without(c.qs, c.ps)) // what scores sum
	e := c.size(c.v, c.vs, without(c.vs, c.ps))
	size := leastChunk
	for size < mostChunk && size*(s+e) < s*e {
		size *= 2
	}
	if c.n < 2*size {
		return nil
	}
	before := v.Work()
	if !c.needed {
		before += ir.ContractWork(c.inner(), []ir.Type{c.q.Type, c.k.Type}, ir.Props{Set: ir.Lower})
	}
	made := len(w.body)
	u := c.chunked(w, v, size)
	if workSince(u, w.body[made:])*w.turns >= before*w.turns {
		w.body = w.body[:made]
		return nil
	}
	return func() *ir.Value { return u }
}

// without returns the letters that are not among others.
func without(letters, others string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(others, r) {
			return -1
		}
		return r
	}, letters)
}

// size returns the product of the sizes of some letters of a value.
func (c causal) size(v *ir.Value, of, letters string) int {
	n := 1
	for _, r := range letters {
		n *= v.Type.Dims()[strings.IndexRune(of, r)]
	}
	return n
}

func (c causal) inner() string { return c.qs + "," + c.ks + "->" + c.ps }

// asCausal takes a product apart.
func (w *rewriter) asCausal(v *ir.Value) (causal, bool) {
	for _, f := range blockFactors(v) {
		c := causal{v: f.other}
		p := f.value
		scaled := func() {
			for (p.Op == ir.OpMul || ir.ByConstant(p)) && c.scale == nil {
				at := slices.IndexFunc(p.Args, func(a *ir.Value) bool { return a.Type.Rank() == 0 && a.Op == ir.OpFull })
				if at < 0 || p.Op == ir.OpDiv && at == 0 {
					return
				}
				c.scale, c.needed = p, c.needed || !w.alone(p)
				p = p.Args[1-at]
			}
		}
		scaled()
		if p.Op != ir.OpTri {
			continue
		}
		t := p.Attrs.(*ir.TriAttrs)
		c.diagonal, _ = t.K.Int()
		c.needed = c.needed || !w.alone(p)
		p = p.Args[0]
		scaled()
		c.needed = c.needed || !w.alone(p)
		if t.Upper || c.diagonal != 0 && c.diagonal != -1 || p.Op != ir.OpContract || len(p.Args) != 2 || p.Cost.Set || p.Type.DType != v.Type.DType {
			continue
		}
		// The letters of the scores are those of the outer product, the others
		// get names that it does not use.
		outer, other := f.operands[f.at], f.operands[1-f.at]
		operands, scores, err := ir.SplitSpec(p.Attrs.(*ir.ContractAttrs).Spec)
		if err != nil || len(scores) < 2 || len(scores) != len(outer) {
			continue
		}
		free := without(letters, outer+other+f.out)
		summed := without(operands[0], scores)
		if len(free) <= len(summed) || len(without(operands[1], scores+summed)) > 0 {
			continue
		}
		rename := func(letters string) string {
			return strings.Map(func(r rune) rune {
				if at := strings.IndexRune(scores, r); at >= 0 {
					return rune(outer[at])
				}
				return rune(free[strings.IndexRune(summed, r)])
			}, letters)
		}
		c.ps, c.vs, c.out = outer, other, f.out
		c.i, c.j = outer[len(outer)-2], outer[len(outer)-1]
		c.q, c.k, c.qs, c.ks = p.Args[0], p.Args[1], rename(operands[0]), rename(operands[1])
		if strings.IndexByte(c.qs, c.i) < 0 {
			c.q, c.k, c.qs, c.ks = c.k, c.q, c.ks, c.qs
		}
		if c.fits(v) {
			return c, true
		}
	}
	return causal{}, false
}

// fits reports whether the letters are those of a causal product.
func (c *causal) fits(v *ir.Value) bool {
	sizes := map[rune]int{}
	for _, f := range []struct {
		letters string
		v       *ir.Value
	}{{c.qs, c.q}, {c.ks, c.k}, {c.vs, c.v}} {
		dims := f.v.Type.Dims()
		for at, r := range f.letters {
			if n, ok := sizes[r]; ok && n != dims[at] || strings.Count(f.letters, string(r)) > 1 || banded(f.v) {
				return false // stretched, a diagonal, or of a structure that is not cut
			}
			sizes[r] = dims[at]
		}
	}
	has := func(letters string, c byte) bool { return strings.IndexByte(letters, c) >= 0 }
	c.n = sizes[rune(c.i)]
	batch := c.ps[:len(c.ps)-2]
	summed := without(c.qs, c.ps)
	return c.n == sizes[rune(c.j)] &&
		has(c.qs, c.i) && !has(c.qs, c.j) && has(c.ks, c.j) && !has(c.ks, c.i) && has(c.vs, c.j) && !has(c.vs, c.i) &&
		has(c.out, c.i) && !has(c.out, c.j) && without(batch, c.out) == "" &&
		summed != "" && len(summed) == len(without(c.ks, c.ps)) && without(summed, c.ks) == "" &&
		without(without(c.vs, c.ps), c.out) == "" && len(c.out) == len(batch)+1+len(without(c.vs, c.ps)) &&
		c.q.Type.DType == v.Type.DType && c.k.Type.DType == v.Type.DType && c.v.Type.DType == v.Type.DType
}

// chunked emits the product by chunks of size positions.
func (c causal) chunked(w *rewriter, like *ir.Value, size int) *ir.Value {
	count := (c.n + size - 1) / size
	g := without(letters, c.qs+c.ks+c.vs+c.ps+c.out)[:1] // the chunk; inside of it rows and columns keep their letters
	cut := func(v *ir.Value, letters string, at byte) (*ir.Value, string) {
		axis := strings.IndexByte(letters, at)
		dims := v.Type.Dims()
		if more := count*size - c.n; more > 0 {
			lo, hi := make([]int, len(dims)), make([]int, len(dims))
			hi[axis] = more
			v = w.emit(like, ir.OpPad, &ir.PadAttrs{Lo: ir.Sizes(lo...), Hi: ir.Sizes(hi...), Value: ir.FloatNumber(0)}, ir.Type{}, v)
		}
		dims = slices.Concat(dims[:axis], []int{count, size}, dims[axis+1:])
		return w.emit(like, ir.OpReshape, nil, ir.Make(v.Type.DType, dims...), v), letters[:axis] + g + letters[axis:]
	}
	product := func(a *ir.Value, as string, b *ir.Value, bs, out string) *ir.Value {
		return w.emit(like, ir.OpContract, &ir.ContractAttrs{Spec: as + "," + bs + "->" + out}, ir.Type{}, a, b)
	}
	q, qs := cut(c.q, c.qs, c.i)
	k, ks := cut(c.k, c.ks, c.j)
	v, vs := cut(c.v, c.vs, c.j)
	if c.scale != nil {
		args := slices.Clone(c.scale.Args)
		for i, a := range args {
			if a.Type.Rank() > 0 {
				args[i] = q
			}
		}
		q = w.emit(like, c.scale.Op, nil, ir.Type{}, args...)
	}
	out := strings.Replace(c.out, string(c.i), g+string(c.i), 1)
	last := len(c.ps) - 2
	inside := c.ps[:last] + g + c.ps[last:]
	scores := product(q, qs, k, ks, inside)
	scores = w.emit(like, ir.OpTri, &ir.TriAttrs{K: dim.Const(c.diagonal)}, ir.Type{}, scores)
	local := product(scores, inside, v, vs, out)
	shared := strings.Map(func(r rune) rune { // batch letters of k or v
		if strings.ContainsRune(c.ks+c.vs, r) {
			return r
		}
		return -1
	}, c.ps[:last])
	state := shared + g + without(c.qs, c.ps) + without(c.vs, c.ps)
	// Before the first chunk there is nothing, which is not zero times a row that
	// may be infinite.
	chunks := func(v *ir.Value, letters string, first int) *ir.Value {
		return w.part(like, v, strings.Index(letters, g), first, count-1)
	}
	sums := w.emit(like, ir.OpCumSum, &ir.CumSumAttrs{Axis: len(shared)}, ir.Type{}, product(chunks(k, ks, 0), ks, chunks(v, vs, 0), vs, state))
	earlier := product(chunks(q, qs, 1), qs, sums, state, out)
	lo, hi := make([]int, len(out)), make([]int, len(out))
	lo[strings.Index(out, g)] = 1
	earlier = w.emit(like, ir.OpPad, &ir.PadAttrs{Lo: ir.Sizes(lo...), Hi: ir.Sizes(hi...), Value: ir.FloatNumber(0)}, ir.Type{}, earlier)
	x := w.emit(like, ir.OpAdd, nil, ir.Type{}, local, earlier)
	dims := like.Type.Dims()
	at := strings.IndexByte(c.out, c.i)
	dims[at] = count * size
	x = w.emit(like, ir.OpReshape, nil, ir.Make(x.Type.DType, dims...), x)
	return w.part(like, x, at, 0, c.n)
}
