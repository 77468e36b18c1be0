package libllvm

import (
	"fmt"
	"strings"
)

// A Machine generates code for one target. It is used by one goroutine at a
// time.
type Machine struct {
	lib         *Library
	ref, layout handle
	triple      string
}

// HostTriple, HostCPU and HostFeatures are the processor that the process runs
// on, in LLVM's words. Features are a list like "+avx2,-avx512f".
func (l *Library) HostTriple() string   { return l.c.message(l.c.GetDefaultTargetTriple()) }
func (l *Library) HostCPU() string      { return l.c.message(l.c.GetHostCPUName()) }
func (l *Library) HostFeatures() string { return l.c.message(l.c.GetHostCPUFeatures()) }

// NewMachine makes a code generator for position-independent code. LLVM prints
// a warning to standard error for a cpu that it does not know: check before.
func (l *Library) NewMachine(triple, cpu, features string) (*Machine, error) {
	const levelDefault, relocPIC, modelDefault = 2, 2, 0
	arch, err := architecture(triple)
	if err != nil {
		return nil, err
	}
	if err := l.initTarget(arch); err != nil {
		return nil, err
	}
	var target handle
	var msg *byte
	if l.c.GetTargetFromTriple(triple, &target, &msg) != 0 {
		return nil, fmt.Errorf("target %q: %s", triple, l.c.message(msg))
	}
	ref := l.c.CreateTargetMachine(target, triple, cpu, features, levelDefault, relocPIC, modelDefault)
	if ref == 0 {
		return nil, fmt.Errorf("%v has no code generator for %q", l, triple)
	}
	return &Machine{l, ref, l.c.CreateTargetDataLayout(ref), triple}, nil
}

// Close frees the machine.
func (m *Machine) Close() {
	m.lib.c.DisposeTargetData(m.layout)
	m.lib.c.DisposeTargetMachine(m.ref)
}

// architecture is LLVM's name, as in its functions, of the processors of a
// triple.
func architecture(triple string) (string, error) {
	switch arch, _, _ := strings.Cut(triple, "-"); arch {
	case "x86_64":
		return "X86", nil
	case "aarch64", "arm64":
		return "AArch64", nil
	default:
		return "", fmt.Errorf("target %q: expected x86_64 or aarch64, found %q", triple, arch)
	}
}
