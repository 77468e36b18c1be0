// Package pool runs compiled programs on several processors at once. In go the
// address of a program and its context, as laid out in package kernel; the
// program's effects on memory come out.
//
// A program is one native function,
//
//	void program(i8* ctx, i64 worker, i64 nworkers)
//
// Each worker of a run calls it once, with its number. The program divides each
// kernel's work by nworkers, and meets between kernels in
//
//	i32 lathe_barrier(i8* ctx, i32 worker, i32 nworkers)
//
// which it declares and which Resolve provides when it is loaded. The barrier
// returns 0, or the cancel word of ctx as it was when the last worker arrived:
// all workers get the same answer, so that they can all return together. A
// worker must not leave the program at any other place while others may still
// wait for it. Object files that are built ahead of time run on one thread and
// leave barriers out.
//
// Workers are resident native threads. They wait on a futex word, so that a run
// is one call from Go into native code and back, with no Go scheduling inside;
// a worker that waits spins for as long as that has paid lately, and sleeps
// otherwise. All of a process's executables share one Pool.
//
// A run takes the workers that are idle and never waits for others: results
// must not depend on nworkers, and so any number will do. Workers and the
// goroutines in runs together are no more than the processors, unless a run asks
// for more threads than there are processors.
package pool
