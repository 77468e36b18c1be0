package jit

import (
	"context"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/lathe-lang/lathe/internal/libllvm"
)

// SelfCheck compiles a small vector program for the host, loads it, runs it and
// compares what it computes. An error says which step failed.
func SelfCheck(ctx context.Context, lib *libllvm.Library) error {
	const text = `
define void @check(float* %x, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %p = getelementptr float, float* %x, i64 %i
  %v = bitcast float* %p to <8 x float>*
  %a = load <8 x float>, <8 x float>* %v, align 4
  %b = fmul <8 x float> %a, %a
  %c = fadd <8 x float> %b, <float 1.0, float 2.0, float 3.0, float 4.0, float 5.0, float 6.0, float 7.0, float 8.0>
  store <8 x float> %c, <8 x float>* %v, align 4
  %next = add i64 %i, 8
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %end
end:
  ret void
}`
	if err := Supported(); err != nil {
		return err
	}
	obj, err := Compile(ctx, lib, Host(lib), []byte(text), Object)
	if err != nil {
		return fmt.Errorf("compiling a small program with %v: %w", lib, err)
	}
	img, err := Load(obj, LibC)
	if err != nil {
		return fmt.Errorf("loading a small program: %w", err)
	}
	defer img.Close()
	fn, ok := img.Symbol("check")
	if !ok {
		return fmt.Errorf("the program compiled with %v lacks its function", lib)
	}
	x := make([]float32, 32)
	for i := range x {
		x[i] = float32(i)
	}
	var pin runtime.Pinner
	pin.Pin(&x[0])
	defer pin.Unpin()
	Call(fn, uintptr(unsafe.Pointer(&x[0])), uintptr(len(x)))
	for i, got := range x {
		if want := float32(i*i + 1 + i%8); got != want { // whole numbers: exact
			return fmt.Errorf("a small program compiled with %v computes %v where %v is right", lib, got, want)
		}
	}
	return nil
}
