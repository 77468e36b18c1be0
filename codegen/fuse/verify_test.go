package fuse_test

import (
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/codegen/fuse"
	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/internal/irtest"
)

// TestVerifyIDs breaks the rule of kernel.Verify that buffers have IDs of their
// own: two with one would be one address in a run.
func TestVerifyIDs(t *testing.T) {
	for _, c := range []struct {
		id   func(p *kernel.Program) int
		want string
	}{
		{func(p *kernel.Program) int { return p.Buffers[0].ID }, "b1 is the ID of an "},
		{func(*kernel.Program) int { return 0 }, "has the ID of the scratch, 0"},
	} {
		f, _ := irtest.Random(1, irtest.Config{})
		p := fuse.Program(f, options)
		if err := kernel.Verify(p); err != nil {
			t.Fatal(err)
		}
		p.Buffers[len(p.Buffers)-1].ID = c.id(p)
		if err := kernel.Verify(p); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}
