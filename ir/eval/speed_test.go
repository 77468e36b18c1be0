package eval

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// gauText is the gated attention unit of the examples at the size that the
// naive baseline is quoted for.
const gauText = `
func gau(x: f32[1, 1024, 512], weight wu: f32[512, 1024], weight wv: f32[512, 1024], weight wz: f32[512, 128], weight wo: f32[1024, 512]) -> (f32[1, 1024, 512]) {
  v5 = contract{spec="abc,cd->abd"} x, wu : f32[1, 1024, 1024]
  v6 = contract{spec="abc,cd->abd"} x, wv : f32[1, 1024, 1024]
  v7 = contract{spec="abc,cd->abd"} x, wz : f32[1, 1024, 128]
  v8 = contract{spec="abc,adc->abd"} v7, v7 : f32[1, 1024, 1024]
  v9 = tanh v8 : f32[1, 1024, 1024]
  v10 = contract{spec="abc,acd->abd"} v9, v6 : f32[1, 1024, 1024]
  v11 = mul v5, v10 : f32[1, 1024, 1024]
  v12 = contract{spec="abc,cd->abd"} v11, wo : f32[1, 1024, 512]
  v13 = add x, v12 : f32[1, 1024, 512]
  return v13
}`

func gauArgs() []*tensor.Tensor {
	rng := rand.New(rand.NewPCG(1, 2))
	var args []*tensor.Tensor
	for _, shape := range [][]int{{1, 1024, 512}, {512, 1024}, {512, 1024}, {512, 128}, {1024, 512}} {
		t := tensor.New(tensor.F32, shape...)
		for i := range t.Len() {
			t.SetFloat(i, rng.NormFloat64()*0.02)
		}
		args = append(args, t)
	}
	return args
}

func BenchmarkGauBounded(b *testing.B) {
	f, args := parse(b, gauText), gauArgs()
	for b.Loop() {
		if _, err := Bounded(context.Background(), f, args); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGau(b *testing.B) {
	f, args := parse(b, gauText), gauArgs()
	for _, opts := range []struct {
		name string
		Options
	}{{"own", Options{}}, {"strict", Options{Strict: true}}, {"f64", Options{Mode: F64}}} {
		b.Run(opts.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Run(context.Background(), f, args, opts.Options); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
