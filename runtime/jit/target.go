package jit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/internal/libllvm"
)

// A Target is a processor to compile for, in LLVM's words. It belongs into the
// key of a cache of object files.
type Target struct {
	Triple   string // such as x86_64-pc-linux-gnu
	CPU      string // such as znver4
	Features string // such as +avx2,-avx512f; "" for those that CPU implies
}

// Host is the processor that the process runs on.
func Host(lib *libllvm.Library) Target {
	return Target{lib.HostTriple(), lib.HostCPU(), lib.HostFeatures()}
}

// levels are the targets that can be named, each with the width of its vectors.
// LLVM knows more names, but prints to standard error when it meets a wrong one.
var levels = []struct {
	name, triple string
	vectorBytes  int
}{
	{"x86-64", "x86_64-unknown-linux-gnu", 16},
	{"x86-64-v2", "x86_64-unknown-linux-gnu", 16},
	{"x86-64-v3", "x86_64-unknown-linux-gnu", 32},
	{"x86-64-v4", "x86_64-unknown-linux-gnu", 64},
	{"haswell", "x86_64-unknown-linux-gnu", 32},
	{"skylake", "x86_64-unknown-linux-gnu", 32},
	{"skylake-avx512", "x86_64-unknown-linux-gnu", 64},
	{"icelake-server", "x86_64-unknown-linux-gnu", 64},
	{"znver2", "x86_64-unknown-linux-gnu", 32},
	{"znver3", "x86_64-unknown-linux-gnu", 32},
	{"generic", "aarch64-unknown-linux-gnu", 16},
	{"neoverse-n1", "aarch64-unknown-linux-gnu", 16},
}

// Level is the target of a name, one of Levels.
func Level(name string) (Target, error) {
	for _, l := range levels {
		if l.name == name {
			return Target{Triple: l.triple, CPU: l.name}, nil
		}
	}
	return Target{}, fmt.Errorf("no target is called %q; there are %s", name, strings.Join(Levels(), ", "))
}

// Levels lists the names that Level knows.
func Levels() []string {
	var out []string
	for _, l := range levels {
		out = append(out, l.name)
	}
	return out
}

// VectorBytes is the width of the target's widest vector registers: 64 for
// AVX-512, 32 for AVX2, 16 for SSE2 and NEON, 0 where it is not known.
func (t Target) VectorBytes() int {
	if t.Features == "" {
		for _, l := range levels {
			if l.name == t.CPU && arch(l.triple) == arch(t.Triple) {
				return l.vectorBytes
			}
		}
	}
	switch {
	case t.Has("avx512f"):
		return 64
	case t.Has("avx2"):
		return 32
	case t.Has("sse2"), t.Has("neon"), arch(t.Triple) == "aarch64", arch(t.Triple) == "x86_64":
		return 16 // both architectures have the 16-byte registers at least
	}
	return 0
}

// Has reports whether Features names a feature as present. What only follows
// from CPU is not seen.
func (t Target) Has(feature string) bool {
	return slices.Contains(strings.Split(t.Features, ","), "+"+feature)
}

func arch(triple string) string {
	a, _, _ := strings.Cut(triple, "-")
	if a == "arm64" {
		return "aarch64"
	}
	return a
}
