// Package runtime makes a compiled program callable: it holds the machine code,
// the weights and the memory that runs need, binds tensors to the program's
// buffers and runs it on the worker pool.
//
// This package is part of the compiler, not of its API; it changes without notice.
package runtime
