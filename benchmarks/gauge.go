package benchmarks

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/runtime/jit"
)

// peakRun is how many multiply-adds of each chain a timing of the peak does.
const peakRun = 300_000

// peakFlops returns the FLOPs of one run of peak.
func (s *session) peakFlops(d lathe.DType, threads int) float64 {
	return float64(threads) * peakRun * chains * 2 * float64(s.native.vector/d.Size())
}

// peak is the contestant that does nothing but multiply-adds in registers, on
// so many threads. The share of the peak that somebody else reaches is a
// quotient of figures of one race, so that a processor that slows down slows both.
func (s *session) peak(d lathe.DType, threads int) contestant {
	fn := s.native.symbol("fma_" + d.String())
	return contestant{name: "peak", self: func(n int) (time.Duration, error) {
		return together(threads, func() {
			data := make([]float64, 2*s.native.vector/8)
			jit.Call(fn, uintptr(n*peakRun), uintptr(unsafe.Pointer(&data[0])))
			runtime.KeepAlive(data)
		}), nil
	}}
}

// together runs f on so many threads and returns the mean time that one took:
// starting a thread takes as long as a small kernel, and is not what is measured.
func together(threads int, f func()) time.Duration {
	took := make([]time.Duration, threads)
	var ready, done sync.WaitGroup
	ready.Add(threads)
	for i := range threads {
		done.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			ready.Done()
			ready.Wait()
			start := time.Now()
			f()
			took[i] = time.Since(start)
		})
	}
	done.Wait()
	sum := time.Duration(0)
	for _, d := range took {
		sum += d
	}
	return sum / time.Duration(threads)
}

// bandwidth measures how many bytes a second so many threads read from arrays
// of so many bytes together.
func (s *session) bandwidth(ctx context.Context, bytes, threads int) (float64, error) {
	key := fmt.Sprint(bytes, threads)
	if b, ok := s.bandwidths[key]; ok {
		return b, nil
	}
	fn := s.native.symbol("read_all")
	share := bytes / threads / 4096 * 4096
	if share == 0 {
		return 0, fmt.Errorf("%d bytes are too few to read on %d threads", bytes, threads)
	}
	data := make([]byte, share*threads+64)
	for i := range data {
		data[i] = byte(i) // pages of their own, not the system's page of zeros
	}
	next := make(chan int, threads)
	samples, err := s.race(ctx, rules{samples: 7, steady: -1}, []contestant{{name: "read", self: func(int) (time.Duration, error) {
		for i := range threads {
			next <- i
		}
		return together(threads, func() {
			sum := make([]uint64, 8)
			jit.Call(fn, uintptr(unsafe.Pointer(&data[share*<-next])), uintptr(share), uintptr(unsafe.Pointer(&sum[0])))
			runtime.KeepAlive(sum)
		}), nil
	}}})
	if err != nil {
		return 0, err
	}
	runtime.KeepAlive(data)
	b := float64(share*threads) / samples[0].median()
	if s.bandwidths == nil {
		s.bandwidths = map[string]float64{}
	}
	s.bandwidths[key] = b
	return b, nil
}
