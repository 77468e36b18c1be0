package benchmarks

import (
	"context"
	"runtime"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/benchmarks/blas"
	"github.com/lathe-lang/lathe/internal/draw"
	"github.com/lathe-lang/lathe/internal/libllvm"
	"github.com/lathe-lang/lathe/ir"
)

// A session is what the rows of one run share. It belongs to one goroutine,
// which is locked to its thread: OpenMP keeps the number of threads there.
type session struct {
	cfg    *Config
	lib    *libllvm.Library
	native *native

	libraries  map[string]*blas.Library // that were found, by name
	missing    map[string]error         // why the others were not
	operands   map[string]*lathe.Tensor // that were drawn
	scrubbed   []byte
	bandwidths map[string]float64

	running      []*rival // for rivalThreads
	rivalThreads int
	rivalNames   []string // of all that ran
}

func newSession(ctx context.Context, cfg *Config) (*session, error) {
	lib, err := libllvm.Open(cfg.LLVM)
	if err != nil {
		return nil, err
	}
	s := &session{cfg: cfg, lib: lib, libraries: map[string]*blas.Library{}, missing: map[string]error{}, operands: map[string]*lathe.Tensor{}}
	if s.native, err = newNative(ctx, lib); err != nil {
		return nil, err
	}
	for _, l := range []struct {
		name, path string
		open       func(string) (*blas.Library, error)
	}{{"OpenBLAS", cfg.OpenBLAS, blas.OpenBLAS}, {"oneDNN", cfg.OneDNN, blas.OneDNN}} {
		if found, err := l.open(l.path); err == nil {
			s.libraries[l.name] = found
		} else {
			s.missing[l.name] = err
		}
	}
	runtime.LockOSThread()
	return s, nil
}

func (s *session) close() {
	s.stopRivals()
	runtime.UnlockOSThread()
	// Nothing runs in it any more; that its memory can't be unmapped hurts nobody.
	_ = s.native.close()
}

// library returns a rival's library for so many threads.
func (s *session) library(name string, threads int) (*blas.Library, error) {
	l := s.libraries[name]
	if l == nil {
		return nil, s.missing[name]
	}
	l.SetThreads(threads)
	return l, nil
}

// mostOperands is how many bytes of operands are kept for later rows.
const mostOperands = 3 << 30

// operand draws the value of an argument: the same one for the same name and
// type. regular adds to the diagonal, so that solves lose few digits.
func (s *session) operand(name string, t ir.Type, bound int, regular bool) (*lathe.Tensor, error) {
	key := name + " " + t.String()
	if v := s.operands[key]; v != nil {
		return v, nil
	}
	held := 0
	for _, v := range s.operands {
		held += v.Len() * v.DType().Size()
	}
	if held > mostOperands {
		clear(s.operands)
	}
	source, err := draw.New(1, name)
	if err != nil {
		return nil, err
	}
	v, err := source.Value(t, bound)
	if err != nil {
		return nil, err
	}
	if regular {
		n := t.Dims()[1]
		for i := range n {
			v.SetFloat(i*n+i, v.Float(i*n+i)+3)
		}
	}
	s.operands[key] = v
	return v, nil
}
