package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lathe-lang/lathe/internal/irtest"
)

// words are what calls are put together from.
var words = []string{
	"run", "check", "explain", "dump", "build", "version", "doctor", "--help",
	"f.lathe", "m.lathe", "f.ir", "x.npy", "w.safetensors", "a.npz", "none.lathe", ".", "", "-", "--",
	"f", "M.forward", "g",
	"--in", "x=x.npy", "a.npz", "x=", "y=x.npy", "--in=x=x.npy",
	"--weights", "w.safetensors", "--set", "n=2", "n=0", "n=-1", "d=3", "n=1e9", "n=99999999999999999999",
	"--random", "1", "0", "-1", "--random=7", "--threads", "2", "1024", "9223372036854775808",
	"--math", "strict", "real", "--passes", "none", "-slice,-hoist", "cse,dead", "cse,-dead", ",",
	"--max-rewrites", "--load-memory", "--no-cache", "--naive", "--check", "--json", "--verbose", "--profile",
	"--repeat", "3", "--out", "y.npy", "y.npz", "y.txt", "--trace", "trace.json", "-o", "lib",
	"--stage", "tokens", "ast", "ir", "ir:cse", "opt", "kernels", "llvm", "asm", "facts", "all", "ir:",
}

// calledFiles are the files that calls name.
func calledFiles() map[string]string {
	return map[string]string{
		"f.lathe":       "fn f(x: f32[n, 3]) -> f32[n] { sum(exp(x), axis=1) }\n",
		"m.lathe":       "model M(d) {\n    weight w: f32[d, d]\n    fn forward(x: f32[n, d]) -> f32[n, d] { relu(x @ w) }\n}\n",
		"f.ir":          "func f(x: f32[2, 3]) -> (f32[2]) {\n  v1 = sum{axes=[1]} x : f32[2]\n  return v1\n}\n",
		"x.npy":         npyArray("'<f4'", "(2, 3)", 24),
		"w.safetensors": safetensorsText(`{"w":{"dtype":"F32","shape":[3,3],"data_offsets":[0,36]}}`, 36),
	}
}

// FuzzCommand makes calls of words in any order, with some bytes of the files that
// they name changed. No call shows a bug of the compiler; one that cannot be obeyed
// has one message and leaves no file behind.
func FuzzCommand(f *testing.F) {
	for _, call := range []string{
		"run f.lathe --random 1 --set n=2", "run m.lathe --weights w.safetensors --in x=x.npy --out y.npy", "check m.lathe --json",
		"explain f.lathe --set n=2 --verbose", "dump f.ir --stage llvm", "dump f.lathe f --stage all -o lib --set n=2",
		"build m.lathe M.forward -o lib --set n=2 --set d=3", "run f.ir --random 1 --check --json", "version", "run f.lathe --in x=x.npy --naive",
	} {
		var data []byte
		for word := range strings.FieldsSeq(call) {
			data = append(data, byte(slices.Index(words, word)))
		}
		f.Add(data, "", 0)
		f.Add(data, "\xff\x00", 11)
	}
	f.Fuzz(func(t *testing.T, call []byte, changed string, at int) {
		if len(call) > 24 || len(changed) > 64 {
			t.Skip("too long to be worth the time")
		}
		t.Chdir(t.TempDir())
		src := irtest.FromBytes(call)
		files := calledFiles()
		var args []string
		for range call {
			args = append(args, words[src.Int(len(words), "word")])
		}
		for name, text := range files {
			if changed != "" && slices.ContainsFunc(args, func(a string) bool { return strings.HasSuffix(a, name) }) {
				i := int(uint(at) % uint(len(text)))
				text = text[:i] + changed + text[min(i+len(changed), len(text)):]
			}
			if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		before := tree(t, ".")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var stdout, stderr bytes.Buffer
		e := &env{stdout: &stdout, stderr: &stderr, getenv: uncached}
		switch code := run(ctx, e, args); code {
		case exitDone, exitFailed:
		case exitInput:
			if after := tree(t, "."); !slices.Equal(before, after) {
				t.Errorf("%q: files before: %v; after: %v", args, before, after)
			}
			if !json.Valid(stdout.Bytes()) { // else the errors are there
				oneMessage(t, stderr.String())
			}
		case exitInterrupted:
			if ctx.Err() == nil {
				t.Errorf("%q: it was interrupted by nobody", args)
			}
			if after := tree(t, "."); !slices.Equal(before, after) {
				t.Errorf("%q: files before: %v; after: %v", args, before, after)
			}
		default:
			t.Errorf("%q: exit status %d: %s", args, code, &stderr)
		}
	})
}
