package llvm

import (
	"slices"

	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// rowBytes is the most memory that kept rows may take: they should stay in the
// second-level cache.
const rowBytes = 256 << 10

// A row holds the elements of a value of the full shape between the stages of a
// nest, because they cost more to compute anew than to read: the exponentials
// of a softmax, which are summed and then divided by the sum.
type row struct {
	v     *ir.Value
	first int          // the stage that computes it
	uses  map[int]bool // the stages that read it
	p     value.Value  // to the first element, as in a register
}

// keepRows decides which values are kept, and takes the scratch memory for them.
// It is called at the entry of the kernel.
func (e *nester) keepRows() {
	if len(e.n.Stages) < 2 || e.flat {
		return
	}
	elems := product(e.n.Inner)
	if !e.axis.Inner {
		elems *= e.width * e.group
	}
	found := map[*ir.Value]*row{}
	seen := map[*ir.Value]int{} // the first stage that computes a value
	bytes := 0
	for s := range e.n.Stages {
		var visit func(v *ir.Value)
		visited := map[*ir.Value]bool{}
		visit = func(v *ir.Value) {
			if visited[v] || !e.inside[v] || v.Op.Info().Class != ir.Elementwise || !e.isFull(v) {
				return
			}
			visited[v] = true
			first, again := seen[v]
			if !again {
				seen[v] = s
			}
			if again && first < s && v.Type.DType != tensor.Bool && e.isHeavy(v) {
				r := found[v]
				if r == nil {
					size := roundUp(elems * sizeOf(regType(v.Type.DType)))
					if bytes+size > rowBytes {
						return
					}
					bytes += size
					r = &row{v: v, first: first, uses: map[int]bool{}}
					found[v] = r
					e.rowsKept = append(e.rowsKept, r)
				}
				r.uses[s] = true
				return
			}
			for _, a := range v.Args {
				visit(a)
			}
		}
		for _, r := range e.n.Stages[s].Reduce {
			for _, a := range r.Args {
				visit(a)
			}
		}
		for _, st := range e.n.Stages[s].Store {
			visit(st.Value)
		}
	}
	if bytes == 0 {
		return
	}
	p, off := e.scratch(bytes), 0
	for _, r := range e.rowsKept {
		t := regType(r.v.Type.DType)
		r.p = e.bitcast(e.emitter.at(types.I8, p, i64(off)), types.NewPointer(t))
		off += roundUp(elems * sizeOf(t))
	}
}

// isFull reports whether v has the full shape of the nest.
func (e *nester) isFull(v *ir.Value) bool {
	dims := make([]int, len(e.n.Full))
	for i, a := range e.n.Full {
		dims[i] = e.size(a)
	}
	return slices.Equal(v.Type.Dims(), dims)
}

// isHeavy reports whether computing v in the nest takes a heavy operation.
func (e *nester) isHeavy(v *ir.Value) bool {
	if !e.inside[v] && e.prog.Buf[v] != nil || v.Op.Info().Class == ir.Reduction || v.Op == ir.OpContract {
		return false
	}
	return slices.Contains(heavy, v.Op) || slices.ContainsFunc(v.Args, e.isHeavy)
}

// inRow returns where the element at the place of the code is in a row: vectors
// lie densely.
func (e *nester) inRow() index {
	steps := make([]int, len(e.n.Inner))
	size := 1
	if e.axis.Inner {
		size = e.size(e.axis)
		steps[e.axis.Index] = 1
	} else {
		size = e.width * e.group
	}
	for i := len(steps) - 1; i >= 0; i-- {
		if e.axis.Inner && i == e.axis.Index {
			continue
		}
		steps[i] = size
		size *= e.n.Inner[i]
	}
	pos := e.linear(0, steps, e.inner)
	if e.axis.Inner {
		return pos
	}
	lane := index{base: i64(e.offset), step: 1}
	if e.lanes == 0 {
		lane.step = 0
	}
	return e.sum(pos, lane)
}

// readRows binds what stage s reads from rows at the place of the code.
func (e *nester) readRows(s int) {
	for _, r := range e.rowsKept {
		if r.uses[s] {
			e.bind(r.v, e.full(), e.loadRaw(r.p, regType(r.v.Type.DType), e.inRow()))
		}
	}
}

// fillRows stores what stage s computes for others.
func (e *nester) fillRows(s int) {
	for _, r := range e.rowsKept {
		if r.first == s {
			t := regType(r.v.Type.DType)
			e.emitter.store(e.value(r.v, e.full()), e.emitter.at(t, r.p, e.inRow().base))
		}
	}
}
