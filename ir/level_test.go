package ir_test

import (
	"testing"

	"github.com/lathe-lang/lathe/ir"
)

const leveled = `
func f(x: f32[4], weight w: f32[4], weight u: f32[4]) -> (f32[4], f32[4], f32[4]) {
  v3 = full{value=0} : i64
  v4 = full{value=3} : i64
  v5 = exp w : f32[4] load cost 3
  v6 = for{step=1} v3, v4, v5 : f32[4] do (i: i64, y: f32[4]) {
    v10 = mul y, u : f32[4]
    v11 = neg w : f32[4]
    v12 = add v10, v11 : f32[4]
    yield v12
  }
  v7 = for{step=1} v3, v4, v5 : f32[4] do (j: i64, z: f32[4]) {
    v13 = mul z, x : f32[4]
    v14 = neg w : f32[4]
    v15 = add v13, v14 : f32[4]
    yield v15
  }
  v8 = iota{axis=0} : f32[4]
  v9 = add v8, v5 : f32[4]
  return v6, v7, v9
}
`

// TestLevels holds each value to the latest of what it depends on.
func TestLevels(t *testing.T) {
	m := parse(t, leveled)
	if err := ir.VerifyModule(m); err != nil {
		t.Fatal(err)
	}
	roundTrip(t, m)
	f := m.Funcs[0]
	got := map[string]ir.Level{}
	for v, l := range f.Levels() {
		got[v.String()] = l
	}
	for name, want := range map[string]ir.Level{
		"x": ir.CallLevel, "w": ir.LoadLevel, "v3": ir.CompileLevel, "v5": ir.LoadLevel, "v6": ir.LoadLevel, "i": ir.LoadLevel, "v11": ir.LoadLevel,
		"v7": ir.CallLevel, "j": ir.CallLevel, "v13": ir.CallLevel, "v14": ir.LoadLevel, "v8": ir.CompileLevel, "v9": ir.LoadLevel,
	} {
		if got[name] != want {
			t.Errorf("%s is of level %v, want %v", name, got[name], want)
		}
	}
	if call, load := f.Work(), f.LoadWork(); call+load != f.Flops() || load != 12 {
		t.Errorf("%d FLOPs in a call and %d when weights are loaded, want 12 of %d", call, load, f.Flops())
	}
}
