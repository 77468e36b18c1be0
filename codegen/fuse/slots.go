package fuse

import (
	"slices"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

// slots gives the local buffers memory: each the first slot that is free where
// it is written.
func (c *chainer) slots() {
	ch := c.chained
	slices.SortStableFunc(ch.Local, func(a, b *kernel.Buffer) int { return c.writtenIn(a) - c.writtenIn(b) })
	ch.Slots = make([]int, 0, len(ch.Local))
	var holds [][]*kernel.Buffer // by slot
	for _, b := range ch.Local {
		slot := slices.IndexFunc(holds, func(others []*kernel.Buffer) bool {
			return !slices.ContainsFunc(others, func(o *kernel.Buffer) bool { return !c.follows(b, o) })
		})
		if slot < 0 {
			slot = len(holds)
			holds = append(holds, nil)
		}
		holds[slot] = append(holds[slot], b)
		ch.Slots = append(ch.Slots, slot)
	}
}

// writtenIn returns the part that writes b.
func (c *chainer) writtenIn(b *kernel.Buffer) int {
	return slices.IndexFunc(c.chained.Parts, func(p kernel.Part) bool { return slices.Contains(kernel.Written(p.Kernel), b) })
}

// follows reports whether b may be written where o is: nothing reads o from then
// on, but the part that writes b at the element that it then writes.
func (c *chainer) follows(b, o *kernel.Buffer) bool {
	last := -1
	for i, p := range c.chained.Parts {
		if slices.Contains(c.prog.Loads(p.Kernel), o) {
			last = i
		}
	}
	at := c.writtenIn(b)
	if last != at {
		return last < at
	}
	return c.chained.RowOf(b) == c.chained.RowOf(o) && b.Type.DType.Size() == o.Type.DType.Size() && overwrites(c, c.chained.Parts[at], b, o)
}

// overwrites reports whether a part reads o only at the element of b that it
// writes next.
func overwrites(c *chainer, part kernel.Part, b, o *kernel.Buffer) bool {
	if !slices.Equal(b.Type.Dims(), o.Type.Dims()) {
		return false
	}
	r := rowReader{chainer: c, part: part, seen: map[string]bool{}, over: o}
	// A second store could read o where the first has written b.
	if g := part.Gemm; g != nil {
		return g.A.Buf != o && len(g.Store) == 1 && r.all()
	}
	// What a stage stores is there for the stages after it.
	stages := part.Nest.Stages
	last := stages[len(stages)-1].Store
	return len(last) == 1 && last[0].Buf == b && r.all()
}
