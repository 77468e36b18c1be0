package libllvm

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// A handle is a pointer that LLVM owns. It is never followed here.
type handle = uintptr

// functions holds the part of LLVM's C interface that is used, named as there
// without the prefix. An int32 result is an LLVMBool: for most functions,
// 0 is success.
type functions struct {
	GetVersion func(major, minor, patch *uint32) // since 16

	ContextCreate               func() handle
	ContextDispose              func(handle)
	ContextSetOpaquePointers    func(ctx handle, opaque int32) // 15 and 16
	ContextSetDiagnosticHandler func(ctx handle, handler, data uintptr)
	GetDiagInfoDescription      func(handle) *byte
	GetDiagInfoSeverity         func(handle) int32
	DisposeMessage              func(*byte)

	CreateMemoryBufferWithMemoryRangeCopy func(p unsafe.Pointer, n uintptr, name string) handle
	DisposeMemoryBuffer                   func(handle)
	GetBufferStart                        func(handle) unsafe.Pointer
	GetBufferSize                         func(handle) uintptr

	ParseIRInContext    func(ctx, buf handle, mod *handle, msg **byte) int32 // consumes buf, also on failure
	DisposeModule       func(handle)
	VerifyModule        func(mod handle, action int32, msg **byte) int32
	PrintModuleToString func(handle) *byte
	SetTarget           func(mod handle, triple string)
	SetModuleDataLayout func(mod, layout handle)

	GetHostCPUName                                   func() *byte
	GetHostCPUFeatures                               func() *byte
	GetDefaultTargetTriple                           func() *byte
	GetTargetFromTriple                              func(triple string, target *handle, msg **byte) int32
	CreateTargetMachine                              func(target handle, triple, cpu, features string, level, reloc, model int32) handle
	DisposeTargetMachine                             func(handle)
	CreateTargetDataLayout                           func(machine handle) handle
	DisposeTargetData                                func(handle)
	TargetMachineEmitToMemoryBuffer                  func(machine, mod handle, kind int32, msg **byte, buf *handle) int32
	CreatePassBuilderOptions                         func() handle
	DisposePassBuilderOptions                        func(handle)
	RunPasses                                        func(mod handle, passes string, machine, options handle) handle
	GetErrorMessage                                  func(err handle) *byte // consumes err
	DisposeErrorMessage                              func(*byte)
	OrcCreateLLJIT                                   func(jit *handle, builder handle) handle // consumes builder
	OrcDisposeLLJIT                                  func(jit handle) handle
	OrcLLJITGetMainJITDylib                          func(jit handle) handle
	OrcLLJITGetGlobalPrefix                          func(jit handle) int8
	OrcLLJITAddObjectFile                            func(jit, dylib, buf handle) handle // consumes buf
	OrcLLJITLookup                                   func(jit handle, address *uint64, name string) handle
	OrcJITDylibAddGenerator                          func(dylib, generator handle)
	OrcCreateDynamicLibrarySearchGeneratorForProcess func(generator *handle, prefix int8, filter, ctx uintptr) handle

	handle uintptr // of the library
}

// bind resolves every function in the library.
func (c *functions) bind(lib uintptr) error {
	c.handle = lib
	for _, f := range []struct {
		fn       any
		name     string
		optional bool
	}{
		{&c.GetVersion, "GetVersion", true},
		{&c.ContextCreate, "ContextCreate", false},
		{&c.ContextDispose, "ContextDispose", false},
		{&c.ContextSetOpaquePointers, "ContextSetOpaquePointers", true},
		{&c.ContextSetDiagnosticHandler, "ContextSetDiagnosticHandler", false},
		{&c.GetDiagInfoDescription, "GetDiagInfoDescription", false},
		{&c.GetDiagInfoSeverity, "GetDiagInfoSeverity", false},
		{&c.DisposeMessage, "DisposeMessage", false},
		{&c.CreateMemoryBufferWithMemoryRangeCopy, "CreateMemoryBufferWithMemoryRangeCopy", false},
		{&c.DisposeMemoryBuffer, "DisposeMemoryBuffer", false},
		{&c.GetBufferStart, "GetBufferStart", false},
		{&c.GetBufferSize, "GetBufferSize", false},
		{&c.ParseIRInContext, "ParseIRInContext", false},
		{&c.DisposeModule, "DisposeModule", false},
		{&c.VerifyModule, "VerifyModule", false},
		{&c.PrintModuleToString, "PrintModuleToString", false},
		{&c.SetTarget, "SetTarget", false},
		{&c.SetModuleDataLayout, "SetModuleDataLayout", false},
		{&c.GetHostCPUName, "GetHostCPUName", false},
		{&c.GetHostCPUFeatures, "GetHostCPUFeatures", false},
		{&c.GetDefaultTargetTriple, "GetDefaultTargetTriple", false},
		{&c.GetTargetFromTriple, "GetTargetFromTriple", false},
		{&c.CreateTargetMachine, "CreateTargetMachine", false},
		{&c.DisposeTargetMachine, "DisposeTargetMachine", false},
		{&c.CreateTargetDataLayout, "CreateTargetDataLayout", false},
		{&c.DisposeTargetData, "DisposeTargetData", false},
		{&c.TargetMachineEmitToMemoryBuffer, "TargetMachineEmitToMemoryBuffer", false},
		{&c.CreatePassBuilderOptions, "CreatePassBuilderOptions", false},
		{&c.DisposePassBuilderOptions, "DisposePassBuilderOptions", false},
		{&c.RunPasses, "RunPasses", false},
		{&c.GetErrorMessage, "GetErrorMessage", false},
		{&c.DisposeErrorMessage, "DisposeErrorMessage", false},
		{&c.OrcCreateLLJIT, "OrcCreateLLJIT", true},
		{&c.OrcDisposeLLJIT, "OrcDisposeLLJIT", true},
		{&c.OrcLLJITGetMainJITDylib, "OrcLLJITGetMainJITDylib", true},
		{&c.OrcLLJITGetGlobalPrefix, "OrcLLJITGetGlobalPrefix", true},
		{&c.OrcLLJITAddObjectFile, "OrcLLJITAddObjectFile", true},
		{&c.OrcLLJITLookup, "OrcLLJITLookup", true},
		{&c.OrcJITDylibAddGenerator, "OrcJITDylibAddGenerator", true},
		{&c.OrcCreateDynamicLibrarySearchGeneratorForProcess, "OrcCreateDynamicLibrarySearchGeneratorForProcess", true},
	} {
		sym, err := purego.Dlsym(lib, "LLVM"+f.name)
		if err != nil || sym == 0 {
			if f.optional {
				continue
			}
			return fmt.Errorf("has no function LLVM%s: not LLVM's C interface, or a version before %d", f.name, Oldest)
		}
		purego.RegisterFunc(f.fn, sym)
	}
	return nil
}

// version asks the library, and where it has no answer (before 16) reads its
// file's name, then what tells 15 from 14.
func (c *functions) version(file string) Version {
	if c.GetVersion != nil {
		var major, minor, patch uint32
		c.GetVersion(&major, &minor, &patch)
		return Version{int(major), int(minor), int(patch)}
	}
	if v, ok := parseName(file); ok && v.Major != 0 {
		return v
	}
	if c.ContextSetOpaquePointers != nil {
		return Version{Major: 15}
	}
	return Version{Major: 14}
}

// initTarget makes an architecture, as in LLVM's function names, known to the
// library. Asked again, it gives the same answer.
func (l *Library) initTarget(arch string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err, tried := l.targets[arch]; tried {
		return err
	}
	err := func() error {
		for _, part := range []string{"TargetInfo", "Target", "TargetMC", "AsmPrinter", "AsmParser"} {
			sym, err := purego.Dlsym(l.c.handle, "LLVMInitialize"+arch+part)
			if err != nil || sym == 0 {
				return fmt.Errorf("%v is built without the target %s", l, arch)
			}
			purego.SyscallN(sym)
		}
		return nil
	}()
	l.targets[arch] = err
	return err
}

// message copies a string of LLVM's and disposes of it.
func (c *functions) message(p *byte) string {
	if p == nil {
		return ""
	}
	s := goString(p)
	c.DisposeMessage(p)
	return s
}

// err turns an LLVMErrorRef into an error; 0 is success.
func (c *functions) err(e handle) error {
	if e == 0 {
		return nil
	}
	p := c.GetErrorMessage(e)
	s := goString(p)
	c.DisposeErrorMessage(p)
	return fmt.Errorf("%s", s)
}

// goString copies a C string.
func goString(p *byte) string {
	if p == nil {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(p), n)) != 0 {
		n++
	}
	return string(unsafe.Slice(p, n))
}

// fileOf asks the system which file the code at addr was loaded from; other is
// the answer where it does not know.
func fileOf(addr uintptr, other string) string {
	sym, err := purego.Dlsym(purego.RTLD_DEFAULT, "dladdr")
	if err != nil || sym == 0 {
		return other
	}
	var dladdr func(addr uintptr, info *dlInfo) int32
	purego.RegisterFunc(&dladdr, sym)
	info := new(dlInfo)
	if dladdr(addr, info) == 0 || info.file == nil {
		return other
	}
	path := goString(info.file)
	runtime.KeepAlive(info)
	return resolved(path)
}

// dlInfo is the C type Dl_info.
type dlInfo struct {
	file *byte
	_    [3]uintptr // base of the file, name and address of the nearest symbol
}
