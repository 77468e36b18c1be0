package frontend_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/frontend"
	"github.com/lathe-lang/lathe/internal/source"
)

// TestErrors holds the errors of each file of testdata/errors against what the
// file says itself. A comment
//
//	# ERROR message
//
// expects an error with this message in the line above, at the column of the #;
// HINT in the place of ERROR expects the hint of that error. The file is
// checked; with a first line such as
//
//	# INSTANTIATE main n=3 k=2
//
// the entry is also instantiated for these sizes.
func TestErrors(t *testing.T) {
	paths, err := filepath.Glob("testdata/errors/*.lathe")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no test files: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".lathe"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want := expectations(path, string(text))
			if len(want) == 0 {
				t.Fatal("the file expects no error")
			}
			var got []string
			for _, e := range source.List(compile(path, string(text))) {
				got = append(got, e.Error())
				if strings.Contains(strings.Join(want, "\n"), "hint for "+e.Pos.String()+": ") {
					got = append(got, fmt.Sprintf("hint for %v: %s", e.Pos, e.Hint))
				}
			}
			if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
				t.Errorf("got\n%s\nwant\n%s", g, w)
			}
		})
	}
}

// compile loads, checks and, if the file says so, instantiates a program.
func compile(path, text string) error {
	p, err := frontend.Load(path)
	if err != nil {
		return err
	}
	line, _, _ := strings.Cut(text, "\n")
	words := strings.Fields(line)
	if err := p.Check(); err != nil || len(words) < 3 || words[1] != "INSTANTIATE" {
		return err
	}
	b := frontend.Binding{Set: map[string]string{}}
	for _, w := range words[3:] {
		name, value, _ := strings.Cut(w, "=")
		b.Set[name] = value
	}
	_, _, err = p.Instantiate(words[2], b)
	return err
}

var expectation = regexp.MustCompile(`^( *)# (ERROR|HINT) (.*)$`)

// expectations returns the errors that a test file expects.
func expectations(path, text string) []string {
	var want []string
	line := 0
	for i, s := range strings.Split(text, "\n") {
		m := expectation.FindStringSubmatch(s)
		if m == nil {
			line = i + 1
			continue
		}
		place := fmt.Sprintf("%s:%d:%d", path, line, len(m[1])+1)
		if m[2] == "HINT" {
			place = "hint for " + place
		}
		want = append(want, place+": "+m[3])
	}
	return want
}
