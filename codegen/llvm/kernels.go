package llvm

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	llir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

// A kernelCode is the function of a kernel, which equal kernels share.
type kernelCode struct {
	m       *module // has the function, and what it refers to
	fn      *llir.Func
	text    string       // of the function
	pointer []types.Type // of the buffers
}

// A kernelUse is a kernel of a program: its function, nil if there is nothing to
// do, with its buffers in the order of the parameters.
type kernelUse struct {
	code    *kernelCode
	buffers []*kernel.Buffer
	small   bool // too small to share
}

// emitKernels emits the functions of all kernels, on as many processors as the
// process may use, and sets p.Scratch.
func (m *module) emitKernels(p *kernel.Program) error {
	kernels := slices.Concat(kernel.Kernels(p.Load), p.Kernels())
	uses, errs := make([]kernelUse, len(kernels)), make([]error, len(kernels))
	first, signatures := firstOfEach(p, kernels)
	var next atomic.Int64
	var workers sync.WaitGroup
	own := make([]*kernel.Program, min(len(kernels), runtime.GOMAXPROCS(0)))
	for w := range own {
		own[w] = p.Private()
		workers.Go(func() {
			for n := next.Add(1); int(n) <= len(kernels); n = next.Add(1) {
				if i := int(n - 1); first[i] == i {
					part := newModule(m.target, m.strict)
					part.share = m.share
					uses[i], errs[i] = emitKernel(part, own[w], kernels[i])
				}
			}
		})
	}
	workers.Wait()
	for _, q := range own {
		p.Scratch = max(p.Scratch, q.Scratch)
	}
	known := map[string]*kernelCode{} // by text, but for the name
	m.uses = map[*kernel.Kernel]kernelUse{}
	for i, k := range kernels {
		if errs[i] != nil {
			return errs[i]
		}
		if j := first[i]; j != i {
			uses[i] = uses[j]
			uses[i].buffers = signatures[i].translate(signatures[j], uses[j].buffers)
		} else if code := uses[i].code; code != nil {
			key := strings.Replace(code.text, "@"+k.Name+"(", "@(", 1)
			if same := known[key]; same != nil {
				uses[i].code = same
			} else {
				known[key] = code
				for _, f := range code.m.shared {
					if known[f.fn.Name()] == nil {
						known[f.fn.Name()] = f
						m.kernels = append(m.kernels, f)
					}
				}
				m.kernels = append(m.kernels, code)
			}
		}
		m.uses[k] = uses[i]
	}
	return nil
}

// firstOfEach returns for each kernel the first one with the same signature.
func firstOfEach(p *kernel.Program, kernels []*kernel.Kernel) (first []int, signatures []*signature) {
	slots, known := slotsOf(p), map[string]int{}
	for i, k := range kernels {
		s := signatureOf(p, k, slots)
		j, ok := known[string(s.text)]
		if !ok {
			known[string(s.text)], j = i, i
		}
		first, signatures = append(first, j), append(signatures, s)
	}
	return first, signatures
}

// emitKernel emits the function of a kernel into a module of its own.
func emitKernel(m *module, p *kernel.Program, k *kernel.Kernel) (use kernelUse, err error) {
	defer func() {
		if x := recover(); x != nil { // llir panics on mistakes of ours
			err = fmt.Errorf("internal error: code for %s of %s: %v\n%s", k.Name, p.Func.Name, x, debug.Stack())
		}
	}()
	ps := []*llir.Param{
		llir.NewParam("ctx", types.I8Ptr), llir.NewParam("worker", types.I64), llir.NewParam("workers", types.I64),
		llir.NewParam("indices", types.NewPointer(types.I64)),
	}
	em := m.define(k.Name, enum.LinkageInternal, types.Void, ps...)
	em.fn.FuncAttrs = append(em.fn.FuncAttrs, enum.FuncAttrNoInline)
	code := &kernelCode{m: m, fn: em.fn}
	byBuffer := map[*kernel.Buffer]*llir.Param{}
	ptr := func(b *kernel.Buffer) value.Value {
		p := byBuffer[b]
		if p == nil {
			t := types.NewPointer(memType(b.Type.DType))
			p = llir.NewParam(fmt.Sprintf("b%d", len(use.buffers)), t)
			p.Attrs = []llir.ParamAttribute{enum.ParamAttrNoAlias, enum.ParamAttrNoCapture}
			if n := b.Type.Bytes(); n > 0 {
				p.Attrs = append(p.Attrs, llir.Dereferenceable{N: uint64(n)})
			}
			byBuffer[b] = p
			use.buffers, code.pointer = append(use.buffers, b), append(code.pointer, t)
			em.fn.Params, em.fn.Sig.Params = append(em.fn.Params, p), append(em.fn.Sig.Params, t)
		}
		return p
	}
	s := newScope(em, p, k, ps[0], ps[1], ps[2], ps[3], ptr)
	switch {
	case k.Nest != nil:
		s.emitNest(nil)
	case k.Pack != nil:
		s.emitPack()
	case k.Gemm != nil:
		s.emitGemm()
	case k.Chained != nil:
		s.emitChained()
	default:
		s.emitSingle()
	}
	s.cur.NewRet(nil)
	if len(em.fn.Blocks) == 1 && len(em.cur.Insts) == 0 {
		return kernelUse{small: true}, nil
	}
	code.text = em.fn.LLString()
	use.code, use.small = code, s.small()
	return use, nil
}

// fewElements is how much work, in operations of an element, is too little to
// share: waking and meeting others takes longer.
const fewElements = 1 << 15

// small reports whether the kernel is for one worker.
func (s *scope) small() bool {
	switch k := s.k; {
	case s.m.share:
		return false
	case k.Nest != nil:
		e := &nester{scope: s, n: k.Nest}
		return product(k.Nest.Outer)*max(1, product(k.Nest.Inner)) < fewElements/s.work(e.roots())
	case k.Gemm != nil:
		return gemmWork(k.Gemm) < smallWork
	case k.Chained != nil:
		return chainWork(k.Chained) < smallWork
	case k.Single != nil:
		return singleWork(k.Single) < fewElements
	}
	return false
}
