package llvm

import (
	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
)

// A skeleton is how an operation with a loop nest of its own is emitted: what a
// kernel.Single holds.
//
// It emits the work of one worker. Workers do not wait for each other, so each
// one writes elements of the result that no other one reads or writes.
type skeleton func(s *singleEmitter)

// skeletons has an entry for each operation that package fuse makes a Single of.
var skeletons = [ir.NumOps]skeleton{
	ir.OpCumSum: (*singleEmitter).cumSum,

	ir.OpUpdate:       (*singleEmitter).update,
	ir.OpDynUpdate:    (*singleEmitter).dynUpdate,
	ir.OpScatter:      (*singleEmitter).scatter,
	ir.OpScatterAlong: (*singleEmitter).scatterAlong,

	ir.OpArgSort: (*singleEmitter).argSort,
	ir.OpTopK:    (*singleEmitter).topK,

	ir.OpCholesky: (*singleEmitter).cholesky,
	ir.OpSolve:    (*singleEmitter).solve,
	ir.OpInv:      (*singleEmitter).inv,
}

// A singleEmitter emits the function of one kernel.Single.
type singleEmitter struct {
	*scope
	k *kernel.Single
}

// emitSingle emits the body of a kernel function for k.Single.
func (s *scope) emitSingle() {
	k := s.k.Single
	// What checks indices does so where there is no place for them either.
	if k.Out.Type.Elems() == 0 && !k.Value.Op.Info().Fails {
		return
	}
	skeletons[k.Value.Op](&singleEmitter{s, k})
}

// singleWork returns about how many operations of an element k takes.
func singleWork(k *kernel.Single) int {
	most := 0
	for _, o := range k.Operands {
		most = max(most, o.Type.Elems())
	}
	dims := k.Operands[0].Type.Dims()
	switch k.Value.Op {
	case ir.OpUpdate, ir.OpDynUpdate:
		if k.InPlace {
			return k.Operands[1].Type.Elems()
		}
	case ir.OpScatter, ir.OpScatterAlong:
		if k.InPlace {
			most = k.Operands[2].Type.Elems()
		}
		return 4 * most
	case ir.OpArgSort, ir.OpTopK:
		return 16 * most
	case ir.OpCholesky, ir.OpInv, ir.OpSolve:
		return most * dims[len(dims)-1]
	}
	return most
}
