package frontend_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/frontend"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// TestRun evaluates the programs of testdata/run and holds the results against
// numbers that were computed by hand. Numbers are small, so that every result
// is exact. A file says itself what to run, in comments:
//
//	# RUN entry k=2            the entry, with sizes and static parameters
//	# IN x f32[2, 3] 1 2 3 4 5 6   an argument or a weight
//	# OUT f32[2] 6 15          a result; or, in the place of results,
//	# FAILS text               the error at run time
func TestRun(t *testing.T) {
	paths, err := filepath.Glob("testdata/run/*.lathe")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no test files: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".lathe"), func(t *testing.T) {
			p, err := frontend.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Check(); err != nil {
				t.Fatalf("check: %v", err)
			}
			cases := runCases(t, path)
			if len(cases) == 0 {
				t.Fatal("the file runs nothing")
			}
			for _, c := range cases {
				c.run(t, p)
			}
		})
	}
}

// A runCase is an entry with what it takes and gives.
type runCase struct {
	line  int
	entry string
	set   map[string]string
	in    map[string]*tensor.Tensor
	out   []*tensor.Tensor
	fails string
}

func runCases(t *testing.T, path string) []*runCase {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var cases []*runCase
	for i, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != "#" {
			continue
		}
		switch rest := strings.Join(words[2:], " "); words[1] {
		case "RUN":
			c := &runCase{line: i + 1, entry: words[2], set: map[string]string{}, in: map[string]*tensor.Tensor{}}
			for _, w := range words[3:] {
				name, value, _ := strings.Cut(w, "=")
				c.set[name] = value
			}
			cases = append(cases, c)
		case "IN":
			name, value, _ := strings.Cut(rest, " ")
			cases[len(cases)-1].in[name] = parseTensor(t, value)
		case "OUT":
			c := cases[len(cases)-1]
			c.out = append(c.out, parseTensor(t, rest))
		case "FAILS":
			cases[len(cases)-1].fails = rest
		}
	}
	return cases
}

var tensorText = regexp.MustCompile(`^([a-z0-9]+)(?:\[([0-9, ]*)\])?(.*)$`)

// parseTensor reads f32[2, 2] 1 2 3 4.
func parseTensor(t *testing.T, text string) *tensor.Tensor {
	t.Helper()
	m := tensorText.FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("%q is no tensor", text)
	}
	d, err := tensor.ParseDType(m[1])
	if err != nil {
		t.Fatal(err)
	}
	var shape []int
	for _, s := range strings.FieldsFunc(m[2], func(r rune) bool { return r == ',' || r == ' ' }) {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		shape = append(shape, n)
	}
	out := tensor.New(d, shape...)
	words := strings.Fields(m[3])
	if len(words) != out.Len() {
		t.Fatalf("%q has %d elements, want %d", text, len(words), out.Len())
	}
	for i, w := range words {
		x, err := strconv.ParseFloat(w, 64)
		if err != nil {
			t.Fatal(err)
		}
		if d.IsFloat() {
			out.SetFloat(i, x)
		} else {
			out.SetInt(i, int64(x))
		}
	}
	return out
}

func (c *runCase) run(t *testing.T, p *frontend.Program) {
	t.Helper()
	all := map[string]ir.Type{}
	b := frontend.Binding{Set: c.set, Params: map[string]ir.Type{}, Weights: map[string]ir.Type{}}
	for name, x := range c.in {
		all[name] = ir.Make(x.DType(), x.Shape()...)
	}
	for _, e := range p.Entries() {
		if e.Name != c.entry {
			continue
		}
		for _, q := range e.Params {
			if typ, ok := all[q.Name]; ok {
				b.Params[q.Name] = typ
				delete(all, q.Name)
			}
		}
	}
	b.Weights = all
	f, sig, err := p.Instantiate(c.entry, b)
	if err != nil {
		t.Errorf("line %d: %v", c.line, err)
		return
	}
	if err := ir.Verify(f); err != nil {
		t.Errorf("line %d: %v\n%v", c.line, err, f)
		return
	}
	var args []*tensor.Tensor
	for _, q := range append(sig.Params, sig.Weights...) {
		x, ok := c.in[q.Name]
		if !ok {
			t.Errorf("line %d: no value for %s", c.line, q.Name)
			return
		}
		args = append(args, x)
	}
	got, err := eval.Run(context.Background(), f, args, eval.Options{})
	if err != nil {
		if c.fails == "" || !strings.Contains(err.Error(), c.fails) {
			t.Errorf("line %d: %v", c.line, err)
		}
		return
	}
	if c.fails != "" || len(got) != len(c.out) {
		t.Errorf("line %d: %d results, want %d%s", c.line, len(got), len(c.out), c.fails)
		return
	}
	for i := range got {
		if !tensor.Equal(got[i], c.out[i]) {
			t.Errorf("line %d: result %d is %s, want %s", c.line, i, elements(got[i]), elements(c.out[i]))
		}
	}
}

// elements writes a tensor as parseTensor reads it.
func elements(x *tensor.Tensor) string {
	s := tensor.TypeString(x.DType(), x.Shape())
	for i := range x.Len() {
		s += fmt.Sprint(" ", x.Format(i))
	}
	return s
}
