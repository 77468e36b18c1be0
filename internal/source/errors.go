package source

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// MaxErrors is how many errors a front end reports before it gives up.
const MaxErrors = 10

// Errors collects mistakes so that one run reports several of them. The zero
// Errors is ready to use. It is not safe for concurrent use.
type Errors struct {
	list  []*Error
	files map[*File]int // files in the order of their first error
	seen  map[Pos]bool
}

// Addf records an error and returns it, so that the caller can set its hint or
// its kind. An error at a place that has one already is dropped: the first one
// is the cause, the rest mostly follow from it.
func (es *Errors) Addf(pos Pos, format string, args ...any) *Error {
	e := &Error{Pos: pos, Msg: fmt.Sprintf(format, args...)}
	es.Add(e)
	return e
}

// Add records an error that was made elsewhere, as Addf does.
func (es *Errors) Add(e *Error) {
	if es.seen[e.Pos] {
		return
	}
	if es.seen == nil {
		es.seen, es.files = map[Pos]bool{}, map[*File]int{}
	}
	es.seen[e.Pos] = true
	if _, ok := es.files[e.Pos.File]; !ok {
		es.files[e.Pos.File] = len(es.files)
	}
	es.list = append(es.list, e)
}

// Len returns how many errors are recorded.
func (es *Errors) Len() int { return len(es.list) }

// Full reports whether there are as many errors as are reported; who reads the
// source in order may stop then.
func (es *Errors) Full() bool { return len(es.list) >= MaxErrors }

// List returns the first MaxErrors errors in source order, file by file.
func (es *Errors) List() []*Error {
	sorted := slices.Clone(es.list)
	slices.SortStableFunc(sorted, func(a, b *Error) int {
		return cmp.Or(es.files[a.Pos.File]-es.files[b.Pos.File], a.Pos.Off-b.Pos.Off)
	})
	return sorted[:min(len(sorted), MaxErrors)]
}

// Err returns nil if nothing was recorded, else the errors of List, joined.
func (es *Errors) Err() error {
	var errs []error
	for _, e := range es.List() {
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}

// List returns the source errors in err, however joined and wrapped, in their
// order; nil where there is none.
func List(err error) []*Error {
	switch e := err.(type) {
	case nil:
		return nil
	case *Error:
		return []*Error{e}
	case interface{ Unwrap() []error }:
		var list []*Error
		for _, part := range e.Unwrap() {
			list = append(list, List(part)...)
		}
		return list
	default:
		return List(errors.Unwrap(err))
	}
}
