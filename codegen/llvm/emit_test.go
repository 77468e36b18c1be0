package llvm

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/internal/irtest"
)

// TestEqualKernels compiles layers that are alike: there is one function a
// kernel, whatever the number of layers.
func TestEqualKernels(t *testing.T) {
	text := func(layers int) string {
		var b strings.Builder
		b.WriteString("func f(x: f32[64, 64]) -> (f32[64, 64]) {\n")
		x := "x"
		for i := range layers {
			v := func(k int) string { return fmt.Sprintf("v%d", 1+6*i+k) }
			fmt.Fprintf(&b, "  %s = reduce_max{axes=[1]} %s : f32[64]\n", v(0), x)
			fmt.Fprintf(&b, "  %s = reshape %s : f32[64, 1]\n", v(1), v(0))
			fmt.Fprintf(&b, "  %s = sub %s, %s : f32[64, 64]\n", v(2), x, v(1))
			fmt.Fprintf(&b, "  %s = contract{spec=\"ab,bc->ac\"} %s, x : f32[64, 64]\n", v(3), v(2))
			fmt.Fprintf(&b, "  %s = abs %s : f32[64, 64]\n", v(4), v(3))
			fmt.Fprintf(&b, "  %s = sqrt %s : f32[64, 64]\n", v(5), v(4))
			x = v(5)
		}
		fmt.Fprintf(&b, "  return %s\n}\n", x)
		p := plan(t, parse(t, b.String()), Target{VectorBytes: 64}, false)
		out, err := Emit(p, Target{VectorBytes: 64}, Options{Symbol: "program"})
		if err != nil {
			t.Fatal(err)
		}
		return string(out.Text())
	}
	count := func(s string) int { return strings.Count(s, "define internal void @k") }
	few, many := count(text(3)), count(text(12))
	if few != many || few == 0 {
		t.Errorf("3 layers are %d kernels, 12 are %d", few, many)
	}
	if calls := strings.Count(text(12), "call void @k"); calls <= many {
		t.Errorf("12 layers call %d kernels of %d", calls, many)
	}
}

// TestSharedSums compiles products of different sizes, with different work behind
// them: the code that sums their tiles is there once a height of tiles.
func TestSharedSums(t *testing.T) {
	p := plan(t, parse(t, `func f(x: f32[1024, 512], u: f32[512, 1024], w: f32[1024, 512]) -> (f32[1024, 1024], f32[1024, 512]) {
  v3 = contract{spec="ab,bc->ac"} x, u : f32[1024, 1024]
  v4 = abs v3 : f32[1024, 1024]
  v5 = contract{spec="ab,bc->ac"} v4, w : f32[1024, 512]
  v6 = add v5, x : f32[1024, 512]
  return v4, v6
}`), Target{VectorBytes: 64}, false)
	code, err := Emit(p, Target{VectorBytes: 64}, Options{Symbol: "program"})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"one module": string(code.Text()), "several": string(bytes.Join(code.Modules(), nil))} {
		defined, calls := 0, strings.Count(text, "call void @lathe_sums_")
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "define ") && strings.Contains(line, "@lathe_sums_") {
				defined++
			}
		}
		if defined != 2 || calls < 2*defined {
			t.Errorf("%s: %d functions sum tiles for %d calls, want those of two heights", name, defined, calls)
		}
	}
}

// TestSameText emits the same programs twice.
func TestSameText(t *testing.T) {
	for seed := range uint64(60) {
		f, _ := irtest.Random(seed, irtest.Config{})
		var texts [2][]byte
		for i := range texts {
			code, err := Emit(plan(t, f, Target{VectorBytes: 32}, false), Target{VectorBytes: 32}, Options{Symbol: "program"})
			if err != nil {
				t.Fatal(err)
			}
			texts[i] = bytes.Join(append(code.Modules(), code.Text()), nil)
		}
		if !bytes.Equal(texts[0], texts[1]) {
			t.Fatalf("random %d: two texts of %v", seed, f)
		}
	}
}
