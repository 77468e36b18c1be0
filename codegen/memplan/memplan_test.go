package memplan

import (
	"testing"

	"github.com/lathe-lang/lathe/codegen/fuse"
	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/ir"
)

// TestDisjoint plans random functions: buffers that live at one time never
// share memory, and the arena holds them all.
func TestDisjoint(t *testing.T) {
	shared := 0
	for seed := range uint64(1500) {
		f, _ := irtest.Random(seed, irtest.Config{})
		p := fuse.Program(f, fuse.Options{Panel: func(ir.DType, int) int { return 16 }})
		Assign(p)
		spans := lifetimes(p, p.Steps, kernel.Temp)
		for i, a := range spans {
			if a.buf.Offset%align != 0 || a.buf.Offset+a.buf.Bytes > p.Arena {
				t.Fatalf("seed %d: %v lies at %d in an arena of %d", seed, a.buf, a.buf.Offset, p.Arena)
			}
			for _, b := range spans[:i] {
				alive := a.first <= b.last && b.first <= a.last
				apart := a.buf.Offset+a.buf.Bytes <= b.buf.Offset || b.buf.Offset+b.buf.Bytes <= a.buf.Offset
				if alive && !apart {
					t.Fatalf("seed %d: %v and %v live at one time and share memory\n%v", seed, a.buf, b.buf, p)
				}
				if !apart {
					shared++
				}
			}
		}
		if Peak(p) > p.Arena {
			t.Fatalf("seed %d: %d bytes live in an arena of %d", seed, Peak(p), p.Arena)
		}
	}
	if shared == 0 {
		t.Error("no two buffers ever shared memory")
	}
}
