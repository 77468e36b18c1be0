package ir

import "fmt"

// An Op names an operation. What the compiler may assume about it is its row
// in the table ops, and nothing else.
type Op uint8

// The operations, in the order of the table.
const (
	OpInvalid Op = iota

	// leaves
	OpParam
	OpConst
	OpFull
	OpIota

	// elementwise, one operand
	OpNeg
	OpAbs
	OpSign
	OpFloor
	OpCeil
	OpRound
	OpSqrt
	OpRsqrt
	OpExp
	OpExpm1
	OpLog
	OpLog1p
	OpSin
	OpCos
	OpTanh
	OpErf
	OpNot
	OpConvert

	// elementwise, two and three operands
	OpAdd
	OpSub
	OpMul
	OpDiv
	OpFloorDiv
	OpMod
	OpPow
	OpMax
	OpMin
	OpAnd
	OpOr
	OpEq
	OpNe
	OpLt
	OpLe
	OpGt
	OpGe
	OpWhere

	// contractions, reductions, scans
	OpContract
	OpSum
	OpProd
	OpReduceMax
	OpReduceMin
	OpAny
	OpAll
	OpArgMax
	OpArgMin
	OpCumSum

	// movement
	OpReshape
	OpBroadcast
	OpTranspose
	OpSlice
	OpConcat
	OpPad
	OpTri
	OpDiag
	OpDiagonal
	OpAssume
	OpUpdate

	// movement by indices known at run time
	OpDynSlice
	OpDynUpdate
	OpTake
	OpTakeAlong
	OpScatter
	OpScatterAlong
	OpOneHot

	// selection
	OpArgSort
	OpTopK

	// factorisations
	OpCholesky
	OpSolve
	OpInv

	// control
	OpLoop
	OpGet

	// NumOps is the number of operations; tables indexed by Op have this size.
	NumOps
)

// A Class says how an operation walks its operands: it decides what may share
// a loop nest with it.
type Class uint8

// The classes.
const (
	Leaf          Class = iota // no operands
	Elementwise                // out[i] depends on in[i] alone, after broadcasting
	Contraction                // sums products over shared axes
	Reduction                  // combines along axes
	Scan                       // combines along an axis and keeps what is between
	Movement                   // each element is one of the operand's, or a constant
	Indexed                    // movement by indices known at run time
	Selection                  // orders elements
	Factorisation              // solves and factors matrices
	Control                    // loops and parts of tuples
)

// Algebra is a set of laws that hold for real numbers.
type Algebra uint8

// The laws.
const (
	Commutative Algebra = 1 << iota
	Associative
)

// Variadic is the operand count of operations that take any number, at least one.
const Variadic = -1

// An OpInfo is the row of an operation: every fact that needs no other
// package. How the operation is evaluated and how it becomes machine code are
// in tables of the same index, in packages eval and codegen/llvm.
type OpInfo struct {
	Name    string       // as the text form spells it
	Args    int          // number of operands, or Variadic
	Class   Class        //
	Algebra Algebra      //
	Attrs   func() Attrs // makes an empty record; nil if there is none
	Typed   bool         // the maker states the result's type; Infer checks it
	Fails   bool         // may fail at run time
	Doc     string       // one line, with shapes

	// Infer returns the type of the result without structure, or an error that
	// says what was expected and what was found. want is the stated type of a
	// Typed operation.
	Infer func(args []Type, attrs Attrs, want Type) (Type, error)
	// Flops returns the floating-point operations of one evaluation by the
	// rule of cli.md; each is what one element costs, unless a Cost is set.
	Flops func(v *Value, each Cost) int
}

// Info returns the row of op.
func (op Op) Info() *OpInfo { return &ops[op] }

// String returns the name in the text form; op(200) for what is no operation.
func (op Op) String() string {
	if op >= NumOps {
		return fmt.Sprintf("op(%d)", uint8(op))
	}
	return ops[op].Name
}

// OpByName returns the operation that the text form calls name.
func OpByName(name string) (Op, bool) {
	for op := OpParam; op < NumOps; op++ {
		if ops[op].Name == name {
			return op, true
		}
	}
	return OpInvalid, false
}
