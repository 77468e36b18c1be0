// Package jit turns LLVM IR text into machine code and machine code into
// functions that Go can call.
//
// The bytes of an object file are the centre: Compile makes them, the disk
// cache keeps them, SharedObject and ahead-of-time builds write them out, and
// Load maps them into the process. Load needs no LLVM, so a program from the
// cache starts without it.
//
// The package knows nothing of what the code computes, and of threads: those
// are package pool's.
package jit
