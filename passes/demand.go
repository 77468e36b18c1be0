package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

// A wanted says which indices of one axis are needed: all n, the ones in list,
// ascending, or those that a value known only at run time picks.
type wanted struct {
	n    int // the size of the axis
	all  bool
	list []int

	pick  *ir.Value // an index tensor of rank 1, or the first index if count > 0
	count int       // how many indices follow from pick on; 0 for a tensor
}

// everything is the whole axis.
func everything(n int) wanted { return wanted{n: n, all: true} }

// these are the indices of a list in any order; of all of them it is everything.
func these(n int, list []int) wanted {
	list = slices.Compact(slices.Sorted(slices.Values(list)))
	if len(list) == n {
		return everything(n)
	}
	return wanted{n: n, list: list}
}

// size returns how many indices are needed.
func (w wanted) size() int {
	switch {
	case w.all:
		return w.n
	case w.pick == nil:
		return len(w.list)
	case w.count > 0:
		return w.count
	}
	return w.pick.Type.Dims()[0]
}

// indices returns the indices in order; not to be asked of a pick.
func (w wanted) indices() []int {
	if !w.all {
		return w.list
	}
	list := make([]int, w.n)
	for i := range list {
		list[i] = i
	}
	return list
}

// static reports whether the indices are known now.
func (w wanted) static() bool { return w.pick == nil }

// or returns what is needed where both are.
func (w wanted) or(u wanted) wanted {
	switch {
	case w.all || u.all:
		return everything(w.n)
	case w.pick != u.pick || w.count != u.count:
		return everything(w.n)
	case w.pick != nil:
		return w
	}
	return these(w.n, append(slices.Clone(w.list), u.list...))
}

// up returns the range from 0 to the last index that is needed.
func (w wanted) up() wanted {
	if w.all || w.pick != nil {
		return everything(w.n)
	}
	last := -1
	if len(w.list) > 0 {
		last = w.list[len(w.list)-1]
	}
	return these(w.n, everything(last+1).indices())
}

// hull returns the range from the first to the last index that is needed.
func (w wanted) hull() wanted {
	if w.all || w.pick != nil {
		return everything(w.n)
	}
	if len(w.list) == 0 {
		return w
	}
	first := w.list[0]
	list := everything(w.list[len(w.list)-1] - first + 1).indices()
	for i := range list {
		list[i] += first
	}
	return these(w.n, list)
}

// first returns the first index, 0 if there is none.
func (w wanted) first() int {
	if w.all || len(w.list) == 0 {
		return 0
	}
	return w.list[0]
}

// A demand says which elements of a value are needed: those at the wanted
// indices of every axis. nil means that nothing is.
type demand []wanted

// whole is the demand for all elements.
func whole(t ir.Type) demand {
	d := make(demand, t.Rank())
	for i, n := range t.Dims() {
		d[i] = everything(n)
	}
	return d
}

// or returns a demand that holds both; nil is none.
func (d demand) or(e demand) demand {
	if d == nil {
		return e
	}
	if e == nil {
		return d
	}
	out := make(demand, len(d))
	for i := range d {
		out[i] = d[i].or(e[i])
	}
	return out
}

// whole reports whether everything is needed.
func (d demand) whole() bool {
	for _, w := range d {
		if !w.all {
			return false
		}
	}
	return true
}

// sizes returns how many indices are needed along each axis.
func (d demand) sizes() []int {
	out := make([]int, len(d))
	for i, w := range d {
		out[i] = w.size()
	}
	return out
}

// of returns the type of the needed elements of t. Structure stays if the last
// two axes are whole.
func (d demand) of(t ir.Type) ir.Type {
	u := ir.Make(t.DType, d.sizes()...)
	if n := len(d); n >= 2 && d[n-1].all && d[n-2].all {
		u.Props = t.Props
	}
	return u
}

// static returns d with the axes whole that only a run could narrow.
func (d demand) static() demand {
	out := slices.Clone(d)
	for i, w := range d {
		if !w.static() {
			out[i] = everything(w.n)
		}
	}
	return out
}
