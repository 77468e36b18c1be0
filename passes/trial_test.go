package passes_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
	"github.com/lathe-lang/lathe/ir/tensor"
	"github.com/lathe-lang/lathe/passes"
)

var (
	programs  = flag.Int("programs", 600, "how many random functions TestTrial rewrites")
	firstSeed = flag.Uint64("first", 0, "the first seed")
	failures  = flag.Int64("failures", 1, "after how many failures TestTrial ends")
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

// TestTrial rewrites random functions and holds what comes out to the function as
// written, see trial. Every fourth function has NaN and infinities in its
// arguments, every fourth is a variation of the one whose results it must have,
// every fifth is rewritten in strict mode, and every eighth has values that no
// result needs. What fails is made smaller and printed as a file of
// testdata/regress. In a long trial every rule must have been used.
func TestTrial(t *testing.T) {
	all := seen{fired: map[*passes.Rule]int{}}
	var mu sync.Mutex
	var failed atomic.Int64
	t.Run("seeds", func(t *testing.T) {
		shards := uint64(runtime.GOMAXPROCS(0))
		for shard := range shards {
			t.Run(fmt.Sprint(shard), func(t *testing.T) {
				t.Parallel()
				some := seen{fired: map[*passes.Rule]int{}}
				for i := shard; i < uint64(*programs) && failed.Load() < *failures; i += shards {
					for _, err := range trySeed(t.Context(), *firstSeed+i, &some) {
						failed.Add(1)
						t.Error(err)
					}
				}
				mu.Lock()
				defer mu.Unlock()
				all.add(some)
			})
		}
	})
	all.report(t)
}

// trySeed tries the function of a seed under each of its lists of passes.
func trySeed(ctx context.Context, seed uint64, seen *seen) []error {
	config := irtest.Config{NonFinite: seed%4 == 3, NoHuge: true, Unused: seed%8 == 6} // another order may overflow
	f, args := irtest.Random(seed, config)
	written := trial{seed: seed, strict: seed%5 == 4}
	if err := written.evaluate(ctx, f, args); err != nil {
		return []error{fmt.Errorf("seed %d: %w", seed, err)}
	}
	tried := lists(seed)
	if seed%4 == 1 {
		f = irtest.Varied(f, seed)
		tried = append(tried, []string{}) // it alone
	}
	var failed []error
	for _, list := range tried {
		tr := written
		tr.passes = list
		if err := tr.check(ctx, f, seen); err != nil {
			failed = append(failed, fmt.Errorf("seed %d, passes %v, strict %v: %w\nas small as it gets:\n%s",
				seed, strings.Join(list, ","), tr.strict, err, tr.smaller(ctx, f, args, err)))
		}
	}
	return failed
}

// What can be wrong with what passes make of a function.
var (
	errPass     = errors.New("a pass fails")
	errResidues = errors.New("other results modulo a prime")
	errRun      = errors.New("it does not run")
	errBits     = errors.New("other bits")
	errBound    = errors.New("out of bounds")
)

// A trial is one function as written, and passes that rewrite it.
type trial struct {
	seed   uint64 // of residues
	strict bool
	passes []string

	args     []*tensor.Tensor // what evaluate was given, and what it found
	bits     []*tensor.Tensor // in strict mode
	bands    []*eval.Band     // else
	residues []*eval.Residues
	hashes   []uint64
}

// evaluate notes what results f has as it stands.
func (tr *trial) evaluate(ctx context.Context, f *ir.Func, args []*tensor.Tensor) (err error) {
	tr.args = args
	if tr.residues, err = eval.ZpArgs(f, tr.seed); err != nil {
		return err
	}
	if tr.hashes, err = eval.Zp(ctx, f, tr.residues); err != nil {
		return err
	}
	if tr.strict {
		tr.bits, err = eval.Run(ctx, f, args, eval.Options{Strict: true})
	} else {
		tr.bands, err = eval.Bounded(ctx, f, args)
	}
	return err
}

// check runs the passes on a copy of f. Modulo a prime the results must be the same
// after each pass. In floats they must be within the bounds that error analysis
// gives for f, and in strict mode have the same bits. The usual passes together
// should not make more FLOPs than there were, see seldom; some of them may, since
// they count on what others will have shared or computed at load time.
func (tr *trial) check(ctx context.Context, f *ir.Func, seen *seen) error {
	now, _ := f.Clone()
	var wrong error
	opts := passes.Options{Passes: tr.passes, Strict: tr.strict, Verify: true}
	if seen != nil {
		seen.programs++
		opts.Report = func(r passes.Rewrite) { seen.fired[r.Rule]++ }
	}
	before := now.String()
	opts.After = func(pass string, f *ir.Func) {
		text := f.String()
		if wrong != nil || text == before {
			return
		}
		before = text
		got, err := eval.Zp(ctx, f, tr.residues)
		switch {
		case err != nil:
			wrong = fmt.Errorf("%w: after %s: %w\n%v", errRun, pass, err, f)
		case !slices.Equal(got[:min(len(got), len(tr.hashes))], tr.hashes):
			wrong = fmt.Errorf("%w: after %s\n%v", errResidues, pass, f)
		}
	}
	if err := passes.Run(ctx, now, opts); err != nil {
		return fmt.Errorf("%w: %w\n%v", errPass, err, now)
	}
	if wrong != nil {
		return wrong
	}
	if was, is := f.Work(), now.Work(); is > was && tr.passes == nil && seen != nil {
		seen.dearer = append(seen.dearer, fmt.Sprintf("seed %d: %d FLOPs become %d", tr.seed, was, is))
	}
	got, err := eval.Run(ctx, now, tr.args, eval.Options{Strict: tr.strict})
	if err != nil {
		return fmt.Errorf("%w: %w\n%v", errRun, err, now)
	}
	for i := range max(len(tr.bits), len(tr.bands)) { // a variation may have more
		if tr.strict {
			if !slices.Equal(got[i].Bytes(), tr.bits[i].Bytes()) {
				return fmt.Errorf("%w: result %d\n%v", errBits, i, now)
			}
		} else if v := eval.Check(got[i], tr.bands[i]); !v.OK() {
			return fmt.Errorf("%w: result %d: %v\n%v", errBound, i, v, now)
		}
	}
	return nil
}

// smaller returns a small function with arguments on which check fails as it did
// with failed, as text.
func (tr *trial) smaller(ctx context.Context, f *ir.Func, args []*tensor.Tensor, failed error) string {
	kind := func(err error) int {
		return slices.IndexFunc([]error{errPass, errResidues, errRun, errBits, errBound}, func(k error) bool { return errors.Is(err, k) })
	}
	small := *tr
	var last error
	f, args = irtest.Shrink(f, args, func(f *ir.Func, args []*tensor.Tensor) bool {
		if small.evaluate(ctx, f, args) != nil {
			return false
		}
		err := small.check(ctx, f, nil)
		if kind(err) != kind(failed) {
			return false
		}
		last = err
		return true
	})
	r := irtest.Regression{Case: irtest.Case{Func: f, Args: args}, Passes: tr.passes, Strict: tr.strict}
	return fmt.Sprintf("%v\n%s", last, r.Text())
}

// A seen counts what trials have come across.
type seen struct {
	programs int
	fired    map[*passes.Rule]int
	dearer   []string // by the usual passes
}

func (s *seen) add(some seen) {
	s.programs += some.programs
	s.dearer = append(s.dearer, some.dearer...)
	for rule, count := range some.fired {
		s.fired[rule] += count
	}
}

// seldom is in how many programs one may get more FLOPs than it had. Each pass pays
// for itself by what it sees; what it makes keeps others from something in about
// one program of 6,000.
const seldom = 1000

// enough programs, tried twice each, make every rule fire.
const enough = 2000

// exempt are rules by laws of functions, here of angles, of which residues know
// nothing. Random functions must not make them fire; golden cases do.
var exempt = []string{"distance"}

func (s *seen) report(t *testing.T) {
	if *firings {
		t.Logf("tried: %d programs rewritten, the same modulo a prime before and after each pass", s.programs)
	}
	for _, dearer := range s.dearer {
		t.Log(dearer)
	}
	if len(s.dearer) > 1+s.programs/seldom {
		t.Errorf("%d of %d programs got more FLOPs", len(s.dearer), s.programs)
	}
	for _, name := range passes.Names() {
		for _, r := range passes.Rules()[name] {
			if *firings {
				t.Logf("fired: %-10s %-24s %6d   %s", name, r.Name, s.fired[r], r.Law)
			}
			if s.programs >= 2*enough && s.fired[r] == 0 && !slices.Contains(exempt, r.Name) {
				t.Errorf("the rule %q of %s was not used in %d programs: internal/irtest needs a pattern for it", r.Name, name, s.programs)
			}
		}
	}
}
