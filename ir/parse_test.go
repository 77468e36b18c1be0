package ir_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
)

// TestParseErrors reads texts that say themselves where they are wrong: cases
// are apart by lines of ----, and a line "# ERROR text" expects an error with
// that text whose caret stands at the column of the #, on the line before.
// Only the first error of a text is reported.
func TestParseErrors(t *testing.T) {
	paths, err := filepath.Glob("testdata/errors/*.ir")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no texts: %v", err)
	}
	for _, path := range paths {
		all, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range strings.Split(string(all), "----\n") {
			want := ""
			lines := strings.Split(text, "\n")
			kept := lines[:0]
			for _, line := range lines {
				if before, msg, ok := strings.Cut(line, "# ERROR "); ok {
					want = fmt.Sprintf("%s:%d:%d: %s", path, len(kept), len(before)+1, msg)
					continue
				}
				kept = append(kept, line)
			}
			_, err := ir.Parse(&source.File{Name: path, Text: strings.Join(kept, "\n")})
			if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
				t.Errorf("%s\n-want +got:\n%s", text, diff)
			}
		}
	}
}

// TestParseLimits checks that what is too large is an error that names the
// limit, and takes no time or memory.
func TestParseLimits(t *testing.T) {
	loops := func(n int) string {
		s := "func f(i: i64, x: f32) -> (f32) {\n"
		id := 100
		for range n {
			s += fmt.Sprintf("v%d = for{step=1} i, i, x : f32 do (v%d: i64, v%d: f32) {\n", id, id+1, id+2)
			id += 3
		}
		for range n {
			s += "yield x }\n"
		}
		return s + "return x }"
	}
	if _, err := ir.Parse(&source.File{Name: "f.ir", Text: loops(ir.MaxNesting)}); err != nil {
		t.Errorf("%d loops: %v", ir.MaxNesting, err)
	}
	many := strings.Repeat("2, ", ir.MaxRank)
	place := &strings.Builder{}
	for i := range 1000 {
		fmt.Fprintf(place, "v%d = neg x : f32 @a:%d:65536\n", i+1, i+1)
	}
	for _, tt := range []struct{ name, text, want string }{
		{"loops", loops(ir.MaxNesting + 1), "loops nest deeper than the limit of 256"},
		{"rank", "func f(x: f32[" + many + "2]) -> () {", "rank is above the limit of 16"},
		{"axes", "func f(x: f32) -> () {\nv1 = sum{axes=[" + many + "2]} x : f32", "rank is above the limit of 16"},
		{"start", "func f(x: f32) -> () {\nv1 = slice{start=[" + many + "2]} x : f32", "rank is above the limit of 16"},
		{"positions", "func f(x: f32) -> () {\n" + place.String(), "add up to more than 16777216"},
	} {
		_, err := ir.Parse(&source.File{Name: "f.ir", Text: tt.text})
		if err == nil || !strings.Contains(err.Error(), tt.want) || !errors.Is(err, source.ErrLimit) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
	// Elements are counted before memory is asked for.
	_, err := ir.Parse(&source.File{Name: "f.ir", Text: "func f() -> () {\nv0 = const{data=f32[1000000, 1000000](1.0)} : f32"})
	if err == nil || !strings.Contains(err.Error(), "f32[1000000, 1000000] does not have 1 elements") {
		t.Errorf("got %v", err)
	}
}

func TestParseHint(t *testing.T) {
	_, err := ir.Parse(&source.File{Name: "f.ir", Text: "func f(x: f32) -> (f32) {\n  v1 = expp x : f32\n  return v1\n}\n"})
	want := "          v1 = expp x : f32\n               ^\n        hint: did you mean exp?\n"
	if e := source.List(err); len(e) != 1 || e[0].Excerpt() != want {
		t.Errorf("got %v\n%s", err, e[0].Excerpt())
	}
}

func TestParseScopes(t *testing.T) {
	m := parse(t, `
# A quoted name is not the value of that number, and a comment is nothing.
func f(%"v5": f32, i: i64) -> (f32) {
  v5 = neg %"v5" : f32 # no position
  h = exp v5 : f32
  v9 = for{step=1} i, i, h : f32 do (v6: i64, v7: f32) {
    v8 = add v7, h : f32
    yield v8
  }
  return v9
}`)
	if err := ir.VerifyModule(m); err != nil {
		t.Error(err)
	}
	f := m.Funcs[0]
	if v := f.Body[0]; v.Args[0] != f.Params[0] || v.ID != 5 || v.Pos.IsValid() {
		t.Errorf("v5 is %v", v.LongString())
	}
	if h := f.Body[1]; h.Name != "h" || f.Body[2].Body.Body[0].Args[1] != h {
		t.Errorf("h is %v", h.LongString())
	}
	roundTrip(t, m)
}

func FuzzParse(f *testing.F) {
	paths, _ := filepath.Glob("testdata/*.ir")
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	for _, line := range strings.Split(strings.Trim(everyOp, "\n"), "\n") {
		f.Add(everyParam + "\n" + strings.ReplaceAll(line, "§", "\n") + "\n  return x\n}\n")
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ir.Parse(&source.File{Name: "f.ir", Text: s})
		if err != nil {
			if e := source.List(err); len(e) != 1 || e[0].Excerpt() == "" {
				t.Errorf("error without a place: %v", err)
			}
			return
		}
		ir.VerifyModule(m)
		roundTrip(t, m)
	})
}
