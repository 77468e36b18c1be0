package lathe_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir/eval"
)

// TestFaults runs programs whose indices are known only at run time: what is in
// range runs, what is not fails with the same words and at the same place in
// kernels and in the evaluator. A loop that does not turn asks for nothing.
func TestFaults(t *testing.T) {
	const header = "fn f(x: f32[n], k: i64) "
	for _, c := range []struct {
		body string
		n    int
		k    int64
		want string // the error; "" for none
	}{
		{"{ x[k] }", 3, 2, ""},
		{"{ x[k] }", 3, 3, "test.lathe:1:28: index 3 is out of range: want 0 to 2"},
		{"{ x[k] }", 3, -1, "test.lathe:1:28: index -1 is out of range: want 0 to 2"},
		{"{ x[k:k+4] }", 5, 1, ""},
		{"{ x[k:k+4] }", 5, 2, "test.lathe:1:28: a slice from 2 on is out of range: want it to begin at 0 to 1"},
		{"{ x[k:k+4] * 2 + 1 }", 5, -1, "test.lathe:1:28: a slice from -1 on is out of range: want it to begin at 0 to 1"},
		{"{ x[k:k+4] }", 4, 1, "test.lathe:1:28: a slice from 1 on is out of range: want it to begin at 0"},
		{"{ x[k] }", 1, 1, "test.lathe:1:28: index 1 is out of range: want 0"},
		{"{ x[k:k+1] }", 4, 4, "test.lathe:1:28: index 4 is out of range: want 0 to 3"},
		{"{ x[k:k] }", 4, 4, ""},
		{"{\n y = x\n y[k] = 1\n return y }", 3, 3, "test.lathe:3:7: index 3 is out of range: want 0 to 2"},
		{"{\n y = x\n y[k:k+2] = 1\n return y }", 3, 1, ""},
		{"{\n y = x\n y[k:k+2] = 1\n return y }", 3, 2, "test.lathe:3:11: a slice from 2 on is out of range: want it to begin at 0 to 1"},
		{"{\n y = x * 2\n y[k:k+2] += 1\n return y + 1 }", 3, -5, "test.lathe:3:11: a slice from -5 on is out of range: want it to begin at 0 to 1"},

		{"{\n y = x\n for i in 0..n { y[i] = 1 }\n return y }", 0, 0, ""},
		{"{\n y = x\n for i in 0..k { y[i] = 1 }\n return y }", 0, 0, ""},
		{"{\n y = x\n for i in 0..k { y[i] = 1 }\n return y }", 0, 1, "test.lathe:3:23: index 0 is out of range: there are no elements"},
		{"{\n y = x\n for i in 0..k { y[i:i+2] += 1 }\n return y }", 1, 0, ""},
		{"{\n y = x\n for i in 0..k { y[i:i+2] = 1 }\n return y }", 1, 1, "test.lathe:3:27: a slice from 0 on is out of range: it takes more elements than there are"},
		{"{\n y = zeros(f32[4])\n for i in 0..k { y = y + x[i:i+4] }\n return y }", 3, 0, ""},
		{"{\n y = zeros(f32[4])\n for i in 0..k { y = y + x[i:i+4] }\n return y }", 3, 2, "test.lathe:3:27: a slice from 0 on is out of range: it takes more elements than there are"},
		{"{\n y = zeros(f32[4])\n for i in 0..n - 3 { y += x[i:i+4] }\n return y }", 2, 0, ""},
		{"{\n y = zeros(f32[3, n])\n for i in 0..k { y[i, i] = 1 }\n return y }", 0, 1, "test.lathe:3:26: index 0 is out of range: there are no elements"},
		{"{ 7 // k }", 1, 0, "test.lathe:1:29: 7 is divided by zero"},
	} {
		program, err := lathe.LoadText("test.lathe", header+c.body)
		if err != nil {
			t.Errorf("%s: %v", c.body, err)
			continue
		}
		x := lathe.NewTensor(lathe.F32, c.n)
		for i := range c.n {
			x.SetFloat(i, float64(i+1))
		}
		k := lathe.NewTensor(lathe.I64)
		k.SetInt(0, c.k)
		args := []*lathe.Tensor{x, k}
		opts := lathe.Options{Set: sizes(fmt.Sprintf("n=%d", c.n)), Threads: 2, LLVM: llvmtest.Want()}
		f, _, err := program.Func("f", opts)
		if err != nil {
			t.Errorf("%s: %v", c.body, err)
			continue
		}
		bands, evalErr := eval.Bounded(t.Context(), f, args)
		exe, err := program.Compile(t.Context(), "f", opts)
		if err != nil {
			t.Errorf("%s: %v", c.body, err)
			continue
		}
		got, runErr := exe.Run(t.Context(), args...)
		if err := exe.Close(); err != nil {
			t.Error(err)
		}
		for who, err := range map[string]error{"the evaluator": evalErr, "the compiled program": runErr} {
			switch {
			case c.want == "" && err != nil:
				t.Errorf("%s, n = %d, k = %d: %s: %v", c.body, c.n, c.k, who, err)
			case c.want != "" && (err == nil || err.Error() != c.want):
				t.Errorf("%s, n = %d, k = %d: %s:\n%v, want\n%s", c.body, c.n, c.k, who, err, c.want)
			}
		}
		var fault *lathe.RuntimeError
		if runErr != nil && !errors.As(runErr, &fault) {
			t.Errorf("%s: %v is no *RuntimeError", c.body, runErr)
		}
		if evalErr == nil && runErr == nil {
			for i, g := range got {
				if v := eval.Check(g, bands[i]); !v.OK() {
					t.Errorf("%s: %v", c.body, v)
				}
			}
		}
	}
}
