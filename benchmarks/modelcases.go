package benchmarks

import "fmt"

// cases lists the models: experts, gated attention units, Transformers for
// images with and without merged tokens, and multiplexed ones. The useful FLOPs
// are of products only, and without what the best form leaves out: slots that
// no token fills, the upper half of causal scores, copies of the same work.
func cases() []modelCase {
	var out []modelCase
	const f32 = 4
	for _, e := range []int{8, 64} {
		for _, n := range []int{1024, 128} {
			for _, glu := range []bool{false, true} {
				const d, f = 512, 2048
				model, name, products := "Moe", "ReLU", 2.0
				if glu {
					model, name, products = "MoeGlu", "GEGLU", 3
				}
				for _, form := range []string{"top2", "top2_loop", "choice", "choice_loop"} {
					slots := func(c *compiled) float64 { return float64(2 * n) }
					if form == "top2" || form == "top2_loop" {
						slots = func(c *compiled) float64 { return float64(filled(c, n, e, d)) }
					}
					out = append(out, modelCase{
						name:  fmt.Sprintf("MoE %s E%d n%d %s", name, e, n, form),
						entry: model + "." + form, set: map[string]int{"e": e, "n": n},
						useful: func(c *compiled) float64 { return slots(c)*products*2*d*f + 2*float64(n)*d*float64(e) },
						bytes:  f32 * (products*float64(e)*d*f + 2*float64(n)*d),
					})
				}
			}
		}
	}
	{
		const d, e, s, c = 512., 1024., 128., 256.
		weights := d*(2*e+s) + e*d
		gau := func(n int, entry string, scores float64) modelCase {
			x := float64(n)
			return modelCase{
				name: fmt.Sprintf("%s n%d", map[string]string{"quad": "GAU", "flash": "FLASH causal"}[entry], n), entry: "Gau." + entry, set: map[string]int{"n": n},
				useful: func(*compiled) float64 { return 2*x*weights + scores }, bytes: f32 * (weights + 2*x*d),
			}
		}
		for _, n := range []int{512, 1024, 2048} {
			x := float64(n)
			out = append(out, gau(n, "quad", 2*x*x*(s+e)))
		}
		const n, chunks = 4096, 4096 / c
		out = append(out, gau(n, "flash", chunks*(2*c*c*(s+e)*(1+1/c)/2+4*c*s*e)))
	}
	block := func(n, d float64) float64 { return 24*n*d*d + 4*n*n*d }
	for _, entry := range []string{"plain", "merge"} {
		for _, b := range []int{1, 8} {
			const n, d = 197, 384
			flops, rows := 12*block(n, d), float64(n)
			if entry == "merge" {
				flops, rows = 6*block(n, d)+6*block(8, d)+4*8*n*d, 8
			}
			out = append(out, modelCase{
				name: fmt.Sprintf("ViT-S %s B%d", entry, b), entry: "Vit." + entry, set: map[string]int{"b": b, "n": n},
				useful: func(*compiled) float64 { return float64(b) * flops },
				bytes:  f32 * (12*12*d*d + float64(b)*d*(n+rows)),
			})
		}
	}
	for _, n := range []int{1, 8, 40} {
		for _, form := range []string{"forward", "split"} {
			const d, l = 768., 128.
			x := float64(n)
			out = append(out, modelCase{
				name: fmt.Sprintf("DataMUX N%d %s", n, form), entry: "Mux." + form, set: map[string]int{"n": n, "l": l},
				useful: func(*compiled) float64 { return 12*block(l, d) + 2*(l+x)*d*d + 2*x*l*d*d },
				bytes:  f32 * ((12*12+3)*d*d + 2*x*l*d),
			})
		}
	}
	return out
}

// filled returns how many of the slots of top-2 routing a token fills, on the
// operands of a case.
func filled(c *compiled, n, e, d int) int {
	x, router := c.param("x"), c.param("router")
	count := make([]int, e)
	score := make([]float64, e)
	for t := range n {
		clear(score)
		for k := range d {
			v := x.Float(t*d + k)
			for j := range score {
				score[j] += v * router.Float(k*e+j)
			}
		}
		first, second := -1, -1
		for j := range score {
			switch {
			case first < 0 || score[j] > score[first]:
				first, second = j, first
			case second < 0 || score[j] > score[second]:
				second = j
			}
		}
		count[first]++
		count[second]++
	}
	sum := 0
	for _, k := range count {
		sum += min(k, 2*n/e)
	}
	return sum
}
