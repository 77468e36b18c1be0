// Package irtest makes programs and data for tests of everything that changes
// or runs IR: random well-typed functions over all operations with arguments
// that keep them well behaved ([Random]), a reducer for those that fail
// ([Shrink]), and a table of small named ones ([Cases]).
//
// It is imported by tests only.
package irtest
