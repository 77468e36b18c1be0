package ir

import "math"

// Flops returns the cost of evaluating v once by the rule of cli.md, its
// operands apart; a loop costs its turns (one, if its bounds are known only at
// run time). Sizes must be constant.
func (v *Value) Flops() int {
	if v.Op == OpLoop {
		n := 0
		for _, u := range v.Body.Body {
			n += u.Flops()
		}
		return n * v.Turns()
	}
	return v.Op.Info().Flops(v, v.Cost)
}

// Turns returns how often a loop turns, 1 if its bounds are known only at run
// time.
func (v *Value) Turns() int {
	lo, ok1 := constInt(v.Args[0])
	hi, ok2 := constInt(v.Args[1])
	if !ok1 || !ok2 {
		return 1
	}
	return int(min(Turns(lo, hi, v.Attrs.(*LoopAttrs).Step), math.MaxInt))
}

// Turns returns how many numbers lo, lo+step, ... come before hi, whatever the
// bounds are: the last number and step may add up to more than 64 bits hold.
// step is not 0.
func Turns(lo, hi, step int) uint64 {
	// As unsigned numbers the differences fit.
	switch {
	case step > 0 && lo < hi:
		return (uint64(hi)-uint64(lo)-1)/uint64(step) + 1
	case step < 0 && lo > hi:
		return (uint64(lo)-uint64(hi)-1)/-uint64(step) + 1
	}
	return 0
}

// constInt returns the value of an integer scalar that is a constant.
func constInt(v *Value) (int, bool) {
	if v.Op != OpFull || !v.IsScalar() {
		return 0, false
	}
	n := v.Attrs.(*FullAttrs).Value
	return int(n.Int), n.IsInt
}

// Flops returns the cost of one evaluation of f, dense, nothing shared.
func (f *Func) Flops() int {
	n := 0
	for _, v := range f.Body {
		n += v.Flops()
	}
	return n
}

// Bytes returns the bytes of each operand of v read once and of the result
// written once; an operation that gathers reads only what it takes, and a loop
// counts its body by its turns. Sizes must be constant.
func (v *Value) Bytes() int {
	switch v.Op {
	case OpParam, OpGet:
		return 0
	case OpLoop:
		n := 0
		for _, u := range v.Body.Body {
			n += u.Bytes()
		}
		return n * v.Turns()
	case OpSlice, OpDynSlice, OpTake, OpTakeAlong, OpDiagonal, OpBroadcast:
		n := min(v.Args[0].Type.Bytes(), v.Type.Bytes()) + v.Type.Bytes()
		for _, a := range v.Args[1:] {
			n += a.Type.Bytes()
		}
		return n
	}
	n := v.Type.Bytes()
	for i, a := range v.Args {
		seen := false
		for _, b := range v.Args[:i] {
			seen = seen || a == b
		}
		if !seen {
			n += a.Type.Bytes()
		}
	}
	return n
}

// Bytes returns the bytes that one evaluation of f moves, operation by operation.
func (f *Func) Bytes() int {
	n := 0
	for _, v := range f.Body {
		n += v.Bytes()
	}
	return n
}

func (c Cost) times(elems int) int {
	if c.Set {
		return c.Flops * elems
	}
	return elems
}

func free(v *Value, each Cost) int {
	if !each.Set {
		return 0
	}
	return each.times(v.Type.Elems())
}

func perElem(v *Value, each Cost) int { return each.times(v.Type.Elems()) }

func perOperand(v *Value, each Cost) int { return each.times(v.Args[0].Type.Elems()) }

// flopsScatter counts the elements added; putting them costs nothing.
func flopsScatter(v *Value, each Cost) int {
	if v.Attrs.(*ScatterAttrs).Set && !each.Set {
		return 0
	}
	return each.times(v.Args[2].Type.Elems())
}

// flopsContract counts 2k for each element of the result (1 where k is 1), and
// the number of operands times the index space for more operands than two.
func flopsContract(v *Value, each Cost) int {
	types := make([]Type, len(v.Args))
	for i, a := range v.Args {
		types[i] = a.Type
	}
	sizes, err := IndexSizes(v.Attrs.(*ContractAttrs).Spec, types)
	if err != nil {
		return 0
	}
	space := 1
	for _, n := range sizes {
		k, _ := n.Int()
		space *= k
	}
	switch {
	case each.Set:
		return each.times(v.Type.Elems())
	case len(v.Args) <= 2 && space == v.Type.Elems():
		return space * (len(v.Args) - 1)
	}
	return len(v.Args) * space
}

// matrix returns how many matrices t holds, their rows and columns.
func matrix(t Type) (batch, m, n int) {
	d := t.Dims()
	m, n = d[len(d)-2], d[len(d)-1]
	batch = 1
	for _, k := range d[:len(d)-2] {
		batch *= k
	}
	return batch, m, n
}

func luFlops(n int) int { return n*(n-1)/2 + n*(n-1)*(2*n-1)/3 }

func choleskyFlops(n int) int { return n + n*(n-1)/2 + n*(n*n-1)/3 }

func flopsCholesky(v *Value, _ Cost) int {
	batch, n, _ := matrix(v.Type)
	return batch * choleskyFlops(n)
}

// flopsInv counts LU and n solves with both factors.
func flopsInv(v *Value, _ Cost) int {
	batch, n, _ := matrix(v.Type)
	return batch * (luFlops(n) + 2*n*n*n)
}

func flopsSolve(v *Value, _ Cost) int {
	batch, n, m := matrix(v.Type)
	switch v.Attrs.(*SolveAttrs).Form {
	case SolveLU:
		return batch * (luFlops(n) + 2*n*n*m)
	case SolveSPD:
		return batch * (choleskyFlops(n) + 2*n*n*m)
	case SolveDiagonal:
		return batch * n * m
	}
	return batch * n * n * m
}
