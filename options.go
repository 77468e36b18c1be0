package lathe

import (
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"weak"

	"github.com/lathe-lang/lathe/frontend"
	"github.com/lathe-lang/lathe/frontend/check"
	"github.com/lathe-lang/lathe/internal/tensorio"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
	"github.com/lathe-lang/lathe/passes"
)

// Math says what the compiler may assume of float arithmetic.
type Math uint8

// The modes of the language's page.
const (
	Real   Math = iota // sums and products are those of real numbers
	Strict             // every result is, bit for bit, that of the program as written
)

// Options control Compile. The zero Options is what users get.
type Options struct {
	Set  map[string]string  // sizes, sizes of the model and static parameters, as the language writes them
	Args map[string]ir.Type // types of arguments by name; they determine sizes

	// Weights by full name. They may be read in each run: don't change them
	// before Close. Float types convert.
	Weights     map[string]*Tensor
	WeightFiles []string // safetensors files, which are mapped until Close, or as long as they are read: don't change them

	Threads     int      // most workers of a run, up to MaxThreads; 0 for the processors that the process may use
	Math        Math     //
	Passes      []string // only these, as listed; nil for all; see passes.Select
	LoadMemory  int      // the most bytes of what is computed when weights are loaded, each value; 0 for the usual limit, -1 for nothing
	MaxRewrites int      // stop after so many rewrites; 0 for no limit, -1 for none
	LLVM        string   // a library, its folder or its major version; "" for the newest that is found

	// Cache is a folder for compiled code; "" for none. What is there is not
	// compiled again, in any process of the same executable. The folder is made
	// if it is not there, and only used if nobody else can write to it. It stays
	// below CacheLimit.
	Cache string

	Clock   bool // kernels are timed, for Executable.Timed
	KeepAll bool // every stored value has memory of its own, for Executable.Snapshot

	Stage   func(name, text string) // sees the program's text after each stage: ir, ir:PASS, opt, kernels, llvm, asm
	Rewrite func(passes.Rewrite)    // sees each rewrite
	Refused func(passes.Rewrite)    // sees each rewrite that was considered and would cost more
	Note    func(text string)       // hears of what was converted or left unused
}

func (o *Options) see(stage string, text func() string) {
	if o.Stage != nil {
		o.Stage(stage, text())
	}
}

func (o *Options) note(format string, args ...any) {
	if o.Note != nil {
		o.Note(fmt.Sprintf(format, args...))
	}
}

func (o *Options) passes() passes.Options {
	return passes.Options{
		Passes: o.Passes, MaxRewrites: o.MaxRewrites, LoadMemory: o.LoadMemory, Strict: o.Math == Strict, Report: o.Rewrite, Refuse: o.Refused,
		After: func(pass string, f *ir.Func) { o.see("ir:"+pass, f.String) },
	}
}

// MaxThreads is the most worker threads that Options.Threads may ask for.
const MaxThreads = 1024

// checkThreads refuses more workers than that.
func (o *Options) checkThreads() error {
	if o.Threads > MaxThreads {
		return &tensor.LimitError{What: "worker threads", Got: strconv.Itoa(o.Threads), Limit: MaxThreads}
	}
	return nil
}

func (o *Options) threads() int {
	if o.Threads > 0 {
		return o.Threads
	}
	return min(runtime.GOMAXPROCS(0), MaxThreads)
}

// weights are the tensors and the files of the options.
type weights struct {
	opts   *Options
	shards *tensorio.Shards // nil without files
}

// weights opens the files, and refuses what is no tensor.
func (o *Options) weights() (*weights, error) {
	for _, name := range slices.Sorted(maps.Keys(o.Weights)) {
		if t := o.Weights[name]; t == nil || t.DType() == tensor.Invalid {
			return nil, fmt.Errorf("weight %q: want a tensor, have none; make one with NewTensor or FromSlice", name)
		}
	}
	w := &weights{opts: o}
	if len(o.WeightFiles) > 0 {
		var err error
		if w.shards, err = tensorio.OpenShards(o.WeightFiles...); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// Close closes the files.
func (w *weights) Close() error {
	if w.shards == nil {
		return nil
	}
	return w.shards.Close()
}

// names lists what is given, sorted.
func (w *weights) names() []string {
	names := slices.Collect(maps.Keys(w.opts.Weights))
	if w.shards != nil {
		names = append(names, w.shards.Names()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// types returns the shapes of what is given, by name.
func (w *weights) types() map[string]ir.Type {
	types := map[string]ir.Type{}
	if w.shards != nil {
		for _, name := range w.shards.Names() {
			_, shape, _ := w.shards.Type(name)
			types[name] = ir.Make(tensor.F32, shape...)
		}
	}
	for name, t := range w.opts.Weights {
		types[name] = ir.Make(t.DType(), t.Shape()...)
	}
	return types
}

// A bound is the weights of an entry.
type bound struct {
	tensors []*Tensor
	sources []any // where each is from: see runtime.Config
	files   io.Closer
}

// An origin says which elements a weight has: those of a tensor, or those of a
// name in a file, converted.
type origin struct {
	of    any
	dtype ir.DType
}

// bind returns the weights of a signature, in order.
func (w *weights) bind(sig *frontend.Signature) (*bound, error) {
	if missing := sig.Missing(w.names()); len(missing) > 0 {
		return nil, missingWeights(missing)
	}
	used := map[string]bool{}
	out := &bound{files: w}
	for _, want := range sig.Weights {
		used[want.Name] = true
		t, from, err := w.tensor(want.Name)
		if err != nil {
			return nil, err
		}
		if !slices.Equal(t.Shape(), want.Type.Dims()) {
			return nil, fmt.Errorf("weight %s: want %v, have %s", want.Name, want.Type.Plain(), tensor.TypeString(t.DType(), t.Shape()))
		}
		if d := want.Type.DType; t.DType() != d {
			if t.DType().IsFloat() != d.IsFloat() || !d.IsFloat() {
				return nil, fmt.Errorf("weight %s: want %v, have %v; only floats convert to floats", want.Name, d, t.DType())
			}
			w.opts.note("weight %s is converted from %v to %v", want.Name, t.DType(), d)
			t = t.Convert(d)
		}
		out.tensors = append(out.tensors, t)
		out.sources = append(out.sources, origin{from, t.DType()})
	}
	for _, name := range w.names() {
		if !used[name] {
			w.opts.note("weight %s is not used", name)
		}
	}
	return out, nil
}

// tensor returns a weight, and what stands for its elements as long as it is used.
func (w *weights) tensor(name string) (t *Tensor, from any, err error) {
	if t := w.opts.Weights[name]; t != nil {
		return t, weak.Make(t), nil // which never equals that of another tensor
	}
	a, err := w.shards.Tensor(name)
	if err != nil {
		return nil, nil, err
	}
	if a.Note != "" {
		w.opts.note("%s", a.Note)
	}
	return a.Tensor, w.shards.Identity(name), nil
}

// missingWeights is the error that lists weights nobody gave.
func missingWeights(missing []check.MissingWeight) error {
	const most = 5
	text := ""
	for i, m := range missing {
		if i == most {
			text += fmt.Sprintf("\n  and %d more", len(missing)-most)
			break
		}
		text += fmt.Sprintf("\n  %s: %v", m.Name, m.Type)
		if m.Near != "" {
			text += fmt.Sprintf(" (the file has %s)", m.Near)
		}
	}
	return fmt.Errorf("%d of the weights are missing:%s", len(missing), text)
}

func named(v *ir.Value) check.Named { return check.Named{Name: v.Name, Type: v.Type} }
