package llvm

import (
	"slices"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/ir"
)

// Kernels with one signature have one code, and use corresponding buffers, in
// one program and in others.
func TestSignatures(t *testing.T) {
	type seen struct {
		from    string
		text    string
		buffers []int // their numbers in the signature
	}
	target := Target{VectorBytes: 32}
	known := map[string]seen{}
	var programs []*kernel.Program // all alive: signatures have addresses of constants
	equal := 0
	add := func(from string, f *ir.Func, strict bool) {
		p := plan(t, f, target, strict)
		programs = append(programs, p)
		slots := slotsOf(p)
		for _, k := range slices.Concat(kernel.Kernels(p.Load), p.Kernels()) {
			p.Scratch = 0 // is in the texts
			use, err := emitKernel(newModule(target, strict), p, k)
			if err != nil {
				t.Fatalf("%s: %v", from, err)
			}
			s := signatureOf(p, k, slots)
			now := seen{from: from + " " + k.Name}
			if use.code != nil {
				now.text = strings.Replace(use.code.text, "@"+k.Name+"(", "@(", 1)
			}
			for _, b := range use.buffers {
				n, ok := s.numbers[b]
				if !ok {
					t.Fatalf("%s %s: buffer %v is not in the signature", from, k.Name, b)
				}
				now.buffers = append(now.buffers, n)
			}
			key := string(s.text)
			if strict {
				key = "strict " + key
			}
			before, ok := known[key]
			if !ok {
				known[key] = now
				continue
			}
			equal++
			if before.text != now.text || !slices.Equal(before.buffers, now.buffers) {
				t.Errorf("%s and %s have one signature and different code:\n%s\n%s\n%s", before.from, now.from, key, before.text, now.text)
			}
		}
	}
	for seed := range uint64(150) {
		f, _ := irtest.Random(seed, irtest.Config{})
		add(f.Name, f, seed%2 == 0)
	}
	for _, c := range irtest.Cases() {
		add(c.Name, c.Func, false)
	}
	if equal < 100 {
		t.Errorf("only %d kernels have a signature that was there before", equal)
	}
	t.Logf("%d kernels of %d programs have the signature of others, of which there are %d", equal, len(programs), len(known))
}
