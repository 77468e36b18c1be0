package llvm

import (
	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
)

// A skeleton is how an operation with a loop nest of its own is emitted: what a
// kernel.Single holds.
type skeleton struct {
	// emit emits the work of one worker. Workers do not wait for each other, so
	// each one writes elements of the result that no other one reads or writes.
	emit func(s *singleEmitter)
}

// skeletons has an entry for each operation that package fuse makes a Single of.
var skeletons = [ir.NumOps]skeleton{
	ir.OpCumSum: {emit: (*singleEmitter).cumSum},

	ir.OpUpdate:       {emit: (*singleEmitter).update},
	ir.OpDynUpdate:    {emit: (*singleEmitter).dynUpdate},
	ir.OpScatter:      {emit: (*singleEmitter).scatter},
	ir.OpScatterAlong: {emit: (*singleEmitter).scatterAlong},

	//	ir.OpArgSort: {emit: (*singleEmitter).argSort},
	//	ir.OpTopK:    {emit: (*singleEmitter).topK},

	// ir.OpCholesky: {emit: (*singleEmitter).cholesky},
	// ir.OpSolve:    {emit: (*singleEmitter).solve},
	// ir.OpInv:      {emit: (*singleEmitter).inv},
}

// A singleEmitter emits the function of one kernel.Single.
type singleEmitter struct {
	*scope
	k *kernel.Single
}

// emitSingle emits the body of a kernel function for k.Single.
func (s *scope) emitSingle() {
	k := s.k.Single
	if k.Out.Type.Elems() == 0 && k.Value.Op != ir.OpDynUpdate { // which checks its index all the same
		return
	}
	skeletons[k.Value.Op].emit(&singleEmitter{s, k})
}
