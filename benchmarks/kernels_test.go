package benchmarks

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// TestKernels runs the protocol on the small shapes, once, and draws the report.
func TestKernels(t *testing.T) {
	t.Parallel()
	suite, err := Find("kernels")
	if err != nil {
		t.Fatal(err)
	}
	report, err := Run(t.Context(), suite, Config{LLVM: llvmtest.Want(), Samples: 1, Threads: []int{2}, Only: regexp.MustCompile("64x64x64|512x512x128|1x4096x4096")})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Rows) != 5 {
		t.Fatalf("%d rows, want 5", len(report.Rows))
	}
	for _, r := range report.Rows {
		for _, key := range []string{"gflops.lathe", "gflops.weight", "gflops.peak", "share.lathe", "time.lathe.median_s", "bandwidth_memory", "flops"} {
			if x, ok := r.number(key); !ok || !(x > 0) {
				t.Errorf("%s: %s is %g", r.Name, key, x)
			}
		}
		for _, why := range r.Why {
			if strings.Contains(why, "rounding") {
				t.Errorf("%s: %s", r.Name, why)
			}
		}
	}
	var b bytes.Buffer
	if err := Roofline(&b, report); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Lathe", "2 threads", "FLOPs a byte"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the plot lacks %q", want)
		}
	}
	for d := xml.NewDecoder(&b); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the plot is no XML: %v", err)
		}
	}
	if err := Roofline(&b, &Report{Suite: "laab"}); err == nil {
		t.Error("a report without products was drawn")
	}
}

// TestProductCheck sees that a wrong element is found, and a right one not.
func TestProductCheck(t *testing.T) {
	for _, form := range []string{"nn", "tn", "nt"} {
		for _, d := range []lathe.DType{tensor.F32, tensor.F64} {
			p := product{dtype: d, form: form, m: 3, n: 4, k: 5, threads: 1}
			a, b, c := lathe.NewTensor(d, 15), lathe.NewTensor(d, 20), lathe.NewTensor(d, 12)
			for i := range a.Len() {
				a.SetFloat(i, float64(i%7-3))
			}
			for i := range b.Len() {
				b.SetFloat(i, float64(i%5-1))
			}
			for i := range p.m {
				for j := range p.n {
					sum := 0.0 // of small integers: exact
					for l := range p.k {
						x, y := a.Float(i*p.k+l), b.Float(l*p.n+j)
						if form == "tn" {
							x = a.Float(l*p.m + i)
						}
						if form == "nt" {
							y = b.Float(j*p.k + l)
						}
						sum += x * y
					}
					c.SetFloat(i*p.n+j, sum)
				}
			}
			if over := p.check(a, b, c); over != 0 {
				t.Errorf("%s: an exact result is off by %g bounds", p.name(), over)
			}
			c.SetFloat(7, c.Float(7)+1)
			if over := p.check(a, b, c); !(over > 1) {
				t.Errorf("%s: a wrong element is off by %g bounds", p.name(), over)
			}
		}
	}
}

func TestQuietRounds(t *testing.T) {
	rounds := [][]float64{{9, 1.2}, {8, 1}, {7, 1.1}, {6, 3}}
	if got := quiet(rounds, 1); !cmp.Equal(got, [][]float64{{8, 1}, {7, 1.1}}) {
		t.Errorf("the quiet rounds are %v", got)
	}
}
