package frontend_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/lathe-lang/lathe/frontend"
	"github.com/lathe-lang/lathe/internal/langtest"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
)

// FuzzLoad reads a program from any text, checks it and instantiates its
// entries with small sizes. None of it may panic; every error has a place; and
// what comes out is a function that the verifier accepts.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/*/*.lathe", "../examples/*.lathe"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text))
		}
	}
	for _, c := range langtest.Cases() {
		f.Add(c.Text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<14 {
			t.Skip("too long to be worth the time")
		}
		p, err := frontend.LoadText("f.lathe", text)
		if err != nil {
			placed(t, err)
			return
		}
		checked := p.Check()
		placed(t, checked)
		for i, e := range p.Entries() {
			if i == 4 {
				break
			}
			fn, err := instantiateSmall(p, e.Name)
			placed(t, err)
			if err != nil {
				continue
			}
			if err := ir.Verify(fn); err != nil {
				t.Errorf("%s: %v\n%v", e.Name, err, fn)
			}
		}
	})
}

// instantiateSmall instantiates an entry with every size that has no default
// set to a small number.
func instantiateSmall(p *frontend.Program, name string) (*ir.Func, error) {
	r, err := p.Requirements(name, frontend.Binding{})
	if err != nil {
		return nil, err
	}
	b := frontend.Binding{Set: map[string]string{}}
	for _, z := range r.Sizes {
		if z.Value == "" {
			b.Set[z.Name] = "2"
		}
	}
	for _, q := range r.Statics {
		b.Set[q.Name] = map[string]string{"int": "1", "float": "0.5", "flag": "true"}[q.Type]
	}
	fn, _, err := p.Instantiate(name, b)
	return fn, err
}

// placed checks that every error about a program says where.
func placed(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	list := source.List(err)
	if list == nil {
		t.Errorf("not an error of the source: %v", err)
	}
	for _, e := range list {
		if !e.Pos.IsValid() || e.Msg == "" {
			t.Errorf("no place: %q", e.Error())
		}
	}
}
