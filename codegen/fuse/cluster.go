package fuse

import (
	"fmt"
	"slices"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
)

// A clusterKind says which skeleton a cluster becomes.
type clusterKind uint8

const (
	mapCluster    clusterKind = iota // a nest without reductions
	nestCluster                      // a nest around reductions
	gemmCluster                      // a product of matrices
	singleCluster                    // an operation with a skeleton of its own
	concatCluster                    // a copy for each operand
	loopCluster                      // a loop with a region of its own
	copyCluster                      // stores a value a second time
)

// A cluster is a kernel in the making; a loop or a concat becomes several steps.
type cluster struct {
	kind   clusterKind
	id     int         // order of opening
	first  int         // index of its first value in the region, for a stable order
	anchor *ir.Value   // what opened it
	inside []*ir.Value // what it computes, in order
	again  []*ir.Value // values of maps that read this cluster, which it needs too and so computes itself

	// The space of a nest: see kernel.Nest.
	outer, inner []int
	full         []kernel.Axis
	stage        map[*ir.Value]int // of what a nest computes: how many reductions, one after the other, it needs of the nest

	needs []*cluster // clusters of the region that must run before, as far as known

	gemm  *kernel.Gemm
	copyN *kernel.Buffer // where a copyCluster stores anchor
	steps []kernel.Step  // of a loop, made when it is opened
	extra []*ir.Value    // values that a loop's steps use, beside operands
}

// A region is the clusters of the body of a function or of a loop.
type region struct {
	p        *planner
	body     *ir.Region
	outer    *region  // around the loop whose body this is
	around   *cluster // that loop
	index    map[*ir.Value]int
	clusters []*cluster
}

// open makes a cluster that computes v.
func (r *region) open(kind clusterKind, v *ir.Value) *cluster {
	first, ok := r.index[v]
	if !ok {
		first = -1 // from outside of the region
	}
	c := &cluster{kind: kind, id: len(r.clusters), first: first, anchor: v, inside: []*ir.Value{v}}
	if kind == nestCluster {
		c.stage = map[*ir.Value]int{v: 1}
	}
	c.needs = r.sources(v)
	r.clusters = append(r.clusters, c)
	r.p.owner[v] = c
	if kind == loopCluster {
		r.loop(c)
	}
	return c
}

// copy makes a cluster that stores v in b, wherever else v is.
func (r *region) copy(v *ir.Value, b *kernel.Buffer) {
	r.clusters = append(r.clusters, &cluster{
		kind: copyCluster, id: len(r.clusters), first: len(r.body.Body), anchor: v, outer: v.Type.Dims(), copyN: b,
	})
}

// join adds v, with its sources, to c.
func (r *region) join(c *cluster, v *ir.Value, sources []*cluster) {
	c.inside = append(c.inside, v)
	if c.kind == nestCluster {
		c.stage[v] = r.stagesBefore(c, v)
		if isReduction(v.Op) {
			c.stage[v]++
		}
	}
	r.p.owner[v] = c
	for _, d := range sources {
		if d != c && !slices.Contains(c.needs, d) {
			c.needs = append(c.needs, d)
		}
	}
}

// sources returns the clusters of this region that v's operands reach through
// floating values, latest first.
func (r *region) sources(v *ir.Value) []*cluster {
	seen := map[*ir.Value]bool{}
	var out []*cluster
	var visit func(*ir.Value)
	visit = func(u *ir.Value) {
		if seen[u] {
			return
		}
		seen[u] = true
		if c := r.p.owner[u]; c != nil {
			if r.has(c) && !slices.Contains(out, c) {
				out = append(out, c)
			}
			return
		}
		for _, a := range u.Args {
			visit(a)
		}
	}
	for _, a := range v.Args {
		visit(a)
	}
	slices.SortFunc(out, func(a, b *cluster) int { return b.id - a.id })
	return out
}

// has reports whether c is one of the region's clusters.
func (r *region) has(c *cluster) bool {
	return c.id < len(r.clusters) && r.clusters[c.id] == c
}

// after reports whether c needs d before it, through others too.
func (r *region) after(c, d *cluster) bool {
	seen := map[*cluster]bool{}
	var visit func(*cluster) bool
	visit = func(c *cluster) bool {
		if c == d {
			return true
		}
		if seen[c] {
			return false
		}
		seen[c] = true
		return slices.ContainsFunc(c.needs, visit)
	}
	return visit(c)
}

// acyclic reports whether v, with its sources, may join c: none of the other
// sources needs c.
func (r *region) acyclic(c *cluster, sources []*cluster) bool {
	for _, d := range sources {
		if d != c && r.after(d, c) {
			return false
		}
	}
	return true
}

// elementwise lets v join the latest cluster that walks its space.
func (r *region) elementwise(v *ir.Value) {
	sources := r.sources(v)
	for _, c := range sources {
		at, ok := c.place(v)
		if ok && r.reads(c, v, at) && r.acyclic(c, sources) {
			r.join(c, v, sources)
			return
		}
	}
}

// place returns where in the space of c an elementwise value of v's shape is
// computed: for each of its dimensions one of c's axes. The axes of a product
// of matrices are the dimensions of its result, those of a nest its full ones.
func (c *cluster) place(v *ir.Value) (at []int, ok bool) {
	switch c.kind {
	case gemmCluster:
		return axes(v.Type.Rank()), sameDims(v, c.anchor.Type.Dims())
	case nestCluster:
		if sameDims(v, c.fullDims()) {
			return axes(v.Type.Rank()), true
		}
		return c.outerAxes(), sameDims(v, c.outer)
	}
	return nil, false
}

// axes returns 0, 1, ..., n-1.
func axes(n int) []int {
	at := make([]int, n)
	for i := range at {
		at[i] = i
	}
	return at
}

// fullDims returns the sizes of a nest's full space.
func (c *cluster) fullDims() []int {
	dims := make([]int, len(c.full))
	for i, a := range c.full {
		if a.Inner {
			dims[i] = c.inner[a.Index]
		} else {
			dims[i] = c.outer[a.Index]
		}
	}
	return dims
}

// outerAxes returns the full axis that each dimension of Outer is.
func (c *cluster) outerAxes() []int {
	at := make([]int, len(c.outer))
	for i, a := range c.full {
		if !a.Inner {
			at[a.Index] = i
		}
	}
	return at
}

// at returns the axes of c at which its member v must be read.
func (c *cluster) at(v *ir.Value) []int {
	if c.kind == nestCluster && !sameDims(v, c.fullDims()) {
		return c.outerAxes()
	}
	return axes(v.Type.Rank())
}

// Places that are no axis of a cluster.
const (
	zero    = -1 // the only element of a dimension of size 1
	unknown = -2 // anything else
)

// reads reports whether v, computed at the axes at, needs values of c only at
// the place where they are at hand: on the same point of c's space.
func (r *region) reads(c *cluster, v *ir.Value, at []int) bool {
	seen := map[string]bool{}
	var ok func(u *ir.Value, at []int) bool
	ok = func(u *ir.Value, at []int) bool {
		key := fmt.Sprintf("%p%v", u, at)
		if seen[key] {
			return true
		}
		seen[key] = true
		if o := r.p.owner[u]; o != nil {
			return o != c || samePlace(u, at, c.at(u))
		}
		for i, a := range u.Args {
			if !ok(a, operandPlace(u, i, at)) {
				return false
			}
		}
		return true
	}
	for i, a := range v.Args {
		if !ok(a, operandPlace(v, i, at)) {
			return false
		}
	}
	return true
}

// samePlace reports whether at is want, dimensions of size 1 apart.
func samePlace(v *ir.Value, at, want []int) bool {
	for i, n := range v.Type.Dims() {
		if n != 1 && at[i] != want[i] {
			return false
		}
	}
	return true
}

// operandPlace returns at which axes operand i of v is needed to compute v at
// the axes at.
func operandPlace(v *ir.Value, i int, at []int) []int {
	a := v.Args[i]
	from := a.Type.Dims()
	out := make([]int, len(from))
	switch {
	case v.Op.Info().Class == ir.Elementwise || v.Op == ir.OpBroadcast:
		off := len(at) - len(from)
		for k, n := range from {
			out[k] = at[off+k]
			if n == 1 {
				out[k] = zero
			}
		}
		return out
	case v.Op == ir.OpTranspose:
		for k, p := range v.Attrs.(*ir.PermAttrs).Perm {
			out[p] = at[k]
		}
		return out
	case v.Op == ir.OpTri, v.Op == ir.OpAssume && !v.Type.Props.Mirrored():
		return slices.Clone(at)
	case v.Op == ir.OpReshape && sameButOnes(from, v.Type.Dims()):
		k := 0
		for j, n := range v.Type.Dims() {
			if n == 1 {
				continue
			}
			for from[k] == 1 {
				out[k] = zero
				k++
			}
			out[k] = at[j]
			k++
		}
		for ; k < len(from); k++ {
			out[k] = zero
		}
		return out
	}
	for k := range out {
		out[k] = unknown
	}
	return out
}

// sameButOnes reports whether two shapes are equal without their ones.
func sameButOnes(a, b []int) bool {
	ones := func(n int) bool { return n == 1 }
	return slices.Equal(slices.DeleteFunc(slices.Clone(a), ones), slices.DeleteFunc(slices.Clone(b), ones))
}

// maxStages is how many reductions of which each needs the one before a nest makes:
// each goes through the elements anew, and computes what it needs of them from
// where they are stored. So a row of many would take quadratic time.
const maxStages = 6

// stagesBefore returns how many such reductions of c are needed for v.
func (r *region) stagesBefore(c *cluster, v *ir.Value) int {
	seen := map[*ir.Value]int{}
	var count func(a *ir.Value) int
	count = func(a *ir.Value) int {
		if n, ok := c.stage[a]; ok {
			return n
		}
		if n, ok := seen[a]; ok || r.p.owner[a] != nil || r.p.prog.Buf[a] != nil {
			return n
		}
		n := 0
		for _, b := range a.Args {
			n = max(n, count(b))
		}
		seen[a] = n
		return n
	}
	n := 0
	for _, a := range v.Args {
		n = max(n, count(a))
	}
	return n
}

// reduction opens a nest for v, or joins one over the same space.
func (r *region) reduction(v *ir.Value) {
	x := v.Args[0]
	dims := x.Type.Dims()
	var reduced []int
	if v.Op == ir.OpArgMax || v.Op == ir.OpArgMin {
		reduced = []int{v.Attrs.(*ir.AxisAttrs).Axis}
	} else {
		reduced = v.Attrs.(*ir.AxesAttrs).Axes
	}
	var outer, inner []int
	var full []kernel.Axis
	for i, n := range dims {
		if slices.Contains(reduced, i) {
			full = append(full, kernel.Axis{Inner: true, Index: len(inner)})
			inner = append(inner, n)
		} else {
			full = append(full, kernel.Axis{Index: len(outer)})
			outer = append(outer, n)
		}
	}
	sources := r.sources(v)
	for _, c := range sources {
		if c.kind == nestCluster && slices.Equal(c.full, full) && slices.Equal(c.fullDims(), dims) &&
			r.stagesBefore(c, v) < maxStages && r.reduces(c, x) && r.acyclic(c, sources) {
			r.join(c, v, sources)
			return
		}
	}
	c := r.open(nestCluster, v)
	c.outer, c.inner, c.full = outer, inner, full
}

// reduces reports whether x can be reduced over the full space of c.
func (r *region) reduces(c *cluster, x *ir.Value) bool {
	at := axes(x.Type.Rank())
	if r.p.owner[x] == c {
		return samePlace(x, at, c.at(x))
	}
	return r.reads(c, x, at)
}
