package fuse

import (
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// minTile is the least number of rows and of columns for which a product is
// worth packing its right operand; thinner ones read each element once as it
// lies, row by row (see streams) or as reductions.
const minTile = 4

// contraction opens a cluster for v: a product of matrices where it is one,
// else a nest that sums products. A contraction that sums nothing floats.
func (r *region) contraction(v *ir.Value) {
	operands, result, sizes, summed := indices(v)
	if len(summed) == 0 {
		return
	}
	if g := r.gemm(v, operands, result, sizes, summed); g != nil {
		r.open(gemmCluster, v).gemm = g
		return
	}
	c := r.open(nestCluster, v)
	for j := range len(result) {
		c.full = append(c.full, kernel.Axis{Index: j})
		c.outer = append(c.outer, sizes[result[j]])
	}
	for k, s := range summed {
		c.full = append(c.full, kernel.Axis{Inner: true, Index: k})
		c.inner = append(c.inner, sizes[s])
	}
}

// indices returns the indices of a contraction: those of the operands, of the
// result, their sizes, and those that are summed in order of first appearance.
func indices(v *ir.Value) (operands []string, result string, sizes map[byte]int, summed []byte) {
	operands, result, _ = ir.SplitSpec(v.Attrs.(*ir.ContractAttrs).Spec)
	sizes = map[byte]int{}
	for i, idx := range operands {
		for j := range len(idx) {
			if _, ok := sizes[idx[j]]; !ok && strings.IndexByte(result, idx[j]) < 0 {
				summed = append(summed, idx[j])
			}
			sizes[idx[j]] = v.Args[i].Type.Dims()[j]
		}
	}
	return operands, result, sizes, summed
}

// gemm returns v as a product of matrices, nil if it is better summed in a
// nest. Operands and strides are filled in when all buffers are known.
func (r *region) gemm(v *ir.Value, operands []string, result string, sizes map[byte]int, summed []byte) *kernel.Gemm {
	if len(operands) != 2 || result == "" || v.Type.DType == tensor.Bool {
		return nil
	}
	col := result[len(result)-1]
	inA, inB := strings.IndexByte(operands[0], col) >= 0, strings.IndexByte(operands[1], col) >= 0
	if inA && inB {
		return nil
	}
	g := &kernel.Gemm{Value: v, Swap: inA}
	a, b, args := operands[0], operands[1], slices.Clone(v.Args)
	if g.Swap {
		a, b = b, a
		slices.Reverse(args)
	}
	for j := range len(result) - 1 {
		d := kernel.Dim{Size: sizes[result[j]], Result: j}
		if strings.IndexByte(b, result[j]) < 0 {
			g.Rows = append(g.Rows, d)
		} else {
			g.Batch = append(g.Batch, d)
		}
	}
	g.Col = kernel.Dim{Size: sizes[col], Result: len(result) - 1}
	both := true
	for _, s := range summed {
		g.Sum = append(g.Sum, kernel.Dim{Size: sizes[s], Result: -1})
		both = both && strings.IndexByte(a, s) >= 0 && strings.IndexByte(b, s) >= 0
	}
	if !both || g.Col.Size < minTile || few(g) && !r.streams(args[0], args[1], strings.IndexByte(b, col)) {
		return nil
	}
	return g
}

// few reports whether g has fewer than minTile rows.
func few(g *kernel.Gemm) bool {
	rows := 1
	for _, d := range g.Rows {
		rows *= d.Size
	}
	return rows < minTile
}

// streams reports whether a product of fewer than minTile rows is worth reading
// its right operand, b, in place and row by row, which a nest, going down the
// columns, does slowly where rows are long: b is large, in memory already with
// columns side by side, or widened from what is, and nothing is promised of either
// operand.
func (r *region) streams(a, b *ir.Value, column int) bool {
	const large = 1 << 16
	p := r.p
	w, ok := p.prog.View(b)
	if !ok {
		w, ok = p.widened(b)
	}
	if !ok || w.Strides[column] != 1 || b.Type.Elems() < large {
		return false
	}
	plain := func(v *ir.Value) bool {
		w, ok := p.prog.View(v)
		return !p.prog.HasZeros(v) && !(ok && kernel.Structured(w.Buf.Value.Type))
	}
	return plain(a) && plain(b)
}

// place fills in the operands and strides of a product.
func (p *planner) place(r *region, c *cluster) {
	g := c.gemm
	operands, result, _ := sides(g)
	p.factors(r, g)
	stride := func(w kernel.View, idx string, letter byte) int {
		if j := strings.IndexByte(idx, letter); j >= 0 {
			return w.Strides[j]
		}
		return 0
	}
	fill := func(d *kernel.Dim, letter byte) {
		d.A, d.B = stride(g.A, operands[0], letter), stride(g.B, operands[1], letter)
	}
	for i := range g.Batch {
		fill(&g.Batch[i], result[g.Batch[i].Result])
	}
	for i := range g.Rows {
		fill(&g.Rows[i], result[g.Rows[i].Result])
	}
	fill(&g.Col, result[g.Col.Result])
	summed, k := "", 0
	for _, idx := range strings.Split(operands0(g), ",") {
		for j := range len(idx) {
			if strings.IndexByte(result, idx[j]) < 0 && strings.IndexByte(summed, idx[j]) < 0 {
				summed += idx[j : j+1]
				fill(&g.Sum[k], idx[j])
				k++
			}
		}
	}
	g.Panel = p.opts.Panel(g.Value.Type.DType, g.Col.Size)
	g.Mirror = mirrored(g)
	p.only(g)
}

// only finds which elements of a product are needed, if those are the ones on some
// diagonals.
func (p *planner) only(g *kernel.Gemm) {
	d, ok := p.needed[g.Value]
	row := slices.IndexFunc(g.Rows, func(d kernel.Dim) bool { return d.Result == g.Value.Type.Rank()-2 })
	if !ok || row < 0 || g.Mirror || g.Left != nil && g.LeftRow != row {
		return
	}
	g.Only, g.LeftRow = &kernel.Band{Lo: -d.Below, Hi: d.Above}, row
}

// mirrored reports whether the product is symmetric, and there are panels to skip:
// it is known to be, or A and B of g are the same elements in memory, rows of the
// one being columns of the other.
func mirrored(g *kernel.Gemm) bool {
	if len(g.Rows) != 1 || g.Rows[0].Size != g.Col.Size || g.Col.Size <= g.Panel || g.Pick != nil {
		return false
	}
	if g.Value.Type.Props.Mirrored() && g.Rows[0].Result == g.Value.Type.Rank()-2 && g.Left == nil && g.Right == nil {
		return true
	}
	if g.Rows[0].A != g.Col.B || g.A.Buf != g.B.Buf || g.A.Offset != g.B.Offset || g.A.Raw != g.B.Raw {
		return false
	}
	if (g.Left == nil) != (g.Right == nil) || g.Left != nil && *g.Left != *g.Right {
		return false
	}
	differ := func(d kernel.Dim) bool { return d.A != d.B }
	return !slices.ContainsFunc(g.Batch, differ) && !slices.ContainsFunc(g.Sum, differ)
}

// sides returns the operands' indices, those of the result, and the operands, A
// before B.
func sides(g *kernel.Gemm) (operands []string, result string, args []*ir.Value) {
	operands, result, _ = ir.SplitSpec(g.Value.Attrs.(*ir.ContractAttrs).Spec)
	args = slices.Clone(g.Value.Args)
	if g.Swap {
		slices.Reverse(operands)
		slices.Reverse(args)
	}
	return operands, result, args
}

// operands0 returns the operands' indices as the contraction states them; the
// order of Sum is that of first appearance there.
func operands0(g *kernel.Gemm) string {
	lhs, _, _ := strings.Cut(g.Value.Attrs.(*ir.ContractAttrs).Spec, "->")
	return lhs
}
