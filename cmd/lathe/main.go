// Command lathe compiles and runs linear-algebra models: run, check, explain,
// dump, build, doctor and version. It is the only part of Lathe that reads the
// environment; everything else gets options.
//
// The exit status is 0 for done, 1 where a check or a comparison failed, 2 where
// the input or the call was wrong, 3 for an internal error, 130 for an interrupt.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

// An env is the process as commands see it; tests have one of their own.
type env struct {
	stdout, stderr io.Writer
	getenv         func(string) string
	terminal       bool // stderr is a terminal
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, &env{
		stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv,
		terminal: term.IsTerminal(int(os.Stderr.Fd())),
	}, os.Args[1:])
	stop()
	os.Exit(code)
}
