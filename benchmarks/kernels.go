package benchmarks

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// kernels is the suite of products of matrices, of the shapes that models have,
// beside the machine's peak and the libraries that others use.
func kernels() Suite {
	return Suite{
		Name:  "kernels",
		About: "products of matrices: GFLOP/s and share of the measured peak, beside OpenBLAS and oneDNN in the same race",
		Columns: []Column{
			{"Lathe", "gflops.lathe", gflops},
			{"of peak", "share.lathe", percent},
			{"weight", "gflops.weight", gflops},
			{"of peak", "share.weight", percent},
			{"OpenBLAS", "gflops.openblas", gflops},
			{"oneDNN", "gflops.onednn", gflops},
			{"peak", "gflops.peak", gflops},
			{"Lathe / best rival", "ratio.lathe", ratio},
			{"weight / best rival", "ratio.weight", ratio},
		},
		rows: func(cfg *Config) []row {
			var rows []row
			for _, threads := range cfg.threads(1, runtime.GOMAXPROCS(0)) {
				for _, p := range products() {
					p.threads = threads
					rows = append(rows, row{p.name(), func(ctx context.Context, s *session) (*Result, error) { return p.measure(ctx, s) }})
				}
			}
			return rows
		},
		summary: kernelsSummary,
	}
}

func gflops(x float64) string { return fmt.Sprintf("%.1f", x) }
func ratio(x float64) string  { return fmt.Sprintf("%.2f", x) }

// A product is a row of kernels.
type product struct {
	dtype   lathe.DType
	form    string // nn, tn or nt: which operand is transposed
	m, n, k int
	threads int
}

func (p *product) name() string {
	return fmt.Sprintf("%v %s %dx%dx%d %dT", p.dtype, p.form, p.m, p.n, p.k, p.threads)
}

func (p *product) flops() float64 { return 2 * float64(p.m) * float64(p.n) * float64(p.k) }

// bytes is what a product has to read and write at least.
func (p *product) bytes() float64 {
	return float64(p.dtype.Size()) * float64(p.m*p.k+p.k*p.n+p.m*p.n)
}

// products lists the shapes, as m x n x k: squares, the layers of Transformers
// and of mixtures of experts, few rows, one row.
func products() []product {
	type shape struct {
		form    string
		m, n, k int
		f64     bool
	}
	var out, wide []product
	for _, s := range []shape{
		{"nn", 64, 64, 64, true}, {"nn", 128, 128, 128, true}, {"nn", 256, 256, 256, false}, {"nn", 512, 512, 512, true},
		{"nn", 1024, 1024, 1024, true}, {"nn", 2048, 2048, 2048, false}, {"nn", 4096, 4096, 4096, false},
		{"nn", 512, 3072, 768, true}, {"nn", 128, 1536, 768, true}, {"nn", 2048, 1024, 512, false}, {"nn", 128, 512, 512, false},
		{"nn", 197, 384, 384, true}, {"nn", 8, 768, 4096, true}, {"nn", 1, 4096, 4096, true},
		{"tn", 1024, 1024, 1024, false}, {"tn", 512, 3072, 768, true},
		{"nt", 1024, 1024, 1024, false}, {"nt", 512, 3072, 768, true}, {"nt", 512, 512, 128, false},
	} {
		p := product{form: s.form, m: s.m, n: s.n, k: s.k}
		p.dtype = tensor.F32
		out = append(out, p)
		if p.dtype = tensor.F64; s.f64 {
			wide = append(wide, p)
		}
	}
	return append(out, wide...)
}

// What a row asks for: not slower than the better
// rival but for noise, and at few rows faster by what packing costs the rivals.
const (
	kernelRatio = 0.97
	thinRows    = 128
	thinRatio   = 1.1
)

func (p *product) measure(ctx context.Context, s *session) (*Result, error) {
	r := &Result{}
	r.set("threads", p.threads)
	r.set("flops", p.flops())
	r.set("bytes", p.bytes())
	program, err := source("kernels.lathe")
	if err != nil {
		return nil, err
	}
	set := map[string]string{"m": fmt.Sprint(p.m), "n": fmt.Sprint(p.n), "k": fmt.Sprint(p.k)}
	entry := p.form + "_" + p.dtype.String()
	plain, err := s.compile(ctx, program, entry, lathe.Options{Set: set, Threads: p.threads})
	if err != nil {
		return nil, err
	}
	defer plain.close()
	model := "Weight"
	if p.form == "nt" {
		model += "T"
	}
	if p.dtype == tensor.F64 {
		model += "64"
	}
	weight, err := s.compile(ctx, program, model+"."+entry, lathe.Options{Set: set, Threads: p.threads})
	if err != nil {
		return nil, err
	}
	defer weight.close()

	a, b := plain.inputs[0], plain.inputs[1]
	keys := []string{"lathe", "weight", "peak"}
	list := []contestant{plain.contestant(ctx, "lathe"), weight.contestant(ctx, "weight"), s.peak(p.dtype, p.threads)}
	results := []*lathe.Tensor{plain.outputs[0], weight.outputs[0], nil}
	for _, rival := range []struct{ key, name string }{{"openblas", "OpenBLAS"}, {"onednn", "oneDNN"}} {
		if rival.key == "onednn" && p.dtype != tensor.F32 {
			continue // it has no product of doubles
		}
		c, out, err := p.rival(s, rival.name, a, b)
		if err != nil {
			r.failf("%v", err)
			continue
		}
		keys, list, results = append(keys, rival.key), append(list, *c), append(results, out)
	}
	t, err := s.race(ctx, rules{samples: s.cfg.samples(15), least: 2 * time.Millisecond, settle: settle(p.threads), warm: warm(p.threads), steady: 2}, list)
	if err != nil {
		return nil, err
	}

	rates, shares, times, ratios := map[string]float64{}, map[string]float64{}, map[string]any{}, map[string]float64{}
	rates["peak"] = s.peakFlops(p.dtype, p.threads) / t[2].median() / 1e9
	best := 0.0
	for i, key := range keys {
		times[key] = t[i].timing()
		if results[i] == nil {
			continue
		}
		rates[key] = p.flops() / t[i].median() / 1e9
		shares[key] = rates[key] / rates["peak"]
		if over := p.check(a, b, results[i]); !(over <= 1) {
			r.failf("the result of %s is %.3g times as far off as rounding allows", key, over)
			continue // a wrong result is no rival
		}
		if i > 2 {
			best = max(best, rates[key])
		}
	}
	r.set("time", times)
	r.set("gflops", rates)
	r.set("share", shares)
	for _, where := range []struct {
		key   string
		bytes int
	}{{"cache", lastCache() / 2}, {"memory", 8 * lastCache()}} {
		b, err := s.bandwidth(ctx, where.bytes, p.threads)
		if err != nil {
			return nil, err
		}
		r.set("bandwidth_"+where.key, b)
	}
	if best > 0 {
		ratios["lathe"], ratios["weight"] = rates["lathe"]/best, rates["weight"]/best
		r.set("ratio", ratios)
		r.Pass = len(r.Why) == 0
		if ratios["lathe"] < kernelRatio {
			r.failf("%.2f times the best rival, want %.2f", ratios["lathe"], kernelRatio)
		}
		if p.m <= thinRows && ratios["weight"] < thinRatio {
			r.failf("with a weight %.2f times the best rival, want %.2f at up to %d rows", ratios["weight"], thinRatio, thinRows)
		}
	}
	return r, nil
}

// rival is the product as a library does it.
func (p *product) rival(s *session, name string, a, b *lathe.Tensor) (*contestant, *lathe.Tensor, error) {
	library, err := s.library(name, p.threads)
	if err != nil {
		return nil, nil, err
	}
	out := lathe.NewTensor(p.dtype, p.m, p.n)
	lda, ldb := a.Shape()[1], b.Shape()[1]
	ta, tb := p.form[0] == 't', p.form[1] == 't'
	m, n, k, la, lb := uint64(p.m), uint64(p.n), uint64(p.k), uint64(lda), uint64(ldb)
	c := &contestant{}
	if name == "oneDNN" {
		fn, err := library.Symbol("dnnl_sgemm")
		if err != nil {
			return nil, nil, err
		}
		letter := func(t bool) uint64 {
			if t {
				return 'T'
			}
			return 'N'
		}
		c = s.foreign(name, fn, dnnlSgemmSig, []uint64{letter(ta), letter(tb), m, n, k, word(1), address(a), la, address(b), lb, word(0), address(out), n}, a, b, out)
	} else {
		op := func(t bool) uint64 {
			if t {
				return trans
			}
			return noTrans
		}
		symbol, sig, one := "cblas_sgemm", sgemmSig, word(1)
		if p.dtype == tensor.F64 {
			symbol, sig, one = "cblas_dgemm", dgemmSig, math.Float64bits(1)
		}
		fn, err := library.Symbol(symbol)
		if err != nil {
			return nil, nil, err
		}
		c = s.foreign(name, fn, sig, []uint64{rowMajor, op(ta), op(tb), m, n, k, one, address(a), la, address(b), lb, 0, address(out), n}, a, b, out)
	}
	// Threads are set anew before each turn: another library may share OpenMP's number.
	c.reset = func() { library.SetThreads(p.threads) }
	return c, out, nil
}

// check compares some elements of a result with sums in twice the precision and
// returns the largest error as a multiple of the bound of k products and sums in
// any order (Higham, Accuracy and Stability, 3.1). Doubles are summed in twice
// theirs by way of math.FMA.
func (p *product) check(a, b, c *lathe.Tensor) float64 {
	u := 0x1p-24
	if p.dtype == tensor.F64 {
		u = 0x1p-53
	}
	ku := float64(p.k+1) * u
	bound := ku / (1 - ku)
	worst := 0.0
	const places = 64
	for q := range places {
		i, j := q*7919%p.m, q*104729%p.n
		sum, rest, size := 0.0, 0.0, 0.0
		for l := range p.k {
			x, y := 0.0, 0.0
			if p.form[0] == 't' {
				x = a.Float(l*p.m + i)
			} else {
				x = a.Float(i*p.k + l)
			}
			if p.form[1] == 't' {
				y = b.Float(j*p.k + l)
			} else {
				y = b.Float(l*p.n + j)
			}
			product := x * y
			low := math.FMA(x, y, -product)
			next := sum + product
			back := next - sum
			rest += low + (sum - (next - back)) + (product - back)
			sum = next
			size += math.Abs(product)
		}
		off := math.Abs(c.Float(i*p.n+j) - sum - rest)
		if size > 0 {
			worst = max(worst, off/(bound*size))
		}
		if off != off {
			return off
		}
	}
	return worst
}

// kernelsSummary has the geometric means that the suite is judged by.
func kernelsSummary(r *Report) []string {
	var all, thin []float64
	for _, row := range r.Rows {
		if x, ok := row.number("ratio.lathe"); ok {
			all = append(all, x)
		}
		if x, ok := row.number("ratio.weight"); ok {
			thin = append(thin, x)
		}
	}
	out := []string{"Lathe: both operands given. Weight: the right operand is known when the program is loaded; the rivals' calls get both."}
	if len(all) > 0 {
		out = append(out, fmt.Sprintf("geometric mean beside the better rival: %.3f, with a weight %.3f", geomean(all), geomean(thin)))
	}
	return out
}
