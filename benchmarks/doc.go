// Package benchmarks measures compiled models beside the naive execution of the
// same program, in one run:
//
//	go test ./benchmarks -bench . -benchtime 5x
//
// Each line has the time of a call and the rate in GFLOP/s by the FLOPs of the
// program as written.
package benchmarks
