package main

import (
	"fmt"
	"os"
)

// note tells people something that is no error.
func (e *env) note(text string) { fmt.Fprintf(e.stderr, "note: %s\n", text) }

func (e *env) notef(format string, args ...any) { e.note(fmt.Sprintf(format, args...)) }

// exists reports whether there is a file or a folder.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
