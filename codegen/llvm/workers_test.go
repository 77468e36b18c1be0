package llvm

import (
	"errors"
	"fmt"
	"testing"
	"unsafe"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir/tensor"
	"github.com/lathe-lang/lathe/runtime/pool"
)

// parallel has kernels of every shape that are large enough to be shared, some
// of which need others; a loop with an index that only its turns know, and work
// inside that may fail.
const parallel = `
func parallel(x: f32[130, 701], idx: i64[5], n: i64) -> (f32[701, 130], f32[130, 701], f32[], f32[130, 701]) {
  v3 = reduce_max{axes=[1]} x : f32[130]
  v4 = reshape v3 : f32[130, 1]
  v5 = sub x, v4 : f32[130, 701]
  v6 = abs v5 : f32[130, 701]
  v7 = sqrt v6 : f32[130, 701]
  v8 = sum{axes=[1]} v7 : f32[130]
  v9 = reshape v8 : f32[130, 1]
  v10 = div v7, v9 : f32[130, 701]
  v11 = transpose{perm=[1, 0]} v10 : f32[701, 130]
  v12 = neg v11 : f32[701, 130]
  v13 = sum{axes=[0]} v10 : f32[701]
  v14 = mul x, v13 : f32[130, 701]
  v15 = reduce_max{axes=[0, 1]} v14 : f32[]
  v16 = full{value=0} : i64
  v17 = for{step=1} v16, n, v14 : f32[130, 701] do (i: i64, y: f32[130, 701]) {
    v20 = take{axis=0} idx, i : i64
    v21 = take{axis=0} y, v20 : f32[701]
    v22 = mul y, v21 : f32[130, 701]
    v23 = sqrt v22 : f32[130, 701]
    yield v23
  }
  return v12, v14, v15, v17
}
`

// TestWorkers runs with as many workers as there are: the result is the same,
// every worker ends when one fails, and when somebody asks to stop.
func TestWorkers(t *testing.T) {
	lib := llvmtest.Library(t)
	m := newMachine(t, lib, 0)
	workers := m.pool(t)
	f := parse(t, parallel)
	args := randomArgs(f, 5)
	for i := range args[0].Len() {
		if x := args[0].Float(i); x < 0 {
			args[0].SetFloat(i, -x)
		}
	}
	set := func(n int64, idx ...int64) {
		args[2].SetInt(0, n)
		for i, k := range idx {
			args[1].SetInt(i, k)
		}
	}
	for _, strict := range []bool{false, true} {
		p := plan(t, f, m.target, strict)
		img := m.image(t, p, Options{Symbol: "program"}, workers.Resolve)
		defer img.Close()
		fn, _ := img.Symbol("program")
		const most = 2
		run := func(threads int, cancel int32) ([]*tensor.Tensor, error) {
			ctx, memory := place(t, p, args, most)
			*(*int32)(unsafe.Pointer(&ctx[kernel.CtxCancel])) = cancel
			if _, err := workers.Run(fn, unsafe.Pointer(&ctx[0]), threads, pool.KeepSubnormals); err != nil {
				t.Fatal(err)
			}
			for w := range most {
				if e := failureOf(ctx[w*kernel.CtxErrorSize:]); e != nil {
					return nil, e
				}
			}
			return results(p, memory), nil
		}
		set(3, 4, 129, 0, 0, 0)
		one, err := run(1, 0)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			two, err := run(most, 0)
			if err != nil {
				t.Fatal(err)
			}
			for i := range one {
				if !tensor.Equal(one[i], two[i]) {
					t.Fatalf("result %d differs with %d workers", i, most)
				}
			}
		}
		bounded(t, fmt.Sprintf("strict %v", strict), f, args, one)
		set(5, 4, 129, 7, 130, 0)
		for range 20 {
			var bad *failure
			if _, err := run(most, 0); !errors.As(err, &bad) || bad.code != CodeIndex || bad.value != 130 || bad.bound != 130 {
				t.Fatalf("found %v, want index 130 of 130", err)
			}
		}
		set(5, 4, 129, 7, 0, 0)
		for range 20 {
			if _, err := run(most, 1); err != nil { // ends, and that is all
				t.Fatal(err)
			}
		}
	}
}
