package pool

import (
	"context"
	"errors"
	"math"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/internal/libllvm"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/runtime/jit"
)

// program's buffers 0 and 1 are two rows of i64, its buffers 2 and 3 are numbers,
// not addresses: the length of a row and the number of turns. In each turn,
// every element of one row becomes three times its left neighbour in the other
// plus itself, so every worker needs what the one before it wrote in the turn
// before. It returns early when a barrier says so. count notes in buffer 4 how
// many workers there were, each by adding one. product is x * y, for subnormal
// numbers: buffers 0 and 1 are f64 operands, 2 the result.
const programs = `
declare i32 @lathe_barrier(i8*, i32, i32)

define internal i64* @row(i8* %ctx, i64 %b) alwaysinline {
  %o = shl i64 %b, 3
  %o2 = add i64 %o, 4096
  %p = getelementptr i8, i8* %ctx, i64 %o2
  %q = bitcast i8* %p to i64**
  %r = load i64*, i64** %q
  ret i64* %r
}

define void @stencil(i8* %ctx, i64 %worker, i64 %nworkers) {
entry:
  %w32 = trunc i64 %worker to i32
  %n32 = trunc i64 %nworkers to i32
  %a = call i64* @row(i8* %ctx, i64 0)
  %b = call i64* @row(i8* %ctx, i64 1)
  %lenp = call i64* @row(i8* %ctx, i64 2)
  %len = ptrtoint i64* %lenp to i64
  %turnsp = call i64* @row(i8* %ctx, i64 3)
  %turns = ptrtoint i64* %turnsp to i64
  %t0 = mul i64 %len, %worker
  %lo = udiv i64 %t0, %nworkers
  %t1 = add i64 %t0, %len
  %hi = udiv i64 %t1, %nworkers
  br label %turn
turn:
  %t = phi i64 [ 0, %entry ], [ %tn, %meet ]
  %from = phi i64* [ %a, %entry ], [ %to, %meet ]
  %to = phi i64* [ %b, %entry ], [ %from, %meet ]
  br label %head
head:
  %i = phi i64 [ %lo, %turn ], [ %in, %body ]
  %c = icmp ult i64 %i, %hi
  br i1 %c, label %body, label %meet
body:
  %first = icmp eq i64 %i, 0
  %len1 = sub i64 %len, 1
  %i1 = sub i64 %i, 1
  %left = select i1 %first, i64 %len1, i64 %i1
  %lp = getelementptr i64, i64* %from, i64 %left
  %l = load i64, i64* %lp
  %sp = getelementptr i64, i64* %from, i64 %i
  %s = load i64, i64* %sp
  %l3 = mul i64 %l, 3
  %v = add i64 %l3, %s
  %dp = getelementptr i64, i64* %to, i64 %i
  store i64 %v, i64* %dp
  %in = add i64 %i, 1
  br label %head
meet:
  %stop = call i32 @lathe_barrier(i8* %ctx, i32 %w32, i32 %n32)
  %tn = add i64 %t, 1
  %more = icmp ult i64 %tn, %turns
  %go = icmp eq i32 %stop, 0
  %both = and i1 %more, %go
  br i1 %both, label %turn, label %end
end:
  ret void
}

define void @count(i8* %ctx, i64 %worker, i64 %nworkers) {
  %p = call i64* @row(i8* %ctx, i64 4)
  %o = atomicrmw add i64* %p, i64 1 seq_cst
  ret void
}

define void @product(i8* %ctx, i64 %worker, i64 %nworkers) {
  %xp = call i64* @row(i8* %ctx, i64 0)
  %yp = call i64* @row(i8* %ctx, i64 1)
  %zp = call i64* @row(i8* %ctx, i64 2)
  %xf = bitcast i64* %xp to double*
  %yf = bitcast i64* %yp to double*
  %zf = bitcast i64* %zp to double*
  %x = load double, double* %xf
  %y = load double, double* %yf
  %z = fmul double %x, %y
  %w = fadd double %z, 0.0
  store double %w, double* %zf
  ret void
}
`

// bench is a pool with the test programs, for one LLVM library.
type bench struct {
	pool                    *Pool
	image                   *jit.Image
	stencil, count, product uintptr
}

func (b *bench) close(t testing.TB) {
	t.Helper()
	if err := errors.Join(b.pool.Close(), b.image.Close()); err != nil {
		t.Error(err)
	}
}

func newBench(t testing.TB, lib *libllvm.Library) *bench {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	object, err := jit.Compile(context.Background(), lib, jit.Host(lib), Source(), jit.Object)
	must(err)
	b := &bench{}
	b.pool, err = New(object)
	must(err)
	object, err = jit.Compile(context.Background(), lib, jit.Host(lib), []byte(programs), jit.Object)
	must(err)
	b.image, err = jit.Load(object, b.pool.Resolve)
	must(err)
	for name, addr := range map[string]*uintptr{"stencil": &b.stencil, "count": &b.count, "product": &b.product} {
		*addr, _ = b.image.Symbol(name)
	}
	return b
}

func each(t *testing.T, test func(t *testing.T, b *bench)) {
	for _, lib := range llvmtest.Libraries(t) {
		t.Run(lib.Version().String(), func(t *testing.T) {
			b := newBench(t, lib)
			defer b.close(t)
			test(t, b)
		})
	}
}

// newest is a bench with the library that programs use.
func newest(t testing.TB) *bench {
	return newBench(t, llvmtest.Library(t))
}

// onHeap makes a value that does not move: one that is only known to the compiler
// as a number may be on the stack.
//
//go:noinline
func onHeap[T any]() *T { return new(T) }

// A frame is a context and what it refers to, on Go's heap, which does not move.
type frame struct {
	memory []byte
	rows   [2][]int64
}

func newFrame(length, turns int) *frame {
	f := &frame{memory: make([]byte, kernel.CtxBuffers+64*8+64)}
	for i := range f.rows {
		f.rows[i] = make([]int64, length)
	}
	for i := range f.rows[0] {
		f.rows[0][i] = int64(i*i) - 7
	}
	f.set(0, uintptr(unsafe.Pointer(&f.rows[0][0])))
	f.set(1, uintptr(unsafe.Pointer(&f.rows[1][0])))
	f.set(2, uintptr(length))
	f.set(3, uintptr(turns))
	return f
}

func (f *frame) ctx() unsafe.Pointer {
	p := unsafe.Pointer(&f.memory[0])
	return unsafe.Add(p, -uintptr(p)&63)
}

func (f *frame) set(buffer int, value uintptr) {
	*(*uintptr)(unsafe.Add(f.ctx(), kernel.CtxBuffers+8*buffer)) = value
}

func (f *frame) cancel() *int32 { return (*int32)(unsafe.Add(f.ctx(), kernel.CtxCancel)) }

// want is what stencil computes, in Go.
func want(length, turns int) []int64 {
	f := newFrame(length, turns)
	from, to := f.rows[0], f.rows[1]
	for range turns {
		for i := range to {
			to[i] = 3*from[(i+length-1)%length] + from[i]
		}
		from, to = to, from
	}
	return from
}

func (f *frame) result(turns int) []int64 { return f.rows[turns%2] }

func equal(a, b []int64) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

// Results are the same for any number of workers, fewer and more than there are
// processors, with rows shorter than the number of workers too, and in a context
// that is used again.
func TestRun(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		for _, threads := range []int{1, 2, 3, 8, kernel.CtxMaxWorkers} {
			for _, length := range []int{1, 5, 1000} {
				const turns = 41
				f := newFrame(length, turns)
				for range 2 {
					copy(f.rows[0], newFrame(length, turns).rows[0])
					workers, err := b.pool.Run(b.stencil, f.ctx(), threads, FlushSubnormals)
					if err != nil || workers != threads {
						t.Fatalf("%d threads: got %d workers, error %v", threads, workers, err)
					}
					if !equal(f.result(turns), want(length, turns)) {
						t.Errorf("%d threads, rows of %d: wrong result", threads, length)
					}
				}
			}
		}
	})
}

// Every worker enters the program exactly once, run after run, awake or asleep.
func TestEveryWorkerOnce(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		f := newFrame(1, 1)
		n := onHeap[int64]()
		f.set(4, uintptr(unsafe.Pointer(n)))
		total := int64(0)
		for i := range 300 {
			threads := 1 + i%5
			workers, err := b.pool.Run(b.count, f.ctx(), threads, FlushSubnormals)
			if err != nil {
				t.Fatal(err)
			}
			total += int64(workers)
			if got := atomic.LoadInt64(n); got != total {
				t.Fatalf("run %d: %d entries, want %d", i, got, total)
			}
			if i%50 == 0 {
				time.Sleep(2 * time.Millisecond) // the workers fall asleep
				runtime.GC()
			}
		}
	})
}

// Many executables share the pool; none waits for ever, and each is right.
func TestConcurrentRuns(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		const length, turns = 300, 30
		right := want(length, turns)
		var wg sync.WaitGroup
		for g := range 12 {
			wg.Go(func() {
				f := newFrame(length, turns)
				for i := range 40 {
					copy(f.rows[0], newFrame(length, turns).rows[0])
					threads := 1 + (g+i)%4
					workers, err := b.pool.Run(b.stencil, f.ctx(), threads, Mode(i%2))
					if err != nil || workers < 1 || workers > threads {
						t.Errorf("%d threads: got %d workers, error %v", threads, workers, err)
					}
					if !equal(f.result(turns), right) {
						t.Errorf("%d workers: wrong result", workers)
					}
				}
			})
		}
		wg.Wait()
	})
}

// The workers stop together when the cancel word is set.
func TestCancel(t *testing.T) {
	b := newest(t)
	defer b.close(t)
	const turns = math.MaxInt64 / 2 // does not end by itself
	for _, threads := range []int{1, 2, 4} {
		f := newFrame(64, turns)
		timer := time.AfterFunc(5*time.Millisecond, func() { atomic.StoreInt32(f.cancel(), 1) })
		if _, err := b.pool.Run(b.stencil, f.ctx(), threads, FlushSubnormals); err != nil {
			t.Fatal(err)
		}
		timer.Stop()
	}
}

func TestSubnormals(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		const tiny = 0x1p-1070 // subnormal
		operands := onHeap[[3]float64]()
		run := func(x, y float64, mode Mode) float64 {
			operands[0], operands[1] = x, y
			f := newFrame(1, 1)
			for i := range operands {
				f.set(i, uintptr(unsafe.Pointer(&operands[i])))
			}
			if _, err := b.pool.Run(b.product, f.ctx(), 1, mode); err != nil {
				t.Fatal(err)
			}
			return operands[2]
		}
		for _, test := range []struct {
			x, y float64
			mode Mode
			want float64
		}{
			{0x1p-600, 0x1p-460, KeepSubnormals, 0x1p-1060},
			{0x1p-600, 0x1p-460, FlushSubnormals, 0}, // a subnormal result
			{0x1p-1060, 0x1p500, FlushSubnormals, 0}, // a subnormal operand
			{0x1p-1060, 0x1p500, KeepSubnormals, 0x1p-560},
		} {
			if got := run(test.x, test.y, test.mode); got != test.want {
				t.Errorf("%g * %g in mode %d: got %g, want %g", test.x, test.y, test.mode, got, test.want)
			}
			// Go's own arithmetic keeps its mode.
			half := math.Float64frombits(math.Float64bits(tiny)) / 2
			if half*2 != tiny {
				t.Fatal("a run changed the floating point mode of Go code")
			}
		}
	})
}

func TestRunAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("under the race detector, pools forget at random")
	}
	b := newest(t)
	defer b.close(t)
	f := newFrame(256, 8)
	for _, threads := range []int{1, 2, 3} {
		if n := testing.AllocsPerRun(200, func() {
			if _, err := b.pool.Run(b.stencil, f.ctx(), threads, FlushSubnormals); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%d threads: a run allocates %v times", threads, n)
		}
	}
}

func TestRunErrors(t *testing.T) {
	b := newest(t)
	defer b.close(t)
	f := newFrame(8, 1)
	for _, test := range []struct {
		ctx     unsafe.Pointer
		threads int
		want    string
	}{
		{f.ctx(), 0, "at least 1 thread, found 0"},
		{unsafe.Add(f.ctx(), 8), 1, "aligned to 64"},
		{nil, 1, "aligned to 64"},
	} {
		if _, err := b.pool.Run(b.stencil, test.ctx, test.threads, FlushSubnormals); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got error %v, want one with %q", err, test.want)
		}
	}
	if err := errors.Join(b.pool.Close(), b.pool.Close()); err != nil {
		t.Error(err)
	}
	if _, err := b.pool.Run(b.stencil, f.ctx(), 2, FlushSubnormals); err != ErrClosed {
		t.Errorf("after Close: got %v, want %v", err, ErrClosed)
	}
	if _, err := New([]byte("no object")); err == nil {
		t.Error("a pool of no object")
	}
}

// Close waits for runs in progress, and they end well.
func TestCloseDuringRuns(t *testing.T) {
	for range 10 {
		b := newest(t)
		const length, turns = 100, 50
		right := want(length, turns)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					f := newFrame(length, turns)
					_, err := b.pool.Run(b.stencil, f.ctx(), 2, FlushSubnormals)
					if err == ErrClosed {
						return
					}
					if err != nil || !equal(f.result(turns), right) {
						t.Errorf("wrong result; error %v", err)
						return
					}
				}
			})
		}
		time.Sleep(2 * time.Millisecond)
		if err := b.pool.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
		if err := b.image.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Workers that have nothing to do use no processor.
func TestIdleWorkersSleep(t *testing.T) {
	b := newest(t)
	defer b.close(t)
	f := newFrame(64, 10)
	if _, err := b.pool.Run(b.stencil, f.ctx(), 4, FlushSubnormals); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	const rest = 100 * time.Millisecond
	before := processorTime(t)
	time.Sleep(rest)
	// One worker that spins would use the whole of it.
	if used := processorTime(t) - before; used > rest/2 {
		t.Errorf("%v of processor time in %v with nothing to do", used, rest)
	}
}

func processorTime(t *testing.T) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Threads end with their pool.
func TestThreadsEnd(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 5 {
		b := newest(t)
		f := newFrame(64, 10)
		if _, err := b.pool.Run(b.stencil, f.ctx(), 6, FlushSubnormals); err != nil {
			t.Fatal(err)
		}
		b.close(t)
	}
	deadline := time.Now().Add(5 * time.Second)
	for runtime.NumGoroutine() > before {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines became %d", before, runtime.NumGoroutine())
		}
		time.Sleep(time.Millisecond)
	}
}

// BenchmarkRun is the cost of a run of 200 kernels of 64 elements.
func BenchmarkRun(b *testing.B) {
	x := newest(b)
	defer x.close(b)
	for _, threads := range []int{1, 2, 4} {
		b.Run(map[int]string{1: "1", 2: "2", 4: "4"}[threads], func(b *testing.B) {
			const turns = 200
			f := newFrame(64, turns)
			for b.Loop() {
				if _, err := x.pool.Run(x.stencil, f.ctx(), threads, FlushSubnormals); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*turns), "ns/kernel")
		})
	}
}
