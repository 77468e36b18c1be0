package jit

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/lathe-lang/lathe/internal/libllvm"
)

// A Kind is what Compile makes.
type Kind int

const (
	Object   Kind = iota // a relocatable object file
	Assembly             // assembly text
)

// Pipeline is what LLVM does to the IR, in the syntax of opt -passes. Our IR is
// vector code already, with what is invariant mostly outside of loops, so this
// cleans up, and leaves inlining, the vectorisers and everything that looks for
// more out. Of two models it takes 13 and 31 ms, where gvn, dse and a second
// instcombine made the same code in 26 and 72 ms (LLVM 19); instruction
// selection after it takes 76 and 283 ms. It belongs into the key of a cache of
// object files.
const Pipeline = "function(sroa,early-cse<memssa>,instcombine,simplifycfg,loop-mssa(licm),early-cse<memssa>,simplifycfg)"

// Compile turns LLVM IR text into machine code for a target. Pointers in the
// text are typed (float*), which LLVM 14 needs and later versions still read.
//
// Every call has a context and a target machine of its own, so calls may
// overlap. When ctx ends first, Compile returns its error at the end of the
// phase that LLVM is in. An error for IR that LLVM refuses tells where; a
// *libllvm.FatalError leaks what LLVM held.
func Compile(ctx context.Context, lib *libllvm.Library, target Target, irText []byte, kind Kind) ([]byte, error) {
	emit, ok := map[Kind]int{Object: libllvm.Object, Assembly: libllvm.Assembly}[kind]
	if !ok {
		return nil, fmt.Errorf("expected Object or Assembly, found kind %d", kind)
	}
	var code []byte
	err := lib.Guard(func() (err error) {
		code, err = compile(ctx, lib, target, irText, Pipeline, emit)
		return err
	})
	if err != nil {
		return nil, err
	}
	return code, nil
}

// CompileAll compiles modules apart, to one piece of code each, on as many
// processors as the process may use. Which one gets which has no influence on
// the code. The error is that of the first module that has one.
func CompileAll(ctx context.Context, lib *libllvm.Library, target Target, irTexts [][]byte, kind Kind) ([][]byte, error) {
	codes, errs := make([][]byte, len(irTexts)), make([]error, len(irTexts))
	// The longest first, so that none is left over at the end.
	order := make([]int, len(irTexts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(len(irTexts[b]), len(irTexts[a])) })
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(len(irTexts), runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for n := next.Add(1); int(n) <= len(order); n = next.Add(1) {
				i := order[n-1]
				codes[i], errs[i] = Compile(ctx, lib, target, irTexts[i], kind)
			}
		})
	}
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return codes, nil
}

func compile(ctx context.Context, lib *libllvm.Library, target Target, irText []byte, pipeline string, emit int) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	machine, err := lib.NewMachine(target.Triple, target.CPU, target.Features)
	if err != nil {
		return nil, err
	}
	defer machine.Close()
	x := lib.NewContext()
	defer x.Close()
	m, err := x.Parse(irText, "program")
	if err != nil {
		return nil, err
	}
	defer m.Close()
	m.Target(machine)
	for _, phase := range []func() error{
		m.Verify,
		func() error { return m.RunPasses(machine, pipelineFor(lib.Version(), pipeline)) },
		ctx.Err,
	} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := phase(); err != nil {
			return nil, err
		}
	}
	return m.Emit(machine, emit)
}

// pipelineFor returns a pipeline in the words of a version of LLVM. From 18 on,
// instcombine takes itself for faulty, which ends the compilation, if a second
// round would find more to do, as it now and then does for correct IR.
func pipelineFor(v libllvm.Version, pipeline string) string {
	if v.Major < 18 {
		return pipeline
	}
	return strings.ReplaceAll(pipeline, "instcombine", "instcombine<no-verify-fixpoint>")
}
