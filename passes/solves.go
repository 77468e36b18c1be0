package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

// solveForm returns how a solve with a goes about it.
func solveForm(a *ir.Value) string {
	if matrixTransposed(a) {
		form := solveForm(a.Args[0])
		turned := map[string]string{
			ir.SolveLower: ir.SolveUpper, ir.SolveUpper: ir.SolveLower,
			ir.SolveUnitLower: ir.SolveUnitUpper, ir.SolveUnitUpper: ir.SolveUnitLower,
		}[form]
		if turned != "" {
			return turned
		}
		return form
	}
	p := a.Type.Props
	if a.Op == ir.OpTri {
		t := a.Attrs.(*ir.TriAttrs)
		k, _ := t.K.Int()
		if t.Upper && k >= 0 {
			p.Set |= ir.Upper
		} else if !t.Upper && k <= 0 {
			p.Set |= ir.Lower
		}
	}
	if positive(a) {
		p.Set |= ir.SPD
	}
	return ir.SolveForm(p)
}

// positive reports whether a is symmetric and positive definite, or at least
// promised to be: a solve that finds otherwise goes on with LU. A product with
// its own transpose is, and so are sums with others that are, and with
// multiples of the identity.
func positive(a *ir.Value) bool {
	if a.Type.Props.Has(ir.SPD) {
		return true
	}
	switch a.Op {
	case ir.OpContract:
		m, ok := asMatmul(a)
		if !ok {
			return false
		}
		x, back := bare(m.left, m.leftBack)
		y, front := bare(m.right, m.rightBack)
		return x == y && back != front
	case ir.OpAdd:
		return positive(a.Args[0]) && (positive(a.Args[1]) || positiveDiagonal(a.Args[1])) ||
			positive(a.Args[1]) && positiveDiagonal(a.Args[0])
	}
	return false
}

// positiveDiagonal reports whether a is a positive number times an identity.
func positiveDiagonal(a *ir.Value) bool {
	if a.Op == ir.OpMul {
		for i, x := range a.Args {
			if c, ok := number(x); ok && x.IsScalar() && c > 0 && positiveDiagonal(a.Args[1-i]) {
				return true
			}
		}
	}
	if a.Op != ir.OpDiag {
		return false
	}
	c, ok := number(a.Args[0])
	return ok && c > 0
}

// solveWork returns what a solve with a costs for so many right-hand sides.
func solveWork(a *ir.Value, columns int) int {
	n := a.Type.Dims()[0]
	v := &ir.Value{Op: ir.OpSolve, Attrs: &ir.SolveAttrs{Form: solveForm(a)}, Type: ir.Make(a.Type.DType, n, columns)}
	return v.Work()
}

func (w *rewriter) solve(like, a, b *ir.Value) *ir.Value {
	return w.put(like, ir.OpSolve, &ir.SolveAttrs{Form: solveForm(a)}, ir.Type{}, a, b)
}

// solved counts: an inverse that is needed whole anyway is not made to be solved
// with, and one that many products share may be worth its price. The solves that
// several products become share their factorisation where they can. The inverse
// of a weight is found once, when it is loaded; a solve would be in each call.
func solved(w *rewriter, v *ir.Value) func() *ir.Value {
	m, ok := asMatmul(v)
	if !ok {
		return nil
	}
	worth := func(inv *ir.Value) bool {
		uses := w.uses[inv]
		return inv.Op == ir.OpInv && w.levels[inv] == w.levels[v] && inv.Type.Rank() == 2 && inv.Type.Elems() > 1 && uses > 0 && uses == w.inProducts[inv] &&
			w.dearer[inv] <= inv.Work()
	}
	if inv, back := bare(m.left, m.leftBack); worth(inv) {
		return func() *ir.Value {
			return w.reshapedTo(v, w.solve(v, w.turned(v, inv.Args[0], back), m.rightMatrix(w, v, false)))
		}
	}
	if inv, back := bare(m.right, m.rightBack); worth(inv) { // b @ inv(a) = solve(a.T, b.T).T
		return func() *ir.Value {
			x := w.solve(v, w.turned(v, inv.Args[0], !back), m.leftMatrix(w, v, true))
			return w.reshapedTo(v, w.turned(v, x, true))
		}
	}
	return nil
}

// solvedLast multiplies the right-hand sides before they are solved for, or
// solves for the other factor, where fewer columns are left then; the last of the
// other factors, where the solve is the first of several.
func solvedLast(w *rewriter, v *ir.Value) func() *ir.Value {
	m, ok := asMatmul(v)
	if !ok {
		return nil
	}
	// A product from the left is one from the right of everything transposed.
	for _, onLeft := range []bool{true, false} {
		factor, back, columns := m.left, m.leftBack, m.columns()
		if !onLeft {
			factor, back, columns = m.right, !m.rightBack, m.rows()
		}
		l, ok := w.leadingSolve(v, factor, back)
		if !ok {
			continue
		}
		a, b := l.solve.Args[0], l.solve.Args[1]
		after := solveWork(a, columns) + 2*b.Type.Elems()*columns
		for _, c := range l.rest {
			after += 2 * c.Type.Elems() * columns
		}
		if after >= l.work+v.Work() {
			continue
		}
		return func() *ir.Value {
			var y *ir.Value
			if onLeft {
				y = m.rightMatrix(w, v, false)
			} else {
				y = m.leftMatrix(w, v, true)
			}
			for i, c := range l.rest {
				y = w.product(v, w.turned(v, c, l.turned[i]), y)
			}
			if l.back { // solve(a, b).T @ c = b.T @ solve(a.T, c)
				y = w.product(v, w.turned(v, b, true), w.solve(v, w.turned(v, a, true), y))
			} else {
				y = w.solve(v, a, w.product(v, b, y))
			}
			return w.reshapedTo(v, w.turned(v, y, !onLeft))
		}
	}
	return nil
}

// A leading is a solve, transposed if back, that is multiplied by matrices from the
// right, which only that needs: from the last to the first, each turned or not.
type leading struct {
	solve  *ir.Value
	back   bool
	rest   []*ir.Value
	turned []bool
	work   int // FLOPs of all of it
}

// leadingSolve finds one in x, a factor of v, or x.T if back.
func (w *rewriter) leadingSolve(v, x *ir.Value, back bool) (l leading, ok bool) {
	const deepest = 6
	for range deepest {
		if !w.once(x) {
			break
		}
		x, back = bare(x, back)
		if x.Type.Rank() != 2 || w.levels[x] != w.levels[v] {
			break
		}
		l.work += x.Work()
		if x.Op == ir.OpSolve {
			l.solve, l.back = x, back
			return l, true
		}
		m, ok := asMatmul(x)
		if !ok {
			break
		}
		if back { // (x @ y).T = y.T @ x.T
			l.rest, l.turned = append(l.rest, m.left), append(l.turned, !m.leftBack)
			x, back = m.right, !m.rightBack
		} else {
			l.rest, l.turned = append(l.rest, m.right), append(l.turned, m.rightBack)
			x, back = m.left, m.leftBack
		}
	}
	return l, false
}

// once reports whether nothing else uses v, nor what v is transposed of.
func (w *rewriter) once(v *ir.Value) bool {
	for ; w.uses[v] <= 1; v = v.Args[0] {
		if !matrixTransposed(v) {
			return true
		}
	}
	return false
}

// oneFactorisation solves for all right-hand sides at once, where the later ones
// do not come from the first solve.
func oneFactorisation(w *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpSolve || v.Type.Rank() != 2 {
		return nil
	}
	form := v.Attrs.(*ir.SolveAttrs).Form
	if form != ir.SolveLU && form != ir.SolveSPD {
		return nil
	}
	at := slices.IndexFunc(w.body, func(u *ir.Value) bool {
		return u != v && w.levels[u] == w.levels[v] && u.Op == ir.OpSolve && u.Args[0] == v.Args[0] && u.Attrs.(*ir.SolveAttrs).Form == form
	})
	if at < 0 {
		return nil
	}
	early, ok := w.without(v.Args[1], at)
	if !ok {
		return nil
	}
	u := w.body[at]
	return func() *ir.Value {
		n, first, second := v.Type.Dims()[0], u.Type.Dims()[1], v.Type.Dims()[1]
		rest := slices.DeleteFunc(slices.Clone(w.body[at:]), func(x *ir.Value) bool { return early[x] })
		before := slices.DeleteFunc(slices.Clone(w.body[at:]), func(x *ir.Value) bool { return !early[x] })
		w.body = append(w.body[:at], before...)
		sides := w.emit(u, ir.OpConcat, &ir.AxisAttrs{Axis: 1}, ir.Type{}, u.Args[1], v.Args[1])
		both := w.emit(u, ir.OpSolve, u.Attrs, ir.Type{}, u.Args[0], sides)
		w.body = append(w.body, rest...)
		// What used the first solve goes on doing so: it is a part of both now.
		u.Op, u.Attrs, u.Args = ir.OpSlice, &ir.SliceAttrs{Start: ir.Sizes(0, 0), Step: []int{1, 1}}, []*ir.Value{both}
		return w.emit(v, ir.OpSlice, &ir.SliceAttrs{Start: ir.Sizes(0, first), Step: []int{1, 1}}, ir.Make(v.Type.DType, n, second), both)
	}
}

// without returns what of the open region, from the value at a place on, v comes
// from; ok is false where that value itself, or a loop, is among it.
func (w *rewriter) without(v *ir.Value, at int) (values map[*ir.Value]bool, ok bool) {
	here := map[*ir.Value]bool{}
	for _, x := range w.body[at:] {
		here[x] = true
	}
	values = map[*ir.Value]bool{}
	var visit func(x *ir.Value) bool
	visit = func(x *ir.Value) bool {
		if !here[x] || values[x] {
			return true
		}
		if x == w.body[at] || x.Body != nil {
			return false
		}
		values[x] = true
		return !slices.ContainsFunc(x.Args, func(a *ir.Value) bool { return !visit(a) })
	}
	return values, visit(v)
}

// diagonalBlocks returns the square blocks along the diagonal of a matrix that is
// zero by construction beside them; nil for another one.
func diagonalBlocks(v *ir.Value) []*ir.Value {
	if v.Op != ir.OpConcat || v.Type.Rank() != 2 || v.Attrs.(*ir.AxisAttrs).Axis != 0 || len(v.Args) < 2 {
		return nil
	}
	var blocks []*ir.Value
	first, all := 0, v.Type.Dims()[1]
	for _, x := range v.Args {
		if x.Op != ir.OpPad {
			return nil
		}
		p, block := x.Attrs.(*ir.PadAttrs), x.Args[0]
		n := block.Type.Dims()[0]
		before, _ := p.Lo[1].Int()
		if p.Value.IsInt || p.Value.Float != 0 || x.Type.Dims()[0] != n || block.Type.Dims()[1] != n || before != first || first+n > all || n == 0 {
			return nil
		}
		blocks = append(blocks, block)
		first += n
	}
	if first != all {
		return nil
	}
	return blocks
}

// solvedByBlocks solves with each block of a block diagonal matrix by itself, and
// inverts each by itself.
func solvedByBlocks(w *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpSolve && v.Op != ir.OpInv || v.Type.Rank() != 2 {
		return nil
	}
	blocks := diagonalBlocks(v.Args[0])
	if blocks == nil {
		return nil
	}
	return func() *ir.Value {
		var parts []*ir.Value
		first, all := 0, v.Type.Dims()[0]
		for _, a := range blocks {
			n := a.Type.Dims()[0]
			if v.Op == ir.OpSolve {
				x := w.part(v, v.Args[1], 0, first, n)
				parts = append(parts, w.put(v, ir.OpSolve, &ir.SolveAttrs{Form: solveForm(a)}, ir.Type{}, a, x))
			} else {
				lo, hi := ir.Sizes(0, first), ir.Sizes(0, all-first-n)
				parts = append(parts, w.put(v, ir.OpPad, &ir.PadAttrs{Lo: lo, Hi: hi, Value: ir.FloatNumber(0)}, ir.Type{}, w.put(v, ir.OpInv, nil, ir.Type{}, a)))
			}
			first += n
		}
		return w.put(v, ir.OpConcat, &ir.AxisAttrs{Axis: 0}, ir.Type{}, parts...)
	}
}
