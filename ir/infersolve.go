package ir

import (
	"fmt"
)

func checkMatrix(t Type) error {
	if err := anyType.check(t); err != nil {
		return err
	}
	if len(t.Shape) < 2 {
		return fmt.Errorf("want a matrix, have %v", t.Plain())
	}
	return nil
}

func checkSquare(t Type) error {
	if err := checkMatrix(t); err != nil {
		return err
	}
	if m, n := t.Shape[len(t.Shape)-2], t.Shape[len(t.Shape)-1]; !SameSize(m, n) {
		return fmt.Errorf("want a square matrix, have %v (%v and %v)", t.Plain(), m, n)
	}
	return nil
}

func inferCholesky(args []Type, _ Attrs, _ Type) (Type, error) {
	if err := float.check(args[0]); err != nil {
		return Type{}, err
	}
	return args[0].Plain().WithProps(Props{Set: Lower}), checkSquare(args[0])
}

func inferInv(args []Type, _ Attrs, _ Type) (Type, error) {
	if err := float.check(args[0]); err != nil {
		return Type{}, err
	}
	return args[0].Plain(), checkSquare(args[0])
}

func inferSolve(args []Type, attrs Attrs, _ Type) (Type, error) {
	switch form := attrs.(*SolveAttrs).Form; form {
	case SolveLU, SolveSPD, SolveLower, SolveUpper, SolveUnitLower, SolveUnitUpper, SolveDiagonal:
	default:
		return Type{}, fmt.Errorf("no form of solve is called %q", form)
	}
	a, b := args[0].Plain(), args[1].Plain()
	if err := float.check(a); err != nil {
		return Type{}, err
	}
	if err := checkSquare(a); err != nil {
		return Type{}, err
	}
	r := len(a.Shape)
	if b.DType != a.DType || len(b.Shape) != r || !sameShape(b.Shape[:r-1], a.Shape[:r-1]) {
		return Type{}, fmt.Errorf("want right-hand sides of %v rows for %v, have %v", a.Shape[r-1], a, b)
	}
	return b, nil
}
