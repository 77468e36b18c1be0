package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/internal/tensorio"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/passes"
)

// A dumpCmd is lathe dump.
type dumpCmd struct {
	names
	flags
	Stage  string `required:"" placeholder:"STAGE" help:"tokens, ast, ir, ir:PASS, opt, kernels, llvm, asm, facts; all with -o DIR."`
	Output string `short:"o" placeholder:"FILE" help:"Where the text goes; a folder for --stage all."`
}

// A stage is the program's text at one point of the compilation.
type stage struct{ name, text string }

// ending returns the ending of files that hold the stage.
func (s stage) ending() string {
	switch kind, _, _ := strings.Cut(s.name, ":"); kind {
	case "ir", "opt":
		return ".ir"
	case "llvm":
		return ".ll"
	case "asm":
		return ".s"
	}
	return ".txt"
}

func (c *dumpCmd) run(ctx context.Context, e *env) error {
	if err := c.known(); err != nil {
		return err
	}
	if c.Stage == "all" && c.Output == "" {
		return usagef("--stage all writes a file for each stage: name their folder with -o DIR")
	}
	stages, err := c.stages(ctx, e)
	if err != nil {
		return err
	}
	if c.Stage == "all" {
		var files []file
		for i, s := range stages {
			name := fmt.Sprintf("%02d-%s%s", i, strings.ReplaceAll(s.name, ":", "-"), s.ending())
			files = append(files, file{name, []byte(s.text)})
		}
		return writeFiles(ctx, c.Output, files)
	}
	i := slices.IndexFunc(stages, func(s stage) bool { return s.name == c.Stage })
	if i < 0 {
		return usagef("--stage %s: that pass does not run here", c.Stage)
	}
	if c.Output != "" {
		return tensorio.WriteFile(ctx, c.Output, func(w io.Writer) error {
			_, err := io.WriteString(w, stages[i].text)
			return err
		})
	}
	_, err = io.WriteString(e.stdout, stages[i].text)
	return err
}

// known says what is wrong with the name of the stage.
func (c *dumpCmd) known() error {
	stages := []string{"tokens", "ast", "ir", "opt", "kernels", "llvm", "asm", "facts", "all"}
	for _, p := range passes.Names() {
		stages = append(stages, "ir:"+p)
	}
	if slices.Contains(stages, c.Stage) {
		return nil
	}
	hint := "the stages are " + strings.Join(stages, ", ")
	if near := source.Near(c.Stage, stages); near != "" {
		hint = "did you mean " + near + "?"
	}
	return usagef("--stage %s: no such stage: %s", source.Quote(c.Stage), hint)
}

// stages returns the stages up to the one that is asked for, and no fewer.
func (c *dumpCmd) stages(ctx context.Context, e *env) (out []stage, err error) {
	isText := strings.HasSuffix(c.File, ".ir")
	if c.Stage == "tokens" || c.Stage == "ast" || c.Stage == "all" && !isText {
		if isText {
			return nil, usagef("--stage %s: %s is in the text form of the IR and has none", c.Stage, c.File)
		}
		if out, err = parseStages(c.File, c.Stage); err != nil || c.Stage != "all" {
			return out, err
		}
	}
	m, err := open(e, c.names, &c.flags)
	if err != nil {
		return nil, err
	}
	defer m.close()
	work := e.progress("compiling " + m.entry)
	defer work.done()
	opts := m.opts
	opts.WeightFiles = c.flags.Weights
	opts.Stage = func(name, text string) { out = append(out, stage{name, text}) }
	switch c.Stage {
	case "all", "kernels", "llvm", "asm":
		_, _, err := m.program.Inspect(ctx, m.entry, opts)
		if err == nil {
			opts.Stage("facts", passes.Facts(m.fn))
		}
		return out, err
	case "facts": // of the program as written
		opts.Stage("facts", passes.Facts(m.fn))
		return out, nil
	}
	// What comes before the kernels needs no LLVM.
	opts.Stage("ir", m.fn.String())
	err = passes.Run(ctx, m.fn, passes.Options{
		Passes: opts.Passes, MaxRewrites: opts.MaxRewrites, LoadMemory: opts.LoadMemory, Strict: opts.Math == lathe.Strict,
		After: func(pass string, f *ir.Func) { opts.Stage("ir:"+pass, f.String()) },
	})
	opts.Stage("opt", m.fn.String())
	return out, err
}

// parseStages returns the tokens and the tree of a file; tokens alone where
// that is the stage, for they exist of texts that do not parse.
func parseStages(path, want string) ([]stage, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f := &source.File{Name: filepath.Clean(path), Text: string(text)}
	var tokens, tree bytes.Buffer
	if err := syntax.DumpTokens(&tokens, f); err != nil {
		return nil, err
	}
	out := []stage{{"tokens", tokens.String()}}
	if want == "tokens" {
		return out, nil
	}
	parsed, err := syntax.Parse(f)
	if err != nil {
		return nil, err
	}
	if err := syntax.DumpTree(&tree, parsed); err != nil {
		return nil, err
	}
	return append(out, stage{"ast", tree.String()}), nil
}
