package eval

import (
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// An evalFunc evaluates one operation on operands as the machine holds them.
// It never writes to them; only movement may share their memory.
type evalFunc func(m *machine, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error)

// table has one entry for each operation but those of the interpreter (param,
// for, get).
var table = [ir.NumOps]evalFunc{
	ir.OpConst: evalConst,
	ir.OpFull:  evalFull,
	ir.OpIota:  evalIota,

	ir.OpNeg:     evalUnary,
	ir.OpAbs:     evalUnary,
	ir.OpSign:    evalUnary,
	ir.OpFloor:   evalUnary,
	ir.OpCeil:    evalUnary,
	ir.OpRound:   evalUnary,
	ir.OpSqrt:    evalUnary,
	ir.OpRsqrt:   evalUnary,
	ir.OpExp:     evalUnary,
	ir.OpExpm1:   evalUnary,
	ir.OpLog:     evalUnary,
	ir.OpLog1p:   evalUnary,
	ir.OpSin:     evalUnary,
	ir.OpCos:     evalUnary,
	ir.OpTanh:    evalUnary,
	ir.OpErf:     evalUnary,
	ir.OpNot:     evalNot,
	ir.OpConvert: evalConvert,

	ir.OpAdd:      evalBinary,
	ir.OpSub:      evalBinary,
	ir.OpMul:      evalBinary,
	ir.OpDiv:      evalBinary,
	ir.OpFloorDiv: evalBinary,
	ir.OpMod:      evalBinary,
	ir.OpPow:      evalBinary,
	ir.OpMax:      evalBinary,
	ir.OpMin:      evalBinary,
	ir.OpAnd:      evalBinary,
	ir.OpOr:       evalBinary,
	ir.OpEq:       evalCompare,
	ir.OpNe:       evalCompare,
	ir.OpLt:       evalCompare,
	ir.OpLe:       evalCompare,
	ir.OpGt:       evalCompare,
	ir.OpGe:       evalCompare,
	ir.OpWhere:    evalWhere,

	ir.OpContract:  evalContract,
	ir.OpSum:       evalReduce,
	ir.OpProd:      evalReduce,
	ir.OpReduceMax: evalReduce,
	ir.OpReduceMin: evalReduce,
	ir.OpAny:       evalReduce,
	ir.OpAll:       evalReduce,
	ir.OpArgMax:    evalArg,
	ir.OpArgMin:    evalArg,
	ir.OpCumSum:    evalCumSum,

	ir.OpReshape:   evalReshape,
	ir.OpBroadcast: evalMove,
	ir.OpTranspose: evalMove,
	ir.OpSlice:     evalMove,
	ir.OpConcat:    evalMove,
	ir.OpPad:       evalMove,
	ir.OpTri:       evalMove,
	ir.OpDiag:      evalMove,
	ir.OpDiagonal:  evalMove,
	ir.OpAssume:    evalMove,
	ir.OpUpdate:    evalMove,

	ir.OpDynSlice:     evalIndexed,
	ir.OpDynUpdate:    evalIndexed,
	ir.OpTake:         evalIndexed,
	ir.OpTakeAlong:    evalIndexed,
	ir.OpScatter:      evalScatter,
	ir.OpScatterAlong: evalScatter,
	ir.OpOneHot:       evalOneHot,

	ir.OpArgSort: evalArgSort,
	ir.OpTopK:    evalTopK,

	ir.OpCholesky: evalCholesky,
	ir.OpSolve:    evalSolve,
	ir.OpInv:      evalInv,
}

// byType returns the one of the functions that is for elements held as d.
func byType[F any](d tensor.DType, f64, f32, i64, i32, i8, u8 F) F {
	switch d {
	case tensor.F64:
		return f64
	case tensor.F32:
		return f32
	case tensor.I64:
		return i64
	case tensor.I32:
		return i32
	case tensor.I8:
		return i8
	}
	return u8
}
