package kernel

// A compiled program is one native function,
//
//	void program(i8* ctx, i64 worker, i64 nworkers)
//
// which every worker of a run enters once, with the same ctx. These constants
// are the layout of the memory at ctx, in bytes. The code generator writes them
// into machine code, the runtime into memory, so both take them from here.
//
// ctx is aligned to 64 bytes, zero when it is made, and used by one run at a
// time:
//
//	[0, CtxCancel)              words of the worker pool and of lathe_barrier
//	CtxCancel                   i32: not 0 asks the program to stop
//	CtxErrors + 32 w            the first error of worker w
//	CtxBuffers + 8 b            address of buffer b
//
// An error slot is four i64 at CtxErrorCode, CtxErrorSite, CtxErrorValue,
// CtxErrorBound from its start. Code 0 is no error. Whoever made ctx clears the
// cancel word and the error slots between runs, and leaves what lies before
// CtxCancel to the pool.
const (
	// CtxCancel is where the cancel word is. It has a cache line of its own:
	// every worker polls it.
	CtxCancel = 1024
	// CtxErrors is where the error slot of worker 0 is.
	CtxErrors = 1088
	// CtxErrorSize is the distance of the error slots of two workers.
	CtxErrorSize = 32
	// CtxMaxWorkers is the most workers that a run can have.
	CtxMaxWorkers = 64
	// CtxBuffers is where the address of buffer 0 is.
	CtxBuffers = 4096
)

// Offsets within an error slot.
const (
	CtxErrorCode  = 0  // which rule was broken; 0 for none
	CtxErrorSite  = 8  // which operation of the program found it
	CtxErrorValue = 16 // what was found, such as an index
	CtxErrorBound = 24 // what it was held against, such as a size
)
