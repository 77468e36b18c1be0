package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

// wrong is a program with a product, a reduction and a loop, and with a product
// and a reduction of weights alone.
const wrong = `
model Wrong(d = 17) {
    weight w: f32[d, d]

    fn forward(x: f32[n, d]) -> f32[n, d] {
        y = softmax(x @ w) @ softmax(w @ w)
        for i in 0..3 { y = tanh(y @ w) + x }
        return y
    }
}
`

// TestWrongKernel changes one element of what a kernel stored, for each buffer
// in turn, and sees that the check finds it. The change is a hundredth of the
// element, far beyond rounding and far within any fixed tolerance of the whole.
func TestWrongKernel(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wrong.lathe")
	if err := os.WriteFile(path, []byte(wrong), 0o666); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	e := &env{stdout: &stderr, stderr: &stderr, getenv: uncached}
	seed := uint64(1)
	m, err := open(e, names{File: path}, &flags{Random: &seed, Set: []string{"n=17"}, Math: "real"})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.bind(e); err != nil {
		t.Fatal(err)
	}
	opts := m.opts
	opts.KeepAll = true
	x, err := m.program.Compile(t.Context(), m.entry, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	results, err := x.Run(t.Context(), m.inputs...)
	if err != nil {
		t.Fatal(err)
	}
	good, err := checkKernels(t.Context(), m, results)
	if err != nil {
		t.Fatal(err)
	}
	if !good.ok() || good.kernels < 3 || good.ratio <= 0 {
		t.Fatalf("%d kernels, ratio %g, failures %q", good.kernels, good.ratio, good.failures)
	}

	p := x.Kernels()
	c0 := newKernelCheck(good, p, nil, false)
	tried := map[bool]int{} // when weights are loaded, and in calls
	for _, s := range slices.Concat(p.Load, p.Steps) {
		k, ok := s.(*kernel.Kernel)
		if !ok || k.Pack != nil {
			continue
		}
		for _, st := range k.Stores() {
			_, stored, err := x.Snapshot(t.Context(), m.inputs...)
			if err != nil {
				t.Fatal(err)
			}
			for i, b := range p.Params {
				stored[b] = m.args()[i]
			}
			for i, b := range p.Results {
				stored[b] = results[i]
			}
			v := stored[st.Buf]
			if !st.Value.Type.DType.IsFloat() || c0.turned[st.Buf] {
				continue
			}
			// What other kernels get is what this one stored, so it alone is wrong.
			v = v.Clone()
			v.SetFloat(0, v.Float(0)*1.01)
			stored[st.Buf] = v
			c := newKernelCheck(&checked{}, p, stored, false)
			if err := c.step(t.Context(), k); err != nil {
				t.Fatal(err)
			}
			if c.ok() || !strings.HasPrefix(c.failures[0], k.Name+",") {
				t.Errorf("%s, %v: failures %q, ratio %g", k.Name, st.Value, c.failures, c.ratio)
			}
			tried[slices.Contains(p.Load, s)]++
		}
	}
	if tried[true] < 2 || tried[false] == 0 {
		t.Errorf("%d values that are computed when weights are loaded were tried, and %d others", tried[true], tried[false])
	}
}
