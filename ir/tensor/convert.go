package tensor

import "slices"

// convertBlock is how many elements Convert takes at a time: enough to make
// the choice of type cheap, and few enough to stay in the first-level cache.
const convertBlock = 1024

// Convert returns a fresh tensor with the elements of t converted: floats to
// integers by truncation, saturating, NaN to 0; integers to narrower ones by
// wrapping; to floats the nearest value, rounded once; to bool whether it is not
// zero, so that NaN is true. It copies where the type is the same.
func (t *Tensor) Convert(to DType) *Tensor {
	if to == t.dtype {
		return t.Clone()
	}
	if !to.Valid() {
		panic("tensor: conversion to " + to.String())
	}
	r := &Tensor{dtype: to, shape: slices.Clone(t.shape), elems: t.elems, data: alignedBytes(t.elems * to.Size())}
	// Each half is exact: floats all fit f64, and integers all fit i64.
	if t.dtype.IsFloat() {
		eachBlock(t.elems, make([]float64, min(t.elems, convertBlock)), func(x []float64, at int) {
			t.LoadFloats(x, at)
			r.StoreFloats(x, at)
		})
	} else {
		eachBlock(t.elems, make([]int64, min(t.elems, convertBlock)), func(x []int64, at int) {
			t.LoadInts(x, at)
			r.StoreInts(x, at)
		})
	}
	return r
}

// eachBlock calls f with buf, the last time cut to what is left.
func eachBlock[T any](n int, buf []T, f func(buf []T, at int)) {
	for at := 0; at < n; at += len(buf) {
		f(buf[:min(len(buf), n-at)], at)
	}
}
