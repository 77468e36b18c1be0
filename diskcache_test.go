package lathe

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/passes"
	"github.com/lathe-lang/lathe/runtime/cache"
	"github.com/lathe-lang/lathe/runtime/jit"
)

const cachedText = `
fn cached(x: f32[n, 40], w: f32[40, 24]) -> f32[n, 24] {
    return cumsum(softmax(x @ w), axis=0)
}
`

// countPuts lists the entries of a cache.
func entriesOf(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// What comes from the cache gives what was compiled, bit for bit, and nothing is
// added; what is damaged is replaced; what others can write is not used.
func TestDiskCache(t *testing.T) {
	llvmtest.Library(t)
	dir := filepath.Join(t.TempDir(), "cache")
	program, err := LoadText("cached.lathe", cachedText)
	if err != nil {
		t.Fatal(err)
	}
	var notes []string
	run := func(opts Options) []byte {
		t.Helper()
		opts.LLVM, opts.Set = llvmtest.Want(), map[string]string{"n": "33"}
		opts.Note = func(text string) { notes = append(notes, text) }
		x, err := program.Compile(t.Context(), "", opts)
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		inputs := []*Tensor{NewTensor(F32, 33, 40), NewTensor(F32, 40, 24)}
		for i, in := range inputs {
			for k := range in.Len() {
				in.SetFloat(k, float64((k*7+i)%11)/8-0.5)
			}
		}
		out, err := x.Run(context.Background(), inputs...)
		if err != nil {
			t.Fatal(err)
		}
		return out[0].Bytes()
	}
	want := run(Options{})
	if len(entriesOf(t, filepath.Dir(dir))) > 0 {
		t.Error("without a folder, something was written")
	}
	expect := func(what string, opts Options, entries int) {
		t.Helper()
		if got := run(opts); opts.Math == Real && !bytes.Equal(got, want) {
			t.Errorf("%s: other results", what)
		}
		if n := len(entriesOf(t, dir)); n != entries {
			t.Errorf("%s: %d entries, want %d", what, n, entries)
		}
		if len(notes) > 0 {
			t.Errorf("%s: notes %q", what, notes)
		}
	}
	opts := Options{Cache: dir}
	expect("first", opts, 1)
	expect("second", opts, 1)
	// What changes the code has entries of its own; what does not has none.
	strict, clock, all, one := opts, opts, opts, opts
	strict.Math, clock.Clock, all.KeepAll, one.Threads = Strict, true, true, 1
	expect("strict", strict, 2)
	expect("clock", clock, 3)
	expect("kept", all, 4)
	expect("one thread", one, 4)

	files := entriesOf(t, dir)
	whole := map[string][]byte{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		whole[file] = text
		if err := os.WriteFile(file, text[:len(text)-100], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range []Options{opts, strict, clock, all} {
		run(o)
	}
	for _, file := range files {
		if text, err := os.ReadFile(file); err != nil || !bytes.Equal(text, whole[file]) {
			t.Errorf("an entry that was damaged is not as before (error %v)", err)
		}
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if got := run(opts); !bytes.Equal(got, want) || len(notes) != 1 || !strings.Contains(notes[0], "others may write") {
		t.Errorf("a folder of all: notes %q", notes)
	}
}

// Nothing on which code depends is left out of the key.
func TestProgramKey(t *testing.T) {
	parse := func(text string) *ir.Func {
		p, err := LoadText("cached.lathe", text)
		if err != nil {
			t.Fatal(err)
		}
		f, _, err := p.Func("", Options{Set: map[string]string{"n": "33"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := passes.Run(t.Context(), f, passes.Options{}); err != nil {
			t.Fatal(err)
		}
		return f
	}
	build, host, f, opts := "build", machine{version: "19.1.7", host: jit.Target{Triple: "t", CPU: "c", Features: "+f"}}, parse(cachedText), Options{}
	key := func() cache.Key { return (&diskCache{build: build}).programKey(&host, f, &opts) }
	seen := []cache.Key{key()}
	for what, change := range map[string]func(){
		"build":    func() { build = "other" },
		"version":  func() { host.version = "19.1.8" },
		"triple":   func() { host.host.Triple = "u" },
		"cpu":      func() { host.host.CPU = "d" },
		"features": func() { host.host.Features = "-f" },
		"program":  func() { f = parse(strings.ReplaceAll(cachedText, "24", "25")) },
		"math":     func() { opts.Math = Strict },
		"clock":    func() { opts.Clock = true },
		"kept":     func() { opts.KeepAll = true },
	} {
		change()
		if k := key(); slices.Contains(seen, k) {
			t.Errorf("the key does not depend on %s", what)
		} else {
			seen = append(seen, k)
		}
	}
}

func TestPackProgram(t *testing.T) {
	objects := [][]byte{[]byte("first"), {}, bytes.Repeat([]byte("third"), 100)}
	packed := packProgram(640, 7, objects)
	scratch, clock, got, err := unpackProgram(packed)
	if err != nil || scratch != 640 || clock != 7 || !slices.EqualFunc(got, objects, bytes.Equal) {
		t.Errorf("got %d, %d, %q, error %v", scratch, clock, got, err)
	}
	for n := range packed {
		if _, _, _, err := unpackProgram(packed[:n]); err == nil {
			t.Errorf("the first %d bytes of %d are a program", n, len(packed))
		}
	}
	if _, _, _, err := unpackProgram(append(packed, 0)); err == nil {
		t.Error("a byte too many is no error")
	}
}

func TestBuildID(t *testing.T) {
	id, err := buildID()
	if err != nil || len(id) < 20 {
		t.Errorf("the build is %q, error %v", id, err)
	}
}
