package kernel

import (
	"fmt"
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

// A View is a value as strided memory: element i is at Offset + sum of i*Strides
// elements of Buf.
type View struct {
	Buf *Buffer
	// Of, if not nil, is in no memory, and Buf nil: the elements are those of this
	// value, row-major, and who reads them computes them from what is in memory.
	Of      *ir.Value
	Offset  int
	Strides []int
	Type    ir.Type
	// Raw says that what is in memory counts: what a promised structure leaves
	// out is not asked for.
	Raw bool
}

// RowMajor returns the strides of a dense row-major tensor.
func RowMajor(shape []int) []int {
	strides := make([]int, len(shape))
	n := 1
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = n
		n *= max(shape[i], 1)
	}
	return strides
}

// View returns v as strided memory, if it is materialised or reached from what
// is by movement that only changes strides.
func (p *Program) View(v *ir.Value) (View, bool) {
	if b := p.Buf[v]; b != nil {
		return View{Buf: b, Strides: RowMajor(v.Type.Dims()), Type: v.Type}, true
	}
	if info := v.Op.Info(); info.Class != ir.Movement || len(v.Args) != 1 {
		return View{}, false
	}
	w, ok := p.View(v.Args[0])
	if !ok {
		return View{}, false
	}
	return w.Move(v)
}

// Move returns v, which is one movement of what w is, as strided memory if the
// movement only changes strides.
func (w View) Move(v *ir.Value) (View, bool) {
	from, to := v.Args[0].Type.Dims(), v.Type.Dims()
	out := View{Buf: w.Buf, Of: w.Of, Offset: w.Offset, Type: v.Type, Raw: w.Raw}
	switch v.Op {
	case ir.OpReshape:
		strides, ok := reshapeStrides(from, w.Strides, to)
		out.Strides = strides
		return out, ok
	case ir.OpBroadcast:
		out.Strides = make([]int, len(to))
		off := len(to) - len(from)
		for i, n := range from {
			if n == to[off+i] {
				out.Strides[off+i] = w.Strides[i]
			}
		}
		return out, true
	case ir.OpTranspose:
		for _, p := range v.Attrs.(*ir.PermAttrs).Perm {
			out.Strides = append(out.Strides, w.Strides[p])
		}
		return out, true
	case ir.OpSlice:
		a := v.Attrs.(*ir.SliceAttrs)
		if slices.Contains(to, 0) {
			out.Strides = make([]int, len(to))
			return out, true
		}
		for i, s := range w.Strides {
			start, _ := a.Start[i].Int()
			out.Offset += start * s
			out.Strides = append(out.Strides, a.Step[i]*s)
		}
		return out, true
	case ir.OpDiagonal:
		r := len(from)
		out.Strides = append(slices.Clone(w.Strides[:r-2]), w.Strides[r-2]+w.Strides[r-1])
		return out, true
	}
	return View{}, false
}

// reshapeStrides returns the strides of a reshape of strided memory, if there
// are any: dimensions of size 1 come and go, neighbours that lie densely merge,
// and any dimension splits.
func reshapeStrides(from, strides, to []int) ([]int, bool) {
	out := make([]int, len(to))
	if slices.Contains(to, 0) {
		return out, true
	}
	// Merge from's dimensions as far as they are dense, then cut to's from them.
	var sizes, steps []int
	for i, n := range from {
		if n == 1 {
			continue
		}
		if k := len(sizes); k > 0 && steps[k-1] == n*strides[i] {
			sizes[k-1] *= n
			steps[k-1] = strides[i]
			continue
		}
		sizes = append(sizes, n)
		steps = append(steps, strides[i])
	}
	k := len(sizes) - 1
	for i := len(to) - 1; i >= 0; i-- {
		n := to[i]
		if n == 1 {
			continue
		}
		if k < 0 || sizes[k]%n != 0 {
			return nil, false
		}
		out[i] = steps[k]
		sizes[k] /= n
		steps[k] *= n
		if sizes[k] == 1 {
			k--
		}
	}
	return out, true
}

// Source returns what a dump calls the memory that the view is of: of what is
// computed as it is read, the value.
func (v View) Source() fmt.Stringer {
	if v.Of != nil {
		return v.Of
	}
	return v.Buf
}

// Dense reports whether the view is row-major from its buffer's start.
func (v View) Dense() bool {
	if v.Offset != 0 {
		return false
	}
	dims := v.Type.Dims()
	want := RowMajor(dims)
	for i, n := range dims {
		if n != 1 && v.Strides[i] != want[i] {
			return false
		}
	}
	return true
}
