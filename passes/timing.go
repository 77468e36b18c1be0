package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

// A moment says when something is computed: within how many loops, or when
// weights are loaded. The zero moment is that of constants.
type moment struct {
	depth int  // of loops
	call  bool // in a call, not when weights are loaded
	bytes int  // of what it comes from, where that is weights
}

// and returns when something is known of which parts are known at m and n.
func (m moment) and(n moment) moment {
	return moment{max(m.depth, n.depth), m.call || n.call, added(m.bytes, n.bytes)}
}

// A timing says when values are computed that a pass chooses to compute: before
// a loop in which they do not change if hoist is a pass of the run, and when
// weights are loaded if split comes after this pass. Without these passes all is
// computed where it is written.
type timing struct {
	w       *rewriter
	hoists  bool
	loads   bool
	limit   int                  // bytes of what is computed when weights are loaded, beside those it comes from
	pending map[*ir.Value]moment // of what is no value of the function yet
	fails   map[*ir.Value]bool   // what may fail or depends on that, which split leaves in calls
}

func newTiming(w *rewriter) *timing {
	t := &timing{w: w, hoists: slices.Contains(w.runs, "hoist"), loads: slices.Contains(w.runs[w.at:], "split"), pending: map[*ir.Value]moment{}}
	t.limit = w.opts.LoadMemory
	if t.limit == 0 {
		t.limit = always
	}
	t.loads = t.loads && t.limit > 0
	if t.loads {
		t.fails = map[*ir.Value]bool{}
		known := spans{}
		for _, v := range w.f.Body {
			for _, a := range uses(v) {
				t.fails[v] = t.fails[v] || t.fails[a]
			}
			t.fails[v] = t.fails[v] || v.Body != nil || known.fails(v)
		}
	}
	return t
}

// stands notes when a value that is no part of the function is computed.
func (t *timing) stands(v *ir.Value, at moment) { t.pending[v] = at }

// of returns when v is known to what is computed where the rewriter is.
func (t *timing) of(v *ir.Value) moment {
	if m, ok := t.pending[v]; ok {
		return m
	}
	m := moment{depth: t.w.depth, call: true}
	if t.hoists {
		m.depth = t.w.home[v]
	}
	if t.loads && m.depth == 0 && t.w.levels[v] < ir.CallLevel && !t.fails[v] {
		m.call, m.bytes = false, v.Type.Bytes()
	}
	return m
}

// fitting returns m for something of that many bytes, which may take too much
// memory to be kept from call to call.
func (t *timing) fitting(m moment, bytes int) moment {
	if !m.call && bytes > t.limit && (t.w.opts.LoadMemory != 0 || bytes > m.bytes) {
		m.call = true
	}
	return m
}

// price returns that of FLOPs at a moment, to store elems elements.
func (t *timing) price(at moment, flops, elems int) price {
	if !at.call {
		return price{0, flops, elems}
	}
	return price{times(flops, t.w.often[at.depth]), 0, elems}
}

// cheaper returns what write makes, and what it saves over before FLOPs; nil if
// that is nothing, where what it made is taken back. Orders are chosen by the
// structure that follows from that of all factors, while work counts what can be
// seen in each operand.
func (t *timing) cheaper(before int, write func() *ir.Value) (v *ir.Value, saved int) {
	w := t.w
	bodies := append(slices.Clone(w.outer[1:]), w.body)
	v = write()
	var made []*ir.Value
	for i, b := range append(slices.Clone(w.outer[1:]), w.body) {
		made = append(made, b[len(bodies[i]):]...)
	}
	if saved = before - t.work(made); saved > 0 {
		return v, saved
	}
	copy(w.outer[1:], bodies)
	w.body = bodies[len(bodies)-1]
	return nil, 0
}

// work returns the FLOPs of values, each computed as early as the passes of the
// run will have it.
func (t *timing) work(values []*ir.Value) int {
	at := map[*ir.Value]moment{}
	inside := map[*ir.Value]bool{}
	for _, v := range values {
		inside[v] = true
	}
	var when func(v *ir.Value) moment
	when = func(v *ir.Value) moment {
		if m, ok := at[v]; ok {
			return m
		}
		if !inside[v] {
			return t.of(v)
		}
		var m moment
		for _, a := range v.Args {
			m = m.and(when(a))
		}
		m = t.fitting(m, v.Type.Bytes())
		at[v] = m
		return m
	}
	n := 0
	for _, v := range values {
		n = added(n, t.price(when(v), v.Work(), 0).flops)
	}
	return n
}
