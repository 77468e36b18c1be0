package lathe

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/lathe-lang/lathe/codegen/llvm"
	"github.com/lathe-lang/lathe/internal/libllvm"
	"github.com/lathe-lang/lathe/runtime/jit"
	"github.com/lathe-lang/lathe/runtime/pool"
)

// A machine is the processor, in the words of an LLVM library that compiles for
// it, and the worker threads.
type machine struct {
	want    string // which library; see Options.LLVM
	version string // of LLVM
	host    jit.Target
	pool    *pool.Pool

	mu  sync.Mutex
	lib *libllvm.Library // nil until something has to be compiled
}

// machines are the machines of the process: threads are worth having only once,
// however many programs run on them. They stay until it ends.
var machines struct {
	sync.Mutex
	made map[string]*machine // by which library was wanted
	pool *pool.Pool
}

// machineFor returns the machine of an LLVM library. With a cache that knows it,
// the library is not opened.
func machineFor(ctx context.Context, want string, disk *diskCache) (*machine, error) {
	machines.Lock()
	defer machines.Unlock()
	if m := machines.made[want]; m != nil {
		return m, nil
	}
	r, known, fresh := disk.host(want)
	m := &machine{want: want, version: r.Version, host: r.Host}
	if !fresh {
		switch lib, err := libllvm.Open(want); {
		case err == nil:
			m = newMachine(want, lib)
			disk.keepHost(want, m.version, m.host)
		case !known:
			return nil, err
		}
		// Else the library is gone. What it made is as good as ever.
	}
	if err := m.startPool(ctx, disk); err != nil {
		return nil, err
	}
	if machines.made == nil {
		machines.made = map[string]*machine{}
	}
	machines.made[want] = m
	return m, nil
}

func newMachine(want string, lib *libllvm.Library) *machine {
	return &machine{want: want, version: lib.Version().String(), host: jit.Host(lib), lib: lib}
}

// startPool gives the machine the threads of the process.
func (m *machine) startPool(ctx context.Context, disk *diskCache) error {
	if machines.pool == nil {
		object := disk.poolObject(m)
		if object == nil {
			lib, err := m.library()
			if err != nil {
				return err
			}
			if object, err = jit.Compile(ctx, lib, m.host, pool.Source(), jit.Object); err != nil {
				return err
			}
			disk.keepPool(m, object)
		}
		made, err := pool.New(object)
		if err != nil {
			return err
		}
		machines.pool = made
	}
	m.pool = machines.pool
	return nil
}

// library returns the LLVM library, which it opens when it is needed first.
func (m *machine) library() (*libllvm.Library, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lib != nil {
		return m.lib, nil
	}
	lib, err := libllvm.Open(m.want)
	if err != nil {
		return nil, err
	}
	if found := newMachine(m.want, lib); found.version != m.version || found.host != m.host {
		return nil, errOtherLibrary
	}
	m.lib = lib
	return lib, nil
}

// trim gives back memory that the library holds without need.
func (m *machine) trim() {
	m.mu.Lock()
	lib := m.lib
	m.mu.Unlock()
	if lib != nil {
		lib.Trim()
	}
}

// errOtherLibrary is the error of library where the cache knew of another one:
// the environment led to it, for nothing was installed since.
var errOtherLibrary = errors.New("another LLVM library is found than before")

// forget makes machineFor open the library that is wanted.
func forget(want string, disk *diskCache) {
	machines.Lock()
	defer machines.Unlock()
	delete(machines.made, want)
	disk.forgetHost(want)
}

// target returns the processor as the code generator knows it.
func (m *machine) target() llvm.Target { return targetOf(m.host) }

func targetOf(t jit.Target) llvm.Target {
	return llvm.Target{
		Triple: t.Triple, CPU: t.CPU, Features: t.Features,
		VectorBytes: t.VectorBytes(), F16C: t.Has("f16c") || strings.Contains(t.CPU, "x86-64-v3"),
	}
}
