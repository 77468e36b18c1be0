package syntax_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
)

var update = flag.Bool("update", false, "rewrite the expected texts in testdata")

// TestDump compares what lathe dump prints of a small program.
func TestDump(t *testing.T) {
	const path = "testdata/dump/small.txt"
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	in := &source.File{Name: "in.lathe", Text: string(archive.Files[0].Data)}
	var tokens, tree strings.Builder
	if err := syntax.DumpTokens(&tokens, in); err != nil {
		t.Fatal(err)
	}
	if err := syntax.DumpTree(&tree, parse(t, in.Text)); err != nil {
		t.Fatal(err)
	}
	got := &txtar.Archive{Files: []txtar.File{
		archive.Files[0],
		{Name: "tokens", Data: []byte(tokens.String())},
		{Name: "ast", Data: []byte(tree.String())},
		{Name: "printed", Data: []byte(parse(t, in.Text).String())},
	}}
	if *update {
		if err := os.WriteFile(path, txtar.Format(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(txtar.Format(archive)), string(txtar.Format(got))); diff != "" {
		t.Errorf("-want +got (go test -update rewrites it):\n%s", diff)
	}
}
