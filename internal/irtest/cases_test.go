package irtest

import (
	"testing"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
)

// TestCases holds the table to what it promises: every operation, names that
// differ, functions that are well formed and that the evaluator and the oracle
// agree on.
func TestCases(t *testing.T) {
	var seen [ir.NumOps]bool
	names := map[string]bool{}
	elems, undecided := 0, 0
	for _, c := range Cases() {
		if names[c.Name] {
			t.Errorf("%s: twice", c.Name)
		}
		names[c.Name] = true
		if err := ir.Verify(c.Func); err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		c.Func.Walk(func(v *ir.Value) { seen[v.Op] = true })
		want, err := eval.Bounded(ctx, c.Func, c.Args)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		for _, opts := range []eval.Options{{}, {Strict: true}} {
			got, err := eval.Run(ctx, c.Func, c.Args, opts)
			if err != nil {
				t.Errorf("%s: %v", c.Name, err)
				continue
			}
			for i := range got {
				v := eval.Check(got[i], want[i])
				if !v.OK() {
					t.Errorf("%s, %+v, result %d: %v\n%v%v", c.Name, opts, i, v, c.Func, c.Args)
				}
				elems += got[i].Len()
				undecided += v.BadCount
			}
		}
		for seed := range uint64(2) {
			args, err := eval.ZpArgs(c.Func, seed)
			if err == nil {
				_, err = eval.Zp(ctx, c.Func, args)
			}
			if err != nil {
				t.Errorf("%s: %v", c.Name, err)
			}
		}
	}
	for op := ir.OpInvalid + 1; op < ir.NumOps; op++ {
		if !seen[op] {
			t.Errorf("no case has %v", op)
		}
	}
	t.Logf("%d cases, %d of %d elements undecided", len(names), undecided, elems)
}
