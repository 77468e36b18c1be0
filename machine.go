package lathe

import (
	"context"
	"strings"
	"sync"

	"github.com/lathe-lang/lathe/codegen/llvm"
	"github.com/lathe-lang/lathe/internal/libllvm"
	"github.com/lathe-lang/lathe/runtime/jit"
	"github.com/lathe-lang/lathe/runtime/pool"
)

// A machine is an LLVM library with the processor that it compiles for, and the
// worker threads.
type machine struct {
	lib  *libllvm.Library
	host jit.Target
	pool *pool.Pool
}

// machines are the machines of the process by library: threads are worth having
// only once, however many programs run on them. They stay until it ends.
var machines struct {
	sync.Mutex
	made map[string]*machine // by the library's path
}

// machineFor returns the machine of an LLVM library.
func machineFor(ctx context.Context, want string) (*machine, error) {
	lib, err := libllvm.Open(want)
	if err != nil {
		return nil, err
	}
	machines.Lock()
	defer machines.Unlock()
	for _, m := range machines.made {
		if m.lib == lib || m.lib.Path() == lib.Path() {
			return m, nil
		}
	}
	m := &machine{lib: lib, host: jit.Host(lib)}
	for _, other := range machines.made {
		m.pool = other.pool // one set of threads for the process
	}
	if m.pool == nil {
		object, err := jit.Compile(ctx, lib, m.host, pool.Source(), jit.Object)
		if err != nil {
			return nil, err
		}
		if m.pool, err = pool.New(object); err != nil {
			return nil, err
		}
	}
	if machines.made == nil {
		machines.made = map[string]*machine{}
	}
	machines.made[lib.Path()] = m
	return m, nil
}

// target returns the processor as the code generator knows it.
func (m *machine) target() llvm.Target { return targetOf(m.host) }

func targetOf(t jit.Target) llvm.Target {
	return llvm.Target{
		Triple: t.Triple, CPU: t.CPU, Features: t.Features,
		VectorBytes: t.VectorBytes(), F16C: t.Has("f16c") || strings.Contains(t.CPU, "x86-64-v3"),
	}
}
