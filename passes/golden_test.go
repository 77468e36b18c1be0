package passes_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
	"github.com/lathe-lang/lathe/passes"
)

var update = flag.Bool("update", false, "rewrite the expected texts in testdata")

// TestGolden runs each pass on the cases in testdata/PASS.txtar. A case has
// these files in the archive:
//
//	CASE/in       a function; what the case is about is a comment in it
//	CASE/out      the function after the pass; empty if the pass did nothing
//	CASE/report   a line for each rewrite: its rule and the FLOPs of the whole
//	CASE/options  optional lines: "passes a,b" runs these instead of the pass,
//	              "no-zp REASON" leaves out the comparison modulo a prime
//
// go test ./passes -run Golden -update writes out and report. What stands there
// is not trusted: both functions are evaluated, modulo a prime and on numbers,
// NaN and infinities among them, after all rewrites and after any number of
// them; the report must end with the FLOPs that the function has. A file has a
// case where the pass fires and one where it must not.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range passes.Names() {
		if !slices.Contains(files, filepath.Join("testdata", name+".txtar")) {
			t.Errorf("pass %s has no testdata/%s.txtar", name, name)
		}
	}
	for _, file := range files {
		pass := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(pass, func(t *testing.T) {
			if !slices.Contains(passes.Names(), pass) {
				t.Fatalf("no pass is called %s", pass)
			}
			goldenFile(t, file, pass)
		})
	}
}

// A goldenCase is one case of an archive.
type goldenCase struct {
	name            string
	in, out, report string
	passes          []string
	noZp            bool
}

func goldenFile(t *testing.T, file, pass string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	written := &txtar.Archive{Comment: archive.Comment}
	fired, idle := false, false
	for _, c := range goldenCases(t, archive, pass) {
		t.Run(c.name, func(t *testing.T) {
			in := parseFunc(t, c.in)
			out, rewrites := rewrite(t, c, 0)
			got := goldenCase{report: reportText(rewrites)}
			changed := shape(out) != shape(in)
			if changed || len(rewrites) > 0 {
				got.out = out.String()
			}
			fired = fired || len(rewrites) > 0
			idle = idle || len(rewrites) == 0
			if !*update {
				if diff := cmp.Diff(c.out, got.out); diff != "" {
					t.Errorf("out (-want +got; after a look at it, go test ./passes -run Golden -update):\n%s", diff)
				}
				if diff := cmp.Diff(c.report, got.report); diff != "" {
					t.Errorf("report (-want +got):\n%s", diff)
				}
			}
			for _, f := range archive.Files {
				switch f.Name {
				case c.name + "/in", c.name + "/options":
					written.Files = append(written.Files, f)
				}
			}
			written.Files = append(written.Files,
				txtar.File{Name: c.name + "/out", Data: []byte(got.out)}, txtar.File{Name: c.name + "/report", Data: []byte(got.report)})

			if n := len(rewrites); n > 0 && rewrites[n-1].After != out.Work() {
				t.Errorf("the report ends with %d FLOPs, the function has %d", rewrites[n-1].After, out.Work())
			}
			if changed && len(rewrites) == 0 {
				t.Errorf("the function has changed without a report:\n%v", out)
			}
			sameMeaning(t, c, in, out)
			bisect(t, c, in, rewrites)
		})
	}
	if !fired || !idle {
		t.Errorf("%s: want a case where the pass fires (have: %v) and one where it must not (have: %v)", file, fired, idle)
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(file, txtar.Format(written), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// goldenCases collects the cases of an archive, in their order there.
func goldenCases(t *testing.T, archive *txtar.Archive, pass string) []*goldenCase {
	t.Helper()
	var cases []*goldenCase
	for _, f := range archive.Files {
		name, part, _ := strings.Cut(f.Name, "/")
		i := slices.IndexFunc(cases, func(c *goldenCase) bool { return c.name == name })
		if i < 0 {
			i = len(cases)
			cases = append(cases, &goldenCase{name: name, passes: []string{pass}})
		}
		c, text := cases[i], string(f.Data)
		switch part {
		case "in":
			c.in = text
		case "out":
			c.out = text
		case "report":
			c.report = text
		case "options":
			c.options(t, text)
		default:
			t.Fatalf("%s: want CASE/in, CASE/out, CASE/report or CASE/options", f.Name)
		}
	}
	return cases
}

// options reads the lines of CASE/options.
func (c *goldenCase) options(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		key, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case key == "passes" && rest != "":
			c.passes = strings.Split(rest, ",")
		case key == "no-zp" && rest != "":
			c.noZp = true
		default:
			t.Fatalf("case %s: want passes LIST or no-zp REASON, have %q", c.name, line)
		}
	}
}

// parseFunc reads a function that is well formed and has constant sizes.
func parseFunc(t *testing.T, text string) *ir.Func {
	t.Helper()
	m, err := ir.Parse(&source.File{Name: "in", Text: text})
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Funcs) != 1 {
		t.Fatalf("want one function, have %d", len(m.Funcs))
	}
	if err := ir.Verify(m.Funcs[0]); err != nil {
		t.Fatal(err)
	}
	return m.Funcs[0]
}

// rewrite runs the passes of a case on its function, and again to see that
// nothing but the text decides what comes out.
func rewrite(t *testing.T, c *goldenCase, most int) (*ir.Func, []passes.Rewrite) {
	t.Helper()
	run := func() (*ir.Func, []passes.Rewrite) {
		var rewrites []passes.Rewrite
		f := parseFunc(t, c.in)
		err := passes.Run(t.Context(), f, passes.Options{
			Passes: c.passes, MaxRewrites: most, Verify: true,
			Report: func(r passes.Rewrite) { rewrites = append(rewrites, r) },
		})
		if err != nil {
			t.Fatal(err)
		}
		return f, rewrites
	}
	f, rewrites := run()
	again, _ := run()
	if diff := cmp.Diff(f.String(), again.String()); diff != "" {
		t.Errorf("a second run gives something else (-first +second):\n%s", diff)
	}
	return f, rewrites
}

// number is the name of a value that has only a number.
var number = regexp.MustCompile(`\bv[0-9]+\b`)

// shape returns the text of a function with its values numbered as they come in
// it, so that functions compare whatever the numbers are.
func shape(f *ir.Func) string {
	names := map[string]string{}
	return number.ReplaceAllStringFunc(f.String(), func(name string) string {
		if names[name] == "" {
			names[name] = fmt.Sprintf("v%d", len(names))
		}
		return names[name]
	})
}

func reportText(rewrites []passes.Rewrite) string {
	var b strings.Builder
	for _, r := range rewrites {
		fmt.Fprintf(&b, "%s %s: %d to %d flops\n", r.Pass, r.Rule.Name, r.Before, r.After)
	}
	return b.String()
}

func ruleNames(rewrites []passes.Rewrite) []string {
	var names []string
	for _, r := range rewrites {
		names = append(names, r.Pass+" "+r.Rule.Name)
	}
	return names
}

// bisect stops after any number of rewrites: they must be the first ones of
// the whole run, and what comes out must mean the same.
func bisect(t *testing.T, c *goldenCase, in *ir.Func, all []passes.Rewrite) {
	t.Helper()
	f, none := rewrite(t, c, -1)
	if len(none) > 0 || shape(f) != shape(in) {
		t.Errorf("with no rewrites allowed, %d were made:\n%v", len(none), f)
	}
	for n := 1; n < len(all); n++ {
		f, some := rewrite(t, c, n)
		// What the last rewrite saves includes what it makes unused.
		if diff := cmp.Diff(ruleNames(all[:n]), ruleNames(some)); diff != "" {
			t.Errorf("with %d rewrites allowed, other ones were made (-want +got):\n%s", n, diff)
		}
		sameMeaning(t, c, in, f)
	}
}

// sameMeaning evaluates two functions: modulo a prime, where linear algebra is
// exact, and on numbers, where the second must lie within the bound that error
// analysis gives for the first.
func sameMeaning(t *testing.T, c *goldenCase, in, out *ir.Func) {
	t.Helper()
	promised := false // of values, which residues know nothing of
	in.Walk(func(v *ir.Value) {
		promised = promised || v.Op != ir.OpParam && v.Type.Props.Any(ir.Orthogonal|ir.Permutation|ir.OneHot)
	})
	if !c.noZp && !promised {
		if err := sameResidues(t, in, out); err != nil {
			t.Error(err)
		}
	}
	for seed := range uint64(4) {
		nonFinite := seed == 3
		args := irtest.Args(in, seed, nonFinite)
		want, err := eval.Bounded(t.Context(), in, args)
		if err != nil {
			t.Fatal(err)
		}
		got, err := eval.Run(t.Context(), out, args, eval.Options{})
		if err != nil {
			t.Fatalf("what comes out fails: %v\n%v", err, out)
		}
		undecided, elements := 0, 0
		for i, g := range got {
			v := eval.Check(g, want[i])
			if !v.OK() {
				t.Errorf("seed %d, NaN and infinities %v: result %d: %v\n%v", seed, nonFinite, i, v, out)
			}
			undecided, elements = undecided+v.BadCount, elements+g.Len()
		}
		if !nonFinite && undecided > elements/2 {
			t.Errorf("seed %d: %d of %d elements cannot be judged: the case says little", seed, undecided, elements)
		}
	}
}

// sameResidues compares two functions modulo a prime.
func sameResidues(t *testing.T, in, out *ir.Func) error {
	t.Helper()
	args, err := eval.ZpArgs(in, 1)
	if err != nil {
		return err
	}
	want, err := eval.Zp(t.Context(), in, args)
	if err != nil {
		return err
	}
	got, err := eval.Zp(t.Context(), out, args)
	if err != nil {
		return err
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("modulo a prime the results differ: hashes %x become %x\n%v", want, got, out)
	}
	return nil
}
