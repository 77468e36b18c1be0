// Package passes rewrites a function of the IR into a cheaper one with the same
// meaning. In go functions that hold to ir.Verify, with constant sizes; out come
// functions that hold to it too.
//
// This package is part of the compiler, not of its API; it changes without notice.
//
// A pass is a file, and has one name everywhere: that of the file, of the stage
// ir:NAME, of the flag --passes and of its file in testdata.
//
//	fold       what is known when compiling is computed then
//	sparse     products with one-hot values become gathers and scatters
//	simplify   laws that never cost anything
//	structure  what is known of a matrix saves work
//	chain      products in the cheapest order
//	factor     the distributive law, in the direction that is cheaper
//	cse        what is computed twice is computed once
//	slice      of each value only the elements that something needs
//	hoist      work goes out of loops
//	split      what depends on weights alone is computed when they are loaded
//	dead       what no result needs is not computed
package passes
