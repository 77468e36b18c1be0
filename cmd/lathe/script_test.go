package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/tensorio"
	"github.com/lathe-lang/lathe/ir/tensor"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"lathe": main})
}

// TestScripts runs testdata/script: every command and flag, on good and bad
// input. Beside testscript's own commands there are
//
//	exits STATUS COMMAND ARG...   runs a command that must end with the status, or one of several, 0,1
//	npy FILE TYPE SHAPE VALUE...  writes a .npy file; the values repeat
//	npz FILE NAME:TYPE:SHAPE:VALUE,... ...
//	safetensors FILE NAME:TYPE:SHAPE:VALUE,... ...
//	llvm LINK                     makes a link to the LLVM library that is found
//	cut FROM TO                   copies a file without its last byte
//	values FILE VALUE...          holds the elements of a .npy file to values
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			root, err := os.Getwd()
			e.Setenv("EXAMPLES", root+"/../../examples")
			e.Setenv("LATHE_LLVM", os.Getenv("LATHE_LLVM"))
			e.Setenv("LATHE_CACHE", e.WorkDir+"/cache")
			return err
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits, "npy": npy, "npz": npz, "safetensors": safetensors, "values": values, "cut": cut, "llvm": llvm,
		},
		RequireExplicitExec: true,
		ContinueOnError:     true,
	})
}

// uncached is the environment without folders to write to.
func uncached(name string) string {
	if name == "LATHE_LLVM" {
		return os.Getenv(name)
	}
	return ""
}

// llvm makes a link to the LLVM library that is found.
func llvm(ts *testscript.TestScript, _ bool, args []string) {
	found, err := lathe.FindToolchain(ts.Getenv("LATHE_LLVM"))
	ts.Check(err)
	ts.Check(os.Symlink(found.Path, ts.MkAbs(args[0])))
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	want := strings.Split(args[0], ",")
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if !slices.Contains(want, strconv.Itoa(got)) {
		ts.Fatalf("exit status %d, want %s", got, args[0])
	}
}

// fixture makes a tensor of a type, a shape like 2,3 (or scalar) and values.
func fixture(ts *testscript.TestScript, dtype, shape string, list []string) *lathe.Tensor {
	d, err := tensor.ParseDType(dtype)
	ts.Check(err)
	var dims []int
	if shape != "scalar" {
		for _, s := range strings.Split(shape, ",") {
			n, err := strconv.Atoi(s)
			ts.Check(err)
			dims = append(dims, n)
		}
	}
	t := lathe.NewTensor(d, dims...)
	for i := range t.Len() {
		x, err := strconv.ParseFloat(list[i%len(list)], 64)
		ts.Check(err)
		t.SetFloat(i, x)
	}
	return t
}

func npy(ts *testscript.TestScript, _ bool, args []string) {
	_, err := tensorio.WriteNpy(context.Background(), ts.MkAbs(args[0]), fixture(ts, args[1], args[2], args[3:]))
	ts.Check(err)
}

func arrays(ts *testscript.TestScript, args []string) []tensorio.Array {
	var out []tensorio.Array
	for _, a := range args {
		f := strings.SplitN(a, ":", 4)
		out = append(out, tensorio.Array{Name: f[0], Tensor: fixture(ts, f[1], f[2], strings.Split(f[3], ","))})
	}
	return out
}

func npz(ts *testscript.TestScript, _ bool, args []string) {
	_, err := tensorio.WriteNpz(context.Background(), ts.MkAbs(args[0]), arrays(ts, args[1:]))
	ts.Check(err)
}

func safetensors(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(tensorio.WriteSafetensors(context.Background(), ts.MkAbs(args[0]), arrays(ts, args[1:])))
}

func values(ts *testscript.TestScript, _ bool, args []string) {
	a, err := tensorio.ReadNpy(ts.MkAbs(args[0]), 0)
	ts.Check(err)
	var got []string
	for i := range a.Tensor.Len() {
		got = append(got, a.Tensor.Format(i))
	}
	if fmt.Sprint(got) != fmt.Sprint(args[1:]) {
		ts.Fatalf("%s holds %v, want %v", args[0], got, args[1:])
	}
}

func cut(ts *testscript.TestScript, _ bool, args []string) {
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data[:len(data)-1], 0o666))
}
