package passes_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
	"github.com/lathe-lang/lathe/ir/tensor"
	"github.com/lathe-lang/lathe/passes"
)

var (
	programs  = flag.Int("programs", 600, "how many random functions TestTrial rewrites")
	firstSeed = flag.Uint64("first", 0, "the first seed")
	firings   = flag.Bool("firings", false, "TestTrial prints how often each rule was used")
)

// lists returns the lists of passes that a function is tried with: the usual
// one, and a random subset in random order, but that split comes last: what it
// has moved to load time other passes leave alone.
func lists(seed uint64) [][]string {
	r := rand.New(rand.NewPCG(seed, 1))
	some := slices.Clone(passes.Names())
	r.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
	some = some[:1+r.IntN(len(some))]
	if i := slices.Index(some, "split"); i >= 0 {
		some = append(slices.Delete(some, i, i+1), "split")
	}
	return [][]string{nil, some}
}

// A seen is what a trial has come across.
type seen struct {
	programs int
	fired    map[*passes.Rule]int
	costly   []string // where a pass made more FLOPs than there were
}

// TestTrial rewrites random functions. Modulo a prime the results must be the
// same after each pass; in floats they must be within the bounds that error
// analysis gives for the function as written. Every fourth function has NaN and
// infinities in its arguments, every fifth is rewritten in strict mode, where
// every bit must be as it was, and every eighth has values that no result needs.
// In a long trial every rule must have been used. Rules reckon what they save
// place by place, so that together they may miss; in one of 500 functions at most.
func TestTrial(t *testing.T) {
	all := seen{fired: map[*passes.Rule]int{}}
	var mu sync.Mutex
	t.Run("seeds", func(t *testing.T) {
		shards := uint64(runtime.GOMAXPROCS(0))
		for shard := range shards {
			t.Run(fmt.Sprint(shard), func(t *testing.T) {
				t.Parallel()
				some := seen{fired: map[*passes.Rule]int{}}
				for i := shard; i < uint64(*programs) && !t.Failed(); i += shards {
					for _, list := range lists(*firstSeed + i) {
						try(t, *firstSeed+i, list, &some)
					}
				}
				mu.Lock()
				defer mu.Unlock()
				all.programs += some.programs
				all.costly = append(all.costly, some.costly...)
				for rule, count := range some.fired {
					all.fired[rule] += count
				}
			})
		}
	})
	slices.Sort(all.costly)
	for _, what := range all.costly {
		t.Log(what)
	}
	if len(all.costly)*500 > all.programs {
		t.Errorf("%d of %d functions cost more after a pass than before", len(all.costly), all.programs)
	}
	if *firings {
		t.Logf("tried: %d programs rewritten, the same modulo a prime before and after each pass", all.programs)
	}
	for _, name := range passes.Names() {
		for _, r := range passes.Rules()[name] {
			if *firings {
				t.Logf("fired: %-10s %-24s %6d   %s", name, r.Name, all.fired[r], r.Law)
			}
			if *programs >= enough && all.fired[r] == 0 {
				t.Errorf("the rule %q of %s was not used in %d programs: internal/irtest needs a pattern for it", r.Name, name, all.programs)
			}
		}
	}
}

// enough programs make every rule fire.
const enough = 2000

// try rewrites the function of a seed by a list of passes.
func try(t *testing.T, seed uint64, list []string, seen *seen) {
	t.Helper()
	strict := seed%5 == 4
	config := irtest.Config{NonFinite: seed%4 == 3, NoHuge: true, Unused: seed%8 == 6} // another order may overflow
	f, args := irtest.Random(seed, config)
	written, _ := irtest.Random(seed, config)
	if err := tried(t, f, list, strict, seed, seen); err != nil {
		t.Errorf("seed %d, passes %v: %v\nas written:\n%v\nnow:\n%v", seed, list, err, written, f)
		return
	}
	got, err := eval.Run(t.Context(), f, args, eval.Options{Strict: strict})
	if err != nil {
		t.Errorf("seed %d, passes %v: %v\nas written:\n%v\nnow:\n%v", seed, list, err, written, f)
		return
	}
	fail := func(format string, a ...any) {
		t.Helper()
		small := shrunk(t, written, args, list, strict)
		t.Errorf("seed %d, passes %v, strict %v: %s\nas written:\n%v\nnow:\n%v\na smaller one with other results modulo a prime:\n%v", seed, list, strict, fmt.Sprintf(format, a...), written, f, small)
	}
	if strict {
		want, err := eval.Run(t.Context(), written, args, eval.Options{Strict: true})
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if !slices.Equal(got[i].Bytes(), want[i].Bytes()) {
				fail("result %d has other bits", i)
			}
		}
		return
	}
	bands, err := eval.Bounded(t.Context(), written, args)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if v := eval.Check(got[i], bands[i]); !v.OK() {
			fail("result %d: %v", i, v)
		}
	}
}

// tried runs the passes on f and holds what each of them makes to what was
// before, modulo a prime.
func tried(t *testing.T, f *ir.Func, list []string, strict bool, seed uint64, seen *seen) error {
	args, err := eval.ZpArgs(f, seed)
	if err != nil {
		t.Fatal(err)
	}
	want, err := eval.Zp(t.Context(), f, args)
	if err != nil {
		t.Fatal(err)
	}
	var wrong error
	var costly []string
	work, ran, names := f.Work(), 0, list
	if list == nil {
		names = passes.Names()
	}
	opts := passes.Options{
		Passes: list, Strict: strict, Verify: true,
		Report: func(r passes.Rewrite) {
			if seen != nil {
				seen.fired[r.Rule]++
			}
		},
		After: func(pass string, f *ir.Func) {
			if wrong != nil {
				return
			}
			got, err := eval.Zp(t.Context(), f, args)
			switch {
			case err != nil:
				wrong = fmt.Errorf("after %s: %w", pass, err)
			case !slices.Equal(got, want):
				wrong = fmt.Errorf("%s changes results modulo a prime", pass)
			}
			// chain and factor count on what split will have computed at load time.
			ran++
			ahead := slices.Contains(names[ran:], "split") && (slices.Contains(names[:ran], "chain") || slices.Contains(names[:ran], "factor"))
			if now := f.Work(); now > work && wrong == nil && !ahead {
				costly = append(costly, fmt.Sprintf("seed %d, passes %v: %s makes %d FLOPs of %d", seed, list, pass, now, work))
				work = now
			} else if !ahead {
				work = now
			}
		},
	}
	if err := passes.Run(t.Context(), f, opts); err != nil {
		return err
	}
	if seen != nil {
		seen.programs++
		seen.costly = append(seen.costly, costly...)
	}
	return wrong
}

// shrunk returns a small function that the passes change modulo a prime; "" if
// the results differ in another way only.
func shrunk(t *testing.T, f *ir.Func, args []*tensor.Tensor, list []string, strict bool) string {
	failing := func(f *ir.Func, _ []*tensor.Tensor) bool {
		copied, err := ir.Parse(&source.File{Name: "small.ir", Text: f.String()})
		return err == nil && tried(t, copied.Funcs[0], list, strict, 1, nil) != nil
	}
	if !failing(f, args) {
		return ""
	}
	small, _ := irtest.Shrink(f, args, failing)
	return small.String()
}
