// Package tensor holds the dense arrays that enter and leave Lathe: arguments,
// weights, constants of a program and results.
//
// A Tensor is a shape, an element type and the elements in row-major order,
// contiguous, in the byte order of the machine (Lathe runs on little-endian
// machines only, and file formats are little-endian too). It knows nothing of
// programs, of files or of kernels: those live in ir, internal/tensorio and
// runtime.
//
// Sizes that come from outside go through Alloc or Size, which check every
// product and a budget before anything is allocated. A Tensor may be read from
// several goroutines at once; writing needs the caller's own order.
package tensor
