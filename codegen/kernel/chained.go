package kernel

import (
	"fmt"
	"slices"
)

// A Chained is kernels that run together, block by block of the rows that they
// share, so that what one of them hands to the next is only there for a block:
// the scores of attention, the hidden layer of a feed-forward network.
//
//	for each point, each block of Block of its Rows:    // in parallel
//	  for each part: do the part's work on these rows
//
// A row is a point of all Dims. Those before Split are the points, the others
// together the rows of a point, in row-major order; a block doesn't reach over
// the end of a point. Dims of size 1 are left out.
//
// Buffers of Local are not in Program.Buffers: of each, a worker has as many
// rows as a block has, in its scratch. All their readers are parts, which read
// them in the row that they are working on.
type Chained struct {
	Dims  []int
	Split int
	Block int
	Parts []Part
	Local []*Buffer
	Slots []int
}

// A Part is a kernel of a Chained: a Gemm or a Nest without a guard.
// Axes says for each of Chained.Dims which dimension of the Gemm's result, or of
// the Nest's Outer, it is.
type Part struct {
	*Kernel
	Axes []int
}

// Points returns the number of points.
func (c *Chained) Points() int { return size(c.Dims[:c.Split]) }

// Rows returns the number of rows of a point.
func (c *Chained) Rows() int { return size(c.Dims[c.Split:]) }

func size(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// RowOf returns the bytes of a row of a local buffer.
func (c *Chained) RowOf(b *Buffer) int { return b.Bytes / max(size(c.Dims), 1) }

// RowBytes returns the bytes that a row takes in each slot.
func (c *Chained) RowBytes() []int {
	var out []int
	for i, b := range c.Local {
		for len(out) <= c.Slots[i] {
			out = append(out, 0)
		}
		out[c.Slots[i]] = max(out[c.Slots[i]], c.RowOf(b))
	}
	return out
}

// LocalBytes returns how much scratch the local buffers take, each slot at a
// multiple of 64 bytes, and where each buffer begins.
func (c *Chained) LocalBytes() (total int, at []int) {
	var slots []int
	for _, n := range c.RowBytes() {
		slots = append(slots, total)
		total += (c.Block*n + 63) / 64 * 64
	}
	for i := range c.Local {
		at = append(at, slots[c.Slots[i]])
	}
	return total, at
}

// loads returns what the parts read that is not local.
func (c *Chained) loads(p *Program) []*Buffer {
	var out []*Buffer
	own := slices.Clone(c.Local) // and what parts before have stored: their rows are there
	for _, part := range c.Parts {
		for _, b := range p.Loads(part.Kernel) {
			if !slices.Contains(own, b) && !slices.Contains(out, b) {
				out = append(out, b)
			}
		}
		for _, s := range part.Stores() {
			own = append(own, s.Buf)
		}
	}
	return out
}

// stores returns what the parts store that is not local.
func (c *Chained) stores() []Store {
	var out []Store
	for _, part := range c.Parts {
		for _, s := range part.Stores() {
			if !slices.Contains(c.Local, s.Buf) {
				out = append(out, s)
			}
		}
	}
	return out
}

// chained checks the parts of a chain and how they lie in its rows.
func (c *checker) chained(ch *Chained) error {
	if ch.Block < 1 || ch.Block > ch.Rows() || ch.Split < 0 || ch.Split >= len(ch.Dims) {
		return fmt.Errorf("blocks of %d rows of %v, of which %d are points", ch.Block, ch.Dims, ch.Split)
	}
	done := map[*Buffer]bool{}
	for _, part := range ch.Parts {
		if part.Guard != nil || part.Gemm == nil && part.Nest == nil {
			return fmt.Errorf("part %v is no product or nest without a guard", part.Inside)
		}
		var dims []int
		if part.Gemm != nil {
			if err := part.Gemm.picks(); err != nil {
				return err
			}
			dims = part.Gemm.Value.Type.Dims()
		} else {
			dims = part.Nest.Outer
		}
		if len(part.Axes) != len(ch.Dims) {
			return fmt.Errorf("part %v has %d axes for rows %v", part.Inside, len(part.Axes), ch.Dims)
		}
		for i, a := range part.Axes {
			if a < 0 || a >= len(dims) || dims[a] != ch.Dims[i] {
				return fmt.Errorf("part %v walks %v, whose axes %v are not rows %v", part.Inside, dims, part.Axes, ch.Dims)
			}
		}
		for _, b := range c.prog.Loads(part.Kernel) {
			if slices.Contains(ch.Local, b) && !done[b] {
				return fmt.Errorf("part %v loads %v (%v), which no part before it stores", part.Inside, b, b.Value)
			}
		}
		for _, s := range part.Stores() {
			done[s.Buf] = true
			if err := c.store(s); err != nil {
				return err
			}
		}
		if part.Nest != nil {
			if err := nestShapes(part.Nest); err != nil {
				return err
			}
		}
	}
	if len(ch.Slots) != len(ch.Local) {
		return fmt.Errorf("%d local buffers have %d slots", len(ch.Local), len(ch.Slots))
	}
	for _, b := range ch.Local {
		if slices.Contains(c.prog.Buffers, b) {
			return fmt.Errorf("%v is local and in memory too", b)
		}
	}
	return nil
}

// space says what a chain walks, in words.
func (c *Chained) space() string {
	return fmt.Sprintf("points %v rows %v in blocks of %d", c.Dims[:c.Split], c.Dims[c.Split:], c.Block)
}
