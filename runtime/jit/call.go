package jit

import (
	"sync"

	"github.com/ebitengine/purego"
)

// maxArgs is the most arguments that a call can have.
const maxArgs = 32

// argLists holds lists of arguments between calls. The variable arguments of
// purego.SyscallN escape, and would be an allocation for each call.
var argLists = sync.Pool{New: func() any { return new([maxArgs]uintptr) }}

// Call calls native code at fn with up to 32 integer or pointer arguments, and
// returns its integer result. It allocates nothing. A goroutine in a call holds
// its thread, as in a system call; others go on.
//
// An argument that is a pointer must be to memory that does not move and stays
// alive during the call: mapped memory, or Go's heap with runtime.KeepAlive.
func Call(fn uintptr, args ...uintptr) uintptr {
	list := argLists.Get().(*[maxArgs]uintptr)
	n := copy(list[:], args)
	if n < len(args) {
		panic("jit: too many arguments")
	}
	r, _, _ := purego.SyscallN(fn, list[:n]...)
	argLists.Put(list)
	return r
}

// LibC finds the functions of the C library that LLVM's code may call without
// being told to: copies, fills and comparisons of memory. It returns 0 for any
// other name, so that a call that has slipped into a program, such as one of a
// scalar function of libm, is an error of Load.
func LibC(name string) uintptr {
	switch name {
	case "memcpy", "memmove", "memset", "memcmp", "bcmp":
		addr, err := purego.Dlsym(purego.RTLD_DEFAULT, name)
		if err != nil {
			return 0
		}
		return addr
	}
	return 0
}
