package libllvm

import (
	"errors"
	"fmt"
	"unsafe"
)

// A Linker is LLVM's own just-in-time linker, LLJIT. The runtime has a smaller
// and faster loader; this one is what that is held against.
type Linker struct {
	lib  *Library
	ref  handle
	main handle
}

// NewLinker makes a linker whose undefined symbols are looked up in the process.
func (l *Library) NewLinker() (*Linker, error) {
	c := &l.c
	if c.OrcCreateLLJIT == nil || c.OrcLLJITAddObjectFile == nil || c.OrcLLJITLookup == nil || c.OrcCreateDynamicLibrarySearchGeneratorForProcess == nil ||
		c.OrcDisposeLLJIT == nil || c.OrcLLJITGetMainJITDylib == nil || c.OrcLLJITGetGlobalPrefix == nil || c.OrcJITDylibAddGenerator == nil {
		return nil, fmt.Errorf("%v is built without its just-in-time linker", l)
	}
	arch, err := architecture(l.HostTriple())
	if err != nil {
		return nil, err
	}
	if err := l.initTarget(arch); err != nil {
		return nil, err
	}
	k := &Linker{lib: l}
	if err := c.err(c.OrcCreateLLJIT(&k.ref, 0)); err != nil {
		return nil, fmt.Errorf("%v: just-in-time linker: %w", l, err)
	}
	k.main = c.OrcLLJITGetMainJITDylib(k.ref)
	var process handle
	if err := c.err(c.OrcCreateDynamicLibrarySearchGeneratorForProcess(&process, c.OrcLLJITGetGlobalPrefix(k.ref), 0, 0)); err != nil {
		return nil, errors.Join(fmt.Errorf("%v: symbols of the process: %w", l, err), k.Close())
	}
	c.OrcJITDylibAddGenerator(k.main, process)
	return k, nil
}

// Add links an object file in; its symbols must be new to the linker.
func (k *Linker) Add(object []byte) error {
	if len(object) == 0 {
		return errors.New("the object file is empty")
	}
	c := &k.lib.c
	buf := c.CreateMemoryBufferWithMemoryRangeCopy(unsafe.Pointer(&object[0]), uintptr(len(object)), "object")
	return c.err(c.OrcLLJITAddObjectFile(k.ref, k.main, buf))
}

// Lookup returns the address of a symbol.
func (k *Linker) Lookup(name string) (uintptr, error) {
	var address uint64
	if err := k.lib.c.err(k.lib.c.OrcLLJITLookup(k.ref, &address, name)); err != nil {
		return 0, err
	}
	return uintptr(address), nil
}

// Close unloads what was added.
func (k *Linker) Close() error { return k.lib.c.err(k.lib.c.OrcDisposeLLJIT(k.ref)) }
