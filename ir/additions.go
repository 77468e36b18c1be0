package ir

// additions has what an element of an operation costs, in additions, where it is
// not one, nor free as movement.
var additions = map[Op]int{
	OpParam: 0, OpConst: 0, OpFull: 0, OpIota: 0,
	OpExp: 12, OpExpm1: 16, OpLog: 16, OpLog1p: 16, OpSin: 20, OpCos: 20,
	OpTanh: 16, OpErf: 20, OpPow: 40, OpDiv: 4, OpSqrt: 4, OpRsqrt: 6,
	OpFloorDiv: 20, OpMod: 20,
	OpTake: 3, OpTakeAlong: 6, OpDynSlice: 1,
}

// Additions returns about how long code that works on vectors takes for an element
// of op, in additions. It is for choosing between computing and reading back, of
// which a float costs a few; Flops counts by the table of the language.
func (op Op) Additions() int {
	if n, ok := additions[op]; ok {
		return n
	}
	if op.Info().Class == Movement {
		return 0
	}
	return 1
}
