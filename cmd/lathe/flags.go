package main

import (
	"strings"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/passes"
)

// A names is the program and its entry.
type names struct {
	File  string `arg:"" help:"The program, or the text of an ir stage (.ir)."`
	Entry string `arg:"" optional:"" help:"The entry; may be left out where there is one, or one called main or forward."`
}

// A flags is what run, explain, dump and build have in common.
type flags struct {
	In         []string `placeholder:"NAME=FILE.npy" sep:"none" help:"An argument; repeat it. NAME must be one. FILE.npz binds each array in it by name; those that are no arguments are noted."`
	Weights    []string `placeholder:"FILE" sep:"none" help:"Weights by full name, a safetensors file; repeat it for sharded ones."`
	Set        []string `placeholder:"NAME=VALUE" sep:"none" help:"A size, or a static parameter (a number, true, false)."`
	Random     *uint64  `placeholder:"SEED" help:"Random values for all arguments and weights that are not given. What their types promise holds; triangles have 1 or -1 on the diagonal, which keeps solving with them well-conditioned."`
	Threads    *int     `placeholder:"N" help:"Worker threads; the default is the processors that the process may use."`
	Math       string   `enum:"real,strict" default:"real" placeholder:"real|strict" help:"Which laws the compiler may use: those of real numbers, or none that changes a bit."`
	Passes     *string  `placeholder:"LIST" help:"Only these passes (none for none), or the usual ones without some (-cse,-dead)."`
	MaxRewrite *int     `name:"max-rewrites" placeholder:"N" help:"Stop rewriting after N rewrites."`
	LoadMemory *int     `placeholder:"BYTES" help:"The most that one load-time value may take."`
	NoCache    bool     `help:"Neither read nor write the disk cache."`
}

// options returns the options that need no file.
func (f *flags) options(e *env) (lathe.Options, error) {
	opts := lathe.Options{LLVM: e.getenv("LATHE_LLVM"), Note: e.note}
	if !f.NoCache {
		opts.Cache = cacheFolder(e)
	}
	if f.Math == "strict" {
		opts.Math = lathe.Strict
	}
	if f.Threads != nil {
		if *f.Threads < 1 {
			return opts, usagef("--threads: want at least 1, have %d", *f.Threads)
		}
		if *f.Threads > lathe.MaxThreads {
			return opts, usagef("--threads: have %d; the limit is %d", *f.Threads, lathe.MaxThreads)
		}
		opts.Threads = *f.Threads
	}
	if f.MaxRewrite != nil {
		switch n := *f.MaxRewrite; {
		case n < 0:
			return opts, usagef("--max-rewrites: want 0 or more, have %d", n)
		case n == 0:
			opts.MaxRewrites = -1
		default:
			opts.MaxRewrites = n
		}
	}
	if f.LoadMemory != nil {
		switch n := *f.LoadMemory; {
		case n < 0:
			return opts, usagef("--load-memory: want 0 bytes or more, have %d", n)
		case n == 0:
			opts.LoadMemory = -1
		default:
			opts.LoadMemory = n
		}
	}
	if f.Passes != nil {
		list := strings.Split(*f.Passes, ",")
		for i := range list {
			list[i] = strings.TrimSpace(list[i])
		}
		var err error
		if opts.Passes, err = passes.Select(list); err != nil {
			return opts, usagef("--passes: %v", err)
		}
	}
	opts.Set = map[string]string{}
	for _, s := range f.Set {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" || value == "" {
			return opts, usagef("--set %s: want NAME=VALUE", s)
		}
		if _, twice := opts.Set[name]; twice {
			return opts, usagef("--set %s: %s is set twice", s, name)
		}
		opts.Set[name] = value
	}
	return opts, nil
}
