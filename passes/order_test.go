package passes

import (
	"slices"
	"testing"
)

// TestOrder holds the pipeline to what its passes say must come before them.
func TestOrder(t *testing.T) {
	all := pipeline()
	for i, p := range all {
		for _, name := range p.After {
			at := slices.IndexFunc(all, func(q Pass) bool { return q.Name == name })
			if at < 0 || at >= i {
				t.Errorf("%s comes after %s, which is pass %d of the pipeline; it is pass %d", p.Name, name, at, i)
			}
		}
		if n := slices.IndexFunc(all, func(q Pass) bool { return q.Name == p.Name }); n != i {
			t.Errorf("two passes are called %s", p.Name)
		}
	}
}
