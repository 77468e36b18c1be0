package llvm

import (
	"testing"

	"github.com/lathe-lang/lathe/ir/tensor"
)

func TestCut(t *testing.T) {
	for rows := 1; rows < 500; rows++ {
		for _, most := range []int{1, 4, 6, 8} {
			for _, rowBytes := range []int{0, 4, 4096, 1 << 20} {
				c := newCut(rows, most, rowBytes)
				if got := c.tiles*c.height + c.tall; got != rows || c.tall >= c.tiles {
					t.Fatalf("%d rows in tiles of %d: %+v has %d rows", rows, most, c, got)
				}
				if highest := c.height + min(c.tall, 1); highest > most || c.height < 1 {
					t.Fatalf("%d rows in tiles of %d: %+v has a tile of %d rows", rows, most, c, highest)
				}
				if c.block*c.blocks < c.tiles || c.block*(c.blocks-1) >= c.tiles {
					t.Fatalf("%d rows in tiles of %d: %+v has %d tiles in blocks", rows, most, c, c.block*c.blocks)
				}
			}
		}
	}
}

func TestChunks(t *testing.T) {
	for steps := range 3000 {
		chunk, chunks := newChunks(steps, steps*48*4)
		if chunk*chunks < steps || chunks > 1 && (chunk*(chunks-1) >= steps || chunk%unroll != 0) {
			t.Fatalf("%d steps: %d chunks of %d", steps, chunks, chunk)
		}
		if bytes := chunk * 48 * 4; bytes > 2*chunkBytes {
			t.Fatalf("%d steps: a chunk takes %d bytes", steps, bytes)
		}
	}
}

func TestPanelWidth(t *testing.T) {
	for _, c := range []struct {
		bytes, cols int
		d           tensor.DType
		want        int
	}{
		{64, 64, tensor.F32, 64},  // one panel of four vectors
		{64, 48, tensor.F32, 48},  //
		{64, 768, tensor.F32, 48}, // of equals three vectors
		{64, 16, tensor.F32, 16},  // no more than there is
		{64, 17, tensor.F32, 32},
		{64, 24, tensor.F64, 24},
		{32, 768, tensor.F32, 16},
		{16, 768, tensor.F32, 8},
		{0, 768, tensor.F32, 4},
	} {
		if got := PanelWidth(Target{VectorBytes: c.bytes}, c.d, c.cols); got != c.want {
			t.Errorf("%d columns of %v, vectors of %d bytes: panels of %d, want %d", c.cols, c.d, c.bytes, got, c.want)
		}
	}
}
