package llvm

import (
	"testing"
	"unsafe"

	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/runtime/jit"
)

// BenchmarkNests shows the bytes of arguments and results a second of kernels
// that move more than they compute.
func BenchmarkNests(b *testing.B) {
	lib := llvmtest.Library(b)
	m := newMachine(b, lib, 0)
	for _, c := range []struct{ name, text string }{
		{"add", `func f(x: f32[512, 512], y: f32[512, 512]) -> (f32[512, 512]) {
  v2 = add x, y : f32[512, 512]
  return v2
}`},
		{"bias", `func f(x: f32[512, 512], y: f32[512]) -> (f32[512, 512]) {
  v2 = add x, y : f32[512, 512]
  return v2
}`},
		{"sum rows", `func f(x: f32[512, 512]) -> (f32[512]) {
  v2 = sum{axes=[1]} x : f32[512]
  return v2
}`},
		{"sum columns", `func f(x: f32[512, 512]) -> (f32[512]) {
  v2 = sum{axes=[0]} x : f32[512]
  return v2
}`},
		{"max rows", `func f(x: f32[512, 512]) -> (f32[512]) {
  v2 = reduce_max{axes=[1]} x : f32[512]
  return v2
}`},
		{"argmax rows", `func f(x: f32[512, 512]) -> (i64[512]) {
  v2 = argmax{axis=1} x : i64[512]
  return v2
}`},
		{"transpose", `func f(x: f32[512, 512]) -> (f32[512, 512]) {
  v2 = transpose{perm=[1, 0]} x : f32[512, 512]
  return v2
}`},
		{"vector", `func f(x: f32[512, 512], y: f32[512]) -> (f32[512]) {
  v2 = contract{spec="ab,b->a"} x, y : f32[512]
  return v2
}`},
		{"vector left", `func f(x: f32[512, 512], y: f32[512]) -> (f32[512]) {
  v2 = contract{spec="a,ab->b"} y, x : f32[512]
  return v2
}`},
		{"normalise", `func f(x: f32[512, 512]) -> (f32[512, 512]) {
  v2 = sum{axes=[1]} x : f32[512]
  v3 = full{value=0.001953125} : f32
  v4 = mul v2, v3 : f32[512]
  v5 = reshape v4 : f32[512, 1]
  v6 = sub x, v5 : f32[512, 512]
  v7 = mul v6, v6 : f32[512, 512]
  v8 = sum{axes=[1]} v7 : f32[512]
  v9 = mul v8, v3 : f32[512]
  v10 = full{value=0.0000152587890625} : f32
  v11 = add v9, v10 : f32[512]
  v12 = rsqrt v11 : f32[512]
  v13 = reshape v12 : f32[512, 1]
  v14 = mul v6, v13 : f32[512, 512]
  return v14
}`},
		{"halves", `func f(x: bf16[512, 512]) -> (bf16[512, 512]) {
  v2 = add x, x : bf16[512, 512]
  return v2
}`},
		{"take rows", `func f(x: f32[512, 512], i: u8[512]) -> (f32[512, 512]) {
  v2 = take{axis=0} x, i : f32[512, 512]
  return v2
}`},
	} {
		b.Run(c.name, func(b *testing.B) {
			f := parse(b, c.text)
			p := plan(b, f, m.target, false)
			code, err := Emit(p, m.target, Options{Symbol: "program"})
			if err != nil {
				b.Fatal(err)
			}
			fn, _ := m.load(b, code.Text()).Symbol("program")
			ctx, _ := place(b, p, randomArgs(f, 1), 1)
			bytes := 0
			for _, x := range append(p.Params, p.Results...) {
				bytes += x.Bytes
			}
			b.SetBytes(int64(bytes))
			for b.Loop() {
				jit.Call(fn, uintptr(unsafe.Pointer(&ctx[0])), 0, 1)
			}
		})
	}
}
