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

// Guard calls fn on a thread of its own, and returns fn's error or, where LLVM
// met a fatal error in fn, a *FatalError. In that case fn never ends: the
// thread and whatever fn holds are lost to the process.
func (l *Library) Guard(fn func() error) error {
	f := &l.fatal
	done := make(chan error, 1)
	fatal := make(chan string, 1)
	go func() {
		runtime.LockOSThread()
		id := f.threadID()
		f.mu.Lock()
		f.waiting[id] = fatal
		f.mu.Unlock()
		var err error
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("internal error while LLVM worked: %v", p)
			}
			f.mu.Lock()
			delete(f.waiting, id)
			f.mu.Unlock()
			runtime.UnlockOSThread()
			done <- err
		}()
		err = fn()
	}()
	select {
	case err := <-done:
		return err
	case message := <-fatal:
		return &FatalError{message}
	}
}
