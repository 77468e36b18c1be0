package eval

import "github.com/lathe-lang/lathe/ir/dim"

// An array is elements of any type in row-major order.
type array[T any] struct {
	shape []int
	data  []T
}

// product returns the number of elements of a shape.
func product(shape []int) int {
	n := 1
	for _, k := range shape {
		n *= k
	}
	return n
}

func newArray[T any](shape []int) array[T] {
	return array[T]{shape, make([]T, product(shape))}
}

// strides returns how far apart neighbours along each axis are.
func strides(shape []int) []int {
	s := make([]int, len(shape))
	n := 1
	for i := len(shape) - 1; i >= 0; i-- {
		s[i] = n
		n *= shape[i]
	}
	return s
}

// sizesOf returns constant sizes as integers.
func sizesOf(exprs []dim.Expr) []int {
	n := make([]int, len(exprs))
	for i, e := range exprs {
		n[i], _ = e.Int()
	}
	return n
}

// A walk is where a strided walk over memory begins and how far it goes along
// each axis.
type walk struct {
	at    int
	steps []int
}

// stretched returns the walk over x that reads it as if broadcast to shape.
func stretched(x, shape []int) walk {
	w := walk{steps: make([]int, len(shape))}
	own, off := strides(x), len(shape)-len(x)
	for i, n := range x {
		if n != 1 {
			w.steps[off+i] = own[i]
		}
	}
	return w
}

// copyWalk copies the elements of shape from src to dst, each along its walk.
func copyWalk[T any](dst []T, to walk, src []T, from walk, shape []int) {
	if product(shape) == 0 {
		return
	}
	walks := []walk{to, from}
	shape, walks = merge(shape, walks)
	n, ts, fs := shape[len(shape)-1], last(walks[0].steps), last(walks[1].steps)
	eachRow(shape, walks, func(at []int) {
		t, f := at[0], at[1]
		switch {
		case ts == 1 && fs == 1:
			copy(dst[t:t+n], src[f:f+n])
		case ts == 1 && fs == 0:
			x, row := src[f], dst[t:t+n]
			for i := range row {
				row[i] = x
			}
		default:
			for range n {
				dst[t] = src[f]
				t += ts
				f += fs
			}
		}
	})
}

func last(s []int) int { return s[len(s)-1] }

// merge joins neighbouring axes that every walk passes as one, and drops axes
// of size 1. The result has at least one axis.
func merge(shape []int, walks []walk) ([]int, []walk) {
	out := make([]walk, len(walks))
	for k, w := range walks {
		out[k].at = w.at
	}
	var sizes []int
	for i, n := range shape {
		if n == 1 {
			continue
		}
		joins := len(sizes) > 0
		for k, w := range walks {
			joins = joins && last(out[k].steps) == w.steps[i]*n
		}
		if joins {
			sizes[len(sizes)-1] *= n
		} else {
			sizes = append(sizes, n)
		}
		for k, w := range walks {
			if joins {
				out[k].steps[len(sizes)-1] = w.steps[i]
			} else {
				out[k].steps = append(out[k].steps, w.steps[i])
			}
		}
	}
	if len(sizes) == 0 {
		sizes = []int{1}
		for k := range out {
			out[k].steps = []int{0}
		}
	}
	return sizes, out
}

// eachRow calls f with where each walk stands at the start of every row along
// the last axis. The slice is reused. No size may be zero.
func eachRow(shape []int, walks []walk, f func(at []int)) {
	outer := shape[:len(shape)-1]
	at := make([]int, len(walks))
	for k, w := range walks {
		at[k] = w.at
	}
	index := make([]int, len(outer))
	for {
		f(at)
		i := len(outer) - 1
		for ; i >= 0; i-- {
			index[i]++
			for k, w := range walks {
				at[k] += w.steps[i]
			}
			if index[i] < outer[i] {
				break
			}
			for k, w := range walks {
				at[k] -= w.steps[i] * outer[i]
			}
			index[i] = 0
		}
		if i < 0 {
			return
		}
	}
}

// permuted returns x with axis i of the result being axis perm[i] of x.
func permuted[T any](x array[T], perm []int) array[T] {
	own := strides(x.shape)
	shape, from, same := make([]int, len(perm)), walk{steps: make([]int, len(perm))}, true
	for i, p := range perm {
		shape[i], from.steps[i] = x.shape[p], own[p]
		same = same && p == i
	}
	if same {
		return x
	}
	out := newArray[T](shape)
	copyWalk(out.data, walk{steps: strides(shape)}, x.data, from, shape)
	return out
}

// axisLast returns x with axis moved to the end; x itself if it is there.
func axisLast[T any](x array[T], axis int) array[T] {
	perm := make([]int, 0, len(x.shape))
	for i := range x.shape {
		if i != axis {
			perm = append(perm, i)
		}
	}
	return permuted(x, append(perm, axis))
}

// axisBack undoes axisLast.
func axisBack[T any](x array[T], axis int) array[T] {
	perm := make([]int, 0, len(x.shape))
	for i := range len(x.shape) - 1 {
		if i == axis {
			perm = append(perm, len(x.shape)-1)
		}
		perm = append(perm, i)
	}
	if axis == len(x.shape)-1 {
		perm = append(perm, axis)
	}
	return permuted(x, perm)
}

// axesLast returns x with the axes, ascending, moved to the end, and how many
// elements they have together.
func axesLast[T any](x array[T], axes []int) (array[T], int) {
	gone := make([]bool, len(x.shape))
	n := 1
	for _, a := range axes {
		gone[a] = true
		n *= x.shape[a]
	}
	var perm []int
	for i := range x.shape {
		if !gone[i] {
			perm = append(perm, i)
		}
	}
	return permuted(x, append(perm, axes...)), n
}
