package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"
)

// A cli is the command line; kong fills it in.
type cli struct {
	Run     runCmd     `cmd:"" help:"Compile an entry for the shapes of its arguments and run it."`
	Check   checkCmd   `cmd:"" help:"Parse and type-check a file, sizes left symbolic."`
	Explain explainCmd `cmd:"" help:"Say what each pass did, what it saved, and which fused kernels came out."`
	Dump    dumpCmd    `cmd:"" help:"Print the program at a stage: tokens, ast, ir, ir:PASS, opt, kernels, llvm, asm, all."`
	Build   buildCmd   `cmd:"" help:"Compile ahead of time: object file, shared library, C header."`
	Bench   benchCmd   `cmd:"" help:"Measure a suite of expressions, kernels or models, and print its table."`
	Version versionCmd `cmd:"" help:"Print the version, the LLVM found and the target."`
	Doctor  doctorCmd  `cmd:"" help:"Say which LLVM, processor features and cache folder are found, try them, and say what to do."`
}

// A command is what a row of cli is.
type command interface {
	run(ctx context.Context, e *env) error
}

// A sink is standard output. It remembers the first error, such as a full disk,
// so that commands print without a look at each.
type sink struct {
	w   io.Writer
	err error
}

// Write writes to standard output, after an error nothing.
func (s *sink) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.w.Write(p)
	s.err = err
	return n, err
}

// A usageError is a mistake in the call.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// stopped is how kong's own exits (help) come back out of the parser.
type stopped struct{ code int }

// run is main without the process: tests call it.
func run(ctx context.Context, e *env, args []string) (code int) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case stopped:
			code = r.code
		default:
			fmt.Fprintf(e.stderr, "lathe: internal error: %v\n%s", r, debug.Stack())
			code = exitInternal
		}
	}()
	out := &sink{w: e.stdout}
	e = &env{stdout: out, stderr: e.stderr, getenv: e.getenv, terminal: e.terminal}
	var c cli
	parser, err := kong.New(&c,
		kong.Name("lathe"), kong.Description("An optimizing compiler for linear-algebra models."),
		kong.Writers(e.stdout, e.stderr), kong.Exit(func(code int) { panic(stopped{code}) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		panic(err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(joinValues(args))
	if err != nil {
		text := strings.TrimSuffix(err.Error(), "\n")
		fmt.Fprintf(e.stderr, "lathe: %s; see lathe --help\n", shown(text))
		return exitInput
	}
	var usage *usageError
	err = parsed.Selected().Target.Addr().Interface().(command).run(ctx, e)
	if err == nil && out.err != nil {
		err = fmt.Errorf("standard output: %w", out.err)
	}
	if errors.As(err, &usage) {
		fmt.Fprintf(e.stderr, "lathe: %s\n", shown(usage.text))
		return exitInput
	}
	return report(ctx, e.stderr, err)
}

// joinValues joins flags whose values may begin with a minus to their values,
// --passes -slice to --passes=-slice, which would be read as a flag else.
func joinValues(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case "--":
			return append(out, args[i:]...)
		case "--passes", "--max-rewrites", "--threads", "--random", "--repeat", "--load-memory":
			if i+1 < len(args) {
				out = append(out, args[i]+"="+args[i+1])
				i++
				continue
			}
		}
		out = append(out, args[i])
	}
	return out
}
