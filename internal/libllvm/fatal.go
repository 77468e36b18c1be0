package libllvm

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/ebitengine/purego"
)

// A FatalError is an error that LLVM could not go on after, such as an
// operation that the target has no instructions for.
type FatalError struct{ Message string }

func (e *FatalError) Error() string { return "fatal error in LLVM: " + e.Message }

// fatalErrors hands the fatal errors of one library to the calls that met them.
//
// LLVM's handler must not return: LLVM would end the process. So it is called on
// a thread that a goroutine is locked to, hands the message to whoever waits for
// that goroutine, and parks the thread for ever, with what LLVM held there.
type fatalErrors struct {
	threadID func() uintptr
	mu       sync.Mutex
	waiting  map[uintptr]chan<- string // by thread
	idle     []chan guarded            // threads without a call
}

func (f *fatalErrors) install(lib uintptr) error {
	self, err := purego.Dlsym(purego.RTLD_DEFAULT, "pthread_self")
	if err != nil {
		return fmt.Errorf("the C library has no pthread_self: %w", err)
	}
	purego.RegisterFunc(&f.threadID, self)
	set, err := purego.Dlsym(lib, "LLVMInstallFatalErrorHandler")
	if err != nil {
		return fmt.Errorf("has no function LLVMInstallFatalErrorHandler: %w", err)
	}
	f.waiting = map[uintptr]chan<- string{}
	handler := purego.NewCallback(func(reason *byte) uintptr {
		f.mu.Lock()
		ch := f.waiting[f.threadID()]
		f.mu.Unlock()
		if ch == nil {
			return 0 // no call of ours: LLVM prints the reason and aborts
		}
		ch <- goString(reason)
		select {}
	})
	purego.SyscallN(set, handler)
	return nil
}

// A guarded is a call on a thread of LLVM's.
type guarded struct {
	fn    func() error
	done  chan<- error
	fatal chan<- string
}

// Guard calls fn on a thread of its own, and returns fn's error or, where LLVM
// met a fatal error in fn, a *FatalError. In that case fn never ends: the
// thread and whatever fn holds are lost to the process.
//
// Threads stay for later calls, as many as calls have overlapped. The C library
// keeps memory for each thread that has asked for some, 2 MiB after a small
// program: calls from wherever a goroutine happens to be would make all threads
// of the process hold that.
func (l *Library) Guard(fn func() error) error {
	f := &l.fatal
	done, fatal := make(chan error, 1), make(chan string, 1)
	call := guarded{fn, done, fatal}
	f.mu.Lock()
	if n := len(f.idle); n > 0 {
		f.idle[n-1] <- call
		f.idle = f.idle[:n-1]
	} else {
		calls := make(chan guarded, 1)
		calls <- call
		go f.serve(calls)
	}
	f.mu.Unlock()
	select {
	case err := <-done:
		return err
	case message := <-fatal:
		return &FatalError{message}
	}
}

// serve is a thread of LLVM's.
func (f *fatalErrors) serve(calls chan guarded) {
	runtime.LockOSThread()
	id := f.threadID()
	for call := range calls {
		f.mu.Lock()
		f.waiting[id] = call.fatal
		f.mu.Unlock()
		err := recovered(call.fn)
		f.mu.Lock()
		delete(f.waiting, id)
		f.idle = append(f.idle, calls)
		f.mu.Unlock()
		call.done <- err
	}
}

// recovered calls fn; a panic is an error.
func recovered(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error while LLVM worked: %v", p)
		}
	}()
	return fn()
}
