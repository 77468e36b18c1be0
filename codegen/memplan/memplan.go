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

// Assign sets the offsets of p's temporary buffers and the size of the arena.
// It is first-fit by decreasing size over the intervals in which buffers live
// (the greedy-by-size heuristic of Pisarchyk and Lee, 2020). A buffer that a
// loop uses and that is not made anew in each turn lives as long as the loop.
func Assign(p *kernel.Program) {
	spans := lifetimes(p)
	slices.SortStableFunc(spans, func(a, b *span) int { return b.buf.Bytes - a.buf.Bytes })
	p.Arena = 0
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
		p.Arena = max(p.Arena, roundUp(s.buf.Offset+s.buf.Bytes))
	}
}

func roundUp(n int) int { return (n + align - 1) / align * align }

// Peak returns the most bytes that temporary buffers hold at one time, which is
// at most the arena.
func Peak(p *kernel.Program) int {
	spans := lifetimes(p)
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

// lifetimes returns the spans of the temporary buffers, in order of first use.
func lifetimes(p *kernel.Program) []*span {
	w := &walker{prog: p, spans: map[*kernel.Buffer]*span{}}
	w.steps(p.Steps)
	return w.order
}

type walker struct {
	prog  *kernel.Program
	now   int
	spans map[*kernel.Buffer]*span
	order []*span
}

func (w *walker) touch(b *kernel.Buffer) {
	if b == nil || b.Kind != kernel.Temp {
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
