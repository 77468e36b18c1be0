package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/source"
)

// The exit statuses.
const (
	exitDone        = 0
	exitFailed      = 1 // a check or a comparison failed
	exitInput       = 2
	exitInternal    = 3
	exitInterrupted = 130
)

// errFailed ends a command with exitFailed; what failed was printed already.
var errFailed = errors.New("a check failed")

// errReported ends a command with exitInput; the errors were printed already.
var errReported = errors.New("the errors were reported")

// report prints an error, source errors with excerpts, and returns the exit
// status.
func report(ctx context.Context, w io.Writer, err error) int {
	var internal *lathe.InternalError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errFailed):
		return exitFailed
	case errors.Is(err, errReported):
		return exitInput
	case errors.Is(err, context.Canceled) || ctx.Err() != nil:
		fmt.Fprintln(w, "lathe: interrupted")
		return exitInterrupted
	case errors.As(err, &internal):
		fmt.Fprintf(w, "lathe: %v\n%s", internal, internal.Stack)
		if len(internal.Stack) == 0 {
			fmt.Fprintln(w, "this is a bug of lathe; lathe dump FILE ENTRY --stage all -o DIR writes what to report")
		}
		return exitInternal
	}
	if list := source.List(err); len(list) > 0 {
		for _, e := range list[:min(len(list), source.MaxErrors)] {
			if !e.Pos.IsValid() {
				fmt.Fprint(w, "lathe: ")
			}
			fmt.Fprintf(w, "%v\n%s", e, e.Excerpt())
		}
		return exitInput
	}
	fmt.Fprintf(w, "lathe: %s\n", shown(strings.TrimSuffix(err.Error(), "\n")))
	return exitInput
}

// maxLine is how many bytes of a line of a message are shown.
const maxLine = 1000

// shown returns a message, which may quote the call or a name of a file as they
// are, with what cannot be printed escaped, and its lines shortened.
func shown(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if len(line) > maxLine {
			line = strings.ToValidUTF8(line[:maxLine/2], "") + " ... " + strings.ToValidUTF8(line[len(line)-maxLine/2:], "")
		}
		lines[i] = source.Printable(line)
	}
	return strings.Join(lines, "\n")
}
