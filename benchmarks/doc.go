// Package benchmarks measures Lathe: against the best that is known for an
// expression, against the machine's limits, and against rivals, in one run.
//
// A [Suite] is a value: rows that each know how they are measured, and the
// columns of its table. [Run] measures a suite's rows one after another and
// gives a [Report], which is what lathe bench --json prints. Tables, pages and
// plots are made from reports, so that a stored one gives the same as a fresh one.
//
// What a row compares is timed in turns (see race.go), so that a slow moment of
// the machine meets all alike. The figures are medians or quartiles of those
// timings and, wherever a share is given, quotients of figures of one race.
package benchmarks
