package syntax_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
)

// FuzzParse holds for every text: no panic; errors have a place in the text and
// an excerpt; what is accepted prints to a text with the same tree.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/roundtrip/*.lathe", "testdata/errors/*.lathe"} {
		for _, text := range files(f, pattern) {
			for _, part := range strings.Split(text, "# ----\n") {
				f.Add(part)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := &source.File{Name: "t", Text: text}
		tree, err := syntax.Parse(file)
		if tokens := syntax.DumpTokens(io.Discard, file); tokens != nil && err == nil {
			t.Errorf("the scanner alone reports %v", tokens)
		}
		if err != nil {
			list := source.List(err)
			if len(list) == 0 || len(list) > source.MaxErrors {
				t.Fatalf("%d source errors in %v", len(list), err)
			}
			for _, e := range list {
				if e.Pos.File != file || e.Pos.Off < 0 || e.Pos.Off > len(text) || e.Excerpt() == "" {
					t.Errorf("error without a place: %v", e)
				}
			}
			return
		}
		printed := tree.String()
		again, err := syntax.Parse(&source.File{Name: "t", Text: printed})
		if err != nil {
			if errors.Is(err, source.ErrLimit) {
				return // the printed text is longer
			}
			t.Fatalf("%v\n%s", err, printed)
		}
		if diff := cmp.Diff(tree, again, noPlaces); diff != "" {
			t.Errorf("printing changed the tree (-parsed +printed):\n%s", diff)
		}
		if diff := cmp.Diff(printed, again.String()); diff != "" {
			t.Errorf("printing is not stable (-once +twice):\n%s", diff)
		}
		if err := syntax.DumpTree(io.Discard, tree); err != nil {
			t.Error(err)
		}
	})
}
