// Package memplan places the temporary buffers of a program in one arena, such
// that buffers share memory that are never needed at the same time.
//
// This package is part of the compiler, not of its API; it changes without notice.
package memplan

import (
	"slices"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

// align is the alignment of every buffer: a cache line, and the widest vector.
const align = 64

// A span is the time in which a buffer is needed, in steps of the program.
type span struct {
	buf         *kernel.Buffer
	first, last int
}

// Assign sets the offsets of p's temporary buffers and the size of the arena,
// and those of what is made when weights are loaded.
// It is first-fit by decreasing size over the intervals in which buffers live
// (the greedy-by-size heuristic of Pisarchyk and Lee, 2020). A buffer that a
// loop uses and that is not made anew in each turn lives as long as the loop.
func Assign(p *kernel.Program) {
	p.Arena = assign(lifetimes(p, p.Steps, kernel.Temp))
	p.Making = assign(lifetimes(p, p.Load, kernel.LoadTemp))
	p.Loaded = separate(p, kernel.Loaded)
}

// assign places buffers and returns the size of their arena.
func assign(spans []*span) int {
	slices.SortStableFunc(spans, func(a, b *span) int { return b.buf.Bytes - a.buf.Bytes })
	arena := 0
	var placed []*span
	for _, s := range spans {
		s.buf.Offset = 0
		overlap := slices.DeleteFunc(slices.Clone(placed), func(o *span) bool { return o.last < s.first || s.last < o.first })
		slices.SortFunc(overlap, func(a, b *span) int { return a.buf.Offset - b.buf.Offset })
		for _, o := range overlap {
			if s.buf.Offset+s.buf.Bytes <= o.buf.Offset {
				break
			}
			s.buf.Offset = max(s.buf.Offset, roundUp(o.buf.Offset+o.buf.Bytes))
		}
		placed = append(placed, s)
		arena = max(arena, roundUp(s.buf.Offset+s.buf.Bytes))
	}
	return arena
}

func roundUp(n int) int { return (n + align - 1) / align * align }

// Peak returns the most bytes that temporary buffers hold at one time in a call,
// which is at most the arena.
func Peak(p *kernel.Program) int {
	spans := lifetimes(p, p.Steps, kernel.Temp)
	peak := 0
	for _, s := range spans {
		n := 0
		for _, o := range spans {
			if o.first <= s.first && s.first <= o.last {
				n += o.buf.Bytes
			}
		}
		peak = max(peak, n)
	}
	return peak
}

// lifetimes returns the spans of the buffers of a kind that the steps use, in
// order of first use.
func lifetimes(p *kernel.Program, steps []kernel.Step, kind kernel.BufferKind) []*span {
	w := &walker{prog: p, kind: kind, spans: map[*kernel.Buffer]*span{}}
	w.steps(steps)
	return w.order
}

type walker struct {
	prog  *kernel.Program
	kind  kernel.BufferKind
	now   int
	spans map[*kernel.Buffer]*span
	order []*span
}

func (w *walker) touch(b *kernel.Buffer) {
	if b == nil || b.Kind != w.kind {
		return
	}
	s := w.spans[b]
	if s == nil {
		s = &span{buf: b, first: w.now}
		w.spans[b] = s
		w.order = append(w.order, s)
	}
	s.last = w.now
}

func (w *walker) steps(steps []kernel.Step) {
	for _, s := range steps {
		w.now++
		switch s := s.(type) {
		case *kernel.Kernel:
			for _, b := range w.prog.Loads(s) {
				w.touch(b)
			}
			for _, b := range kernel.Written(s) {
				w.touch(b)
			}
		case *kernel.Loop:
			w.loop(s)
		}
	}
}

// loop walks the body. What lived before and is used inside, and what the first
// turn reads before it writes it, lives to the end; so does what is read after
// the loop, by its own last use.
func (w *walker) loop(l *kernel.Loop) {
	start := w.now
	w.touch(l.Lo.Buf)
	w.touch(l.Hi.Buf)
	before := len(w.order)
	w.steps(l.Body)
	w.now++
	for _, s := range w.order[:before] {
		if s.last > start {
			s.last = w.now
		}
	}
}
