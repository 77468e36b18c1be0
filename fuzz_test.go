package lathe_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir"
)

// FuzzExecutables reads programs, compiles, runs and closes them in any order and
// with any operands. Nothing panics, nothing is a bug of the compiler's, a run
// that fits gives results, and one that does not, or is of what is closed, an error.
func FuzzExecutables(f *testing.F) {
	for seed := range uint64(24) {
		f.Add(irtest.Bytes(seed, int(30+20*seed)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<10 {
			t.Skip("too long to be worth the time")
		}
		u := &user{t: t, src: irtest.FromBytes(data)}
		for range min(len(data)/8, 24) {
			u.step()
		}
		for _, x := range u.executables {
			if err := errors.Join(x.Close(), x.Close()); err != nil {
				t.Error(err)
			}
		}
	})
}

// A user makes choices by src.
type user struct {
	t           *testing.T
	src         irtest.Src
	programs    []written
	executables []*lathe.Executable
	closed      map[*lathe.Executable]bool
	made        []*lathe.Tensor // what runs gave, and arguments
}

// A written is a program, with arguments of its entry where they are known.
type written struct {
	*lathe.Program
	weights map[string]*lathe.Tensor
}

// texts are programs in the language, and some that are none.
var texts = []string{
	"fn f(x: f32[n, 3], w: f32[3, m]) -> f32[n, m] { tanh(x @ w) }",
	"fn f(x: f32[n], i: i64[3]) { return x[i], top_k(x, 2) }",
	"fn f(x: f32[2], k: i64) { y = x\n for i in 0..k { y = y + x }\n return y }",
	"model M(d = 3) { weight w: f32[d, d]\n fn forward(x: f32[n, d]) -> f32[n, d] { softmax(x @ w) } }",
	"fn f(x: i64[n], y: i64[n]) -> i64[n] { x // y }",
	"fn f(x: f32[n, n] lower unit, b: f32[n]) -> f32[n] { solve(x, b) }",
	"fn f(x: f32[n]) -> f32[n + 1] { x }",
	"fn f(", "",
}

func (u *user) int(n int) int { return u.src.Int(n, "") }

func (u *user) step() {
	switch u.int(8) {
	case 0:
		u.read()
	case 1, 2:
		u.compile()
	case 3, 4, 5:
		u.run()
	case 6:
		u.close()
	case 7:
		u.made = append(u.made, u.tensor())
	}
}

// read makes a program of a text or of a random function.
func (u *user) read() {
	if u.int(2) == 0 {
		p, err := lathe.LoadText([]string{"f.lathe", "f.ir", ""}[max(u.int(16)-13, 0)], texts[u.int(len(texts))])
		if u.sound(err); err != nil {
			return
		}
		u.sound(p.Check())
		u.programs = append(u.programs, written{Program: p})
		return
	}
	f, args := irtest.Generate(u.src, irtest.Config{Steps: 4, MaxElems: 256})
	p, err := lathe.FromFunc(f)
	if err != nil {
		u.t.Fatal(err)
	}
	w := written{p, map[string]*lathe.Tensor{}}
	for i, v := range f.Params {
		u.made = append(u.made, args[i])
		if v.Weight {
			w.weights[v.Name] = args[i]
		}
	}
	u.programs = append(u.programs, w)
}

func (u *user) compile() {
	if len(u.programs) == 0 {
		u.read()
		return
	}
	p := u.programs[u.int(len(u.programs))]
	opts := lathe.Options{
		Set:     map[string]string{"n": []string{"2", "3", "0", "-1", "", "1e3", "99999999999999999999"}[max(u.int(16)-9, 0)], "m": "3"},
		Weights: p.weights, LLVM: llvmtest.Want(),
		Threads: []int{1, 2, 0, -1, lathe.MaxThreads + 1, math.MaxInt}[max(u.int(32)-26, 0)],
	}
	if p.weights != nil {
		opts.Set = nil
	}
	switch u.int(16) {
	case 8:
		opts.Math = lathe.Strict
	case 9:
		opts.Passes = []string{}
	case 10:
		opts.Passes = []string{"none", ""}
	case 11:
		opts.MaxRewrites, opts.LoadMemory = u.int(5)-2, u.int(5)-2
	case 12:
		opts.Weights = map[string]*lathe.Tensor{"w": u.tensor(), "": nil}
	case 13:
		opts.Set = map[string]string{"q": "1"}
	case 14:
		opts.Args = map[string]ir.Type{"x": ir.Make(lathe.F32, u.int(4)-1, 3), "k": {}}
	case 15:
		opts.WeightFiles = []string{"none.safetensors"}
	}
	entry := []string{"", "f", "M.forward", "random", "none", "\x00"}[max(u.int(16)-10, 0)]
	x, err := p.Compile(u.context(), entry, opts)
	if u.sound(err); err == nil {
		u.executables = append(u.executables, x)
	}
}

func (u *user) run() {
	if len(u.executables) == 0 {
		u.compile()
		return
	}
	x := u.executables[u.int(len(u.executables))]
	types := x.Inputs()
	fits := true
	var in []*lathe.Tensor
	for _, t := range types {
		a := lathe.NewTensor(t.DType, t.Dims()...)
		for _, m := range u.made {
			if m != nil && u.int(2) == 1 && m.Len() == a.Len() && m.DType() == a.DType() {
				copy(a.Bytes(), m.Bytes())
			}
		}
		in = append(in, a)
	}
	switch u.int(8) {
	case 5:
		in, fits = append(in, u.tensor()), false
	case 6:
		if len(in) > 0 {
			in, fits = in[1:], false
		}
	case 7:
		if len(in) > 0 {
			in[u.int(len(in))] = u.tensor()
			fits = false // perhaps, but nothing is asked of it then
		}
	}
	ctx := u.context()
	var out []*lathe.Tensor
	var err error
	if u.int(4) == 3 {
		for _, t := range x.Outputs() {
			out = append(out, lathe.NewTensor(t.DType, t.Dims()...))
		}
		switch u.int(4) {
		case 1:
			out, fits = append(out, nil), false
		case 2:
			if len(in) > 0 {
				out[u.int(len(out))], fits = in[0], false
			}
		}
		err = x.RunInto(ctx, out, in)
	} else if u.int(16) == 15 {
		out, _, err = x.Snapshot(ctx, in...)
		fits = false
	} else {
		out, err = x.Run(ctx, in...)
	}
	u.sound(err)
	var found *lathe.RuntimeError
	switch {
	case u.closed[x]:
		if err == nil || fits && ctx.Err() == nil && !errors.Is(err, lathe.ErrClosed) {
			u.t.Errorf("a run of what is closed: %v", err)
		}
	case fits && ctx.Err() == nil && err != nil && !errors.As(err, &found):
		u.t.Errorf("a run that fits: %v", err)
	case err == nil && len(out) != len(x.Outputs()):
		u.t.Errorf("%d results of %d", len(out), len(x.Outputs()))
	case err == nil:
		u.made = append(u.made, out...)
	}
}

func (u *user) close() {
	if len(u.executables) == 0 {
		return
	}
	x := u.executables[u.int(len(u.executables))]
	if err := x.Close(); err != nil {
		u.t.Error(err)
	}
	if u.closed == nil {
		u.closed = map[*lathe.Executable]bool{}
	}
	u.closed[x] = true
}

// tensor returns a tensor, or none.
func (u *user) tensor() *lathe.Tensor {
	d := []lathe.DType{lathe.F32, lathe.I64, lathe.F64, lathe.Bool, lathe.BF16}[u.int(5)]
	switch u.int(5) {
	case 0:
		return nil
	case 1:
		return &lathe.Tensor{}
	}
	t := lathe.NewTensor(d, []int{2, 3, 0, 1}[u.int(4)], 3)
	for i := range t.Bytes() {
		t.Bytes()[i] = byte(u.int(2)) // of bool 0 and 1 only
	}
	return t
}

// context returns a context that ends before loops do that turn for days, and has
// ended once in sixteen times.
func (u *user) context() context.Context {
	ctx, cancel := context.WithTimeout(u.t.Context(), 200*time.Millisecond)
	if u.int(16) == 15 {
		cancel()
	}
	u.t.Cleanup(cancel)
	return ctx
}

// sound checks that an error is none of the compiler's, and says something.
func (u *user) sound(err error) {
	u.t.Helper()
	var bug *lathe.InternalError
	if errors.As(err, &bug) {
		u.t.Errorf("%v\n%s", err, bug.Stack)
	} else if err != nil && strings.TrimSpace(err.Error()) == "" {
		u.t.Error("an error without a message")
	}
}
