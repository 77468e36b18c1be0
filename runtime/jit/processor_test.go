package jit

import (
	"runtime"
	"sync"
	"testing"
)

// All cores and all times give one text.
func TestProcessor(t *testing.T) {
	want := Processor()
	if (want != "") != (runtime.GOARCH == "amd64") {
		t.Fatalf("the processor is %q", want)
	}
	t.Log(want)
	var all sync.WaitGroup
	for range 4 * runtime.NumCPU() {
		all.Go(func() {
			runtime.LockOSThread()
			if got := Processor(); got != want {
				t.Errorf("the processor is %q, and %q", got, want)
			}
		})
	}
	all.Wait()
}
