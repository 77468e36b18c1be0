package irtest

import (
	"testing"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// TestShrink plants a compiler that is wrong about one operation: the failing
// functions must shrink to little more than that operation.
func TestShrink(t *testing.T) {
	for _, op := range []ir.Op{ir.OpContract, ir.OpSlice, ir.OpTanh, ir.OpScatter, ir.OpCumSum, ir.OpTopK, ir.OpLoop, ir.OpSolve} {
		found := 0
		for seed := uint64(0); found < 5 && seed < 2000; seed++ {
			f, args := Random(seed, Config{})
			fails := func(f *ir.Func, args []*tensor.Tensor) bool { return wrongAbout(op, f, args) }
			if !fails(f, args) {
				continue
			}
			found++
			before := f.String()
			small, few := Shrink(f, args, fails)
			if f.String() != before {
				t.Fatalf("seed %d: Shrink changed its argument", seed)
			}
			if !fails(small, few) {
				t.Fatalf("seed %d: the small one does not fail\n%v", seed, small)
			}
			if n := len(small.Body); n > 10 {
				t.Errorf("%v, seed %d: %d values are left\n%v", op, seed, n, small)
			}
		}
		if found == 0 {
			t.Errorf("no function with %v fails", op)
		}
	}
}

// wrongAbout evaluates f and f with one operand of the first such operation
// negated, and reports whether the oracle sees a difference.
func wrongAbout(op ir.Op, f *ir.Func, args []*tensor.Tensor) bool {
	want, err := eval.Bounded(ctx, f, args)
	if err != nil {
		return false
	}
	g, _ := f.Clone()
	for i, v := range g.Body {
		at := 0
		if op == ir.OpLoop {
			at = 2
		}
		if v.Op != op || !isFloat(v.Args[at]) {
			continue
		}
		neg, err := g.NewValue(v.Pos, ir.OpNeg, nil, none, v.Args[at])
		if err != nil {
			return false
		}
		neg.ID = 1 << 20
		v.Args[at] = neg
		g.Body = append(g.Body[:i:i], append([]*ir.Value{neg}, g.Body[i:]...)...)
		break
	}
	got, err := eval.Run(ctx, g, args, eval.Options{})
	if err != nil {
		return false
	}
	for i := range got {
		if !eval.Check(got[i], want[i]).OK() {
			return true
		}
	}
	return false
}
