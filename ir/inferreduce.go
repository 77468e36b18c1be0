package ir

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// SplitSpec returns the operands' and the result's indices of an einsum
// specification such as "abc,cd->abd".
func SplitSpec(spec string) (operands []string, result string, err error) {
	lhs, result, ok := strings.Cut(spec, "->")
	if !ok {
		return nil, "", fmt.Errorf("%q has no ->", spec)
	}
	for _, c := range strings.ReplaceAll(lhs, ",", "") + result {
		if c < 'a' || c > 'z' {
			return nil, "", fmt.Errorf("%q: indices are the letters a to z, have %q", spec, c)
		}
	}
	return strings.Split(lhs, ","), result, nil
}

// IndexSizes returns the size of each index of a contraction.
func IndexSizes(spec string, args []Type) (map[byte]dim.Expr, error) {
	operands, result, err := SplitSpec(spec)
	if err != nil {
		return nil, err
	}
	if len(operands) != len(args) {
		return nil, fmt.Errorf("%q names %d operands, there are %d", spec, len(operands), len(args))
	}
	sizes := map[byte]dim.Expr{}
	for i, idx := range operands {
		if len(idx) != len(args[i].Shape) {
			return nil, fmt.Errorf("%q has %d indices for operand %d, %v", spec, len(idx), i+1, args[i].Plain())
		}
		for j := range len(idx) {
			if strings.IndexByte(idx, idx[j]) != j {
				return nil, fmt.Errorf("%q repeats %q within one operand", spec, idx[j])
			}
			n := args[i].Shape[j]
			if m, ok := sizes[idx[j]]; ok && !SameSize(m, n) {
				return nil, fmt.Errorf("index %q of %q is %v and %v", idx[j], spec, m, n)
			}
			sizes[idx[j]] = n
		}
	}
	for j := range len(result) {
		if _, ok := sizes[result[j]]; !ok {
			return nil, fmt.Errorf("%q: index %q of the result is in no operand", spec, result[j])
		}
		if strings.IndexByte(result, result[j]) != j {
			return nil, fmt.Errorf("%q repeats %q in the result", spec, result[j])
		}
	}
	return sizes, nil
}

func inferContract(args []Type, attrs Attrs, _ Type) (Type, error) {
	spec := attrs.(*ContractAttrs).Spec
	sizes, err := IndexSizes(spec, args)
	if err != nil {
		return Type{}, err
	}
	for _, t := range args {
		if err := numeric.check(t); err != nil {
			return Type{}, err
		}
		if t.DType != args[0].DType {
			return Type{}, fmt.Errorf("element types differ: %v and %v", args[0].Plain(), t.Plain())
		}
	}
	_, result, _ := SplitSpec(spec)
	out := Type{DType: args[0].DType}
	for j := range len(result) {
		out.Shape = append(out.Shape, sizes[result[j]])
	}
	return out, nil
}

func reduction(k kind) func([]Type, Attrs, Type) (Type, error) {
	return func(args []Type, attrs Attrs, _ Type) (Type, error) {
		t := args[0].Plain()
		if err := k.check(t); err != nil {
			return Type{}, err
		}
		out := Type{DType: t.DType}
		axes := attrs.(*AxesAttrs).Axes
		for i, axis := range axes {
			if err := checkAxis(axis, t); err != nil {
				return Type{}, err
			}
			if i > 0 && axes[i-1] >= axis {
				return Type{}, fmt.Errorf("axes %v are not ascending", axes)
			}
		}
		for i, n := range t.Shape {
			if !slices.Contains(axes, i) {
				out.Shape = append(out.Shape, n)
			}
		}
		return out, nil
	}
}

func inferArg(args []Type, attrs Attrs, _ Type) (Type, error) {
	axis, t := attrs.(*AxisAttrs).Axis, args[0]
	if err := anyType.check(t); err != nil {
		return Type{}, err
	}
	if err := checkAxis(axis, t); err != nil {
		return Type{}, err
	}
	if n, ok := t.Shape[axis].Int(); ok && n == 0 {
		return Type{}, fmt.Errorf("axis %d of %v has no elements to choose from", axis, t.Plain())
	}
	return Type{DType: tensor.I64, Shape: slices.Delete(slices.Clone(t.Shape), axis, axis+1)}, nil
}

func inferCumSum(args []Type, attrs Attrs, _ Type) (Type, error) {
	if err := numeric.check(args[0]); err != nil {
		return Type{}, err
	}
	return args[0].Plain(), checkAxis(attrs.(*CumSumAttrs).Axis, args[0])
}
