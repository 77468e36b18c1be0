package frontend_test

import (
	"path/filepath"
	"testing"

	"github.com/lathe-lang/lathe/frontend"
	"github.com/lathe-lang/lathe/ir"
)

// TestExamples checks the examples and the programs of the language's page, and
// instantiates every entry with the sizes that they give themselves and small
// numbers for the rest.
func TestExamples(t *testing.T) {
	var paths []string
	for _, pattern := range []string{"../examples/*.lathe", "testdata/language/*.lathe"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: no files: %v", pattern, err)
		}
		paths = append(paths, found...)
	}
	set := map[string]map[string]string{
		"Gau.forward":       {"b": "2", "n": "6", "d": "8", "e": "16", "s": "4"},
		"Flash.forward":     {"b": "2", "n": "8", "d": "8", "e": "16", "s": "4", "c": "4"},
		"MoeChoice.forward": {"n": "8", "d": "8", "f": "16", "e": "4"},
		"MoeTop2.forward":   {"n": "8", "d": "8", "f": "16", "e": "4"},
		"Vit.forward":       {"b": "2"},
		"DataMux.forward":   {"b": "2"},
		"DataMux.sentence":  {"b": "2"},
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			p, err := frontend.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Check(); err != nil {
				t.Fatal(err)
			}
			for _, e := range p.Entries() {
				b := frontend.Binding{Set: set[e.Name]}
				if b.Set == nil {
					r, err := p.Requirements(e.Name, frontend.Binding{})
					if err != nil {
						t.Errorf("%s: %v", e.Name, err)
						continue
					}
					b.Set = map[string]string{}
					for _, name := range r.Missing {
						b.Set[name] = "4"
					}
				}
				f, sig, err := p.Instantiate(e.Name, b)
				if err != nil {
					t.Errorf("%s: %v", e.Name, err)
					continue
				}
				if err := ir.Verify(f); err != nil {
					t.Errorf("%s: %v", e.Name, err)
				}
				if !f.Static() {
					t.Errorf("%s: sizes are left symbolic", e.Name)
				}
				if len(sig.Weights) != len(e.Weights) && len(e.Weights) > len(sig.Weights) {
					t.Errorf("%s reaches %d weights, %d when checked", e.Name, len(sig.Weights), len(e.Weights))
				}
			}
		})
	}
}
