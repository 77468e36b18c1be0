package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/frontend"
	"github.com/lathe-lang/lathe/internal/source"
)

// A checkCmd is lathe check.
type checkCmd struct {
	File string `arg:"" help:"The program, or the text of an ir stage (.ir)."`
	JSON bool   `name:"json" help:"Print one JSON document."`
}

// An errorJSON is one mistake in the document of check --json.
type errorJSON struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

func (c *checkCmd) run(_ context.Context, e *env) error {
	program, err := lathe.Load(c.File)
	if err == nil {
		err = program.Check()
	}
	if err != nil {
		if !c.JSON {
			return err
		}
		if err := printJSON(e, map[string]any{"errors": errorsJSON(c.File, err)}); err != nil {
			return err
		}
		return errReported
	}
	list := entries(program)
	if c.JSON {
		return printJSON(e, map[string]any{"entries": list})
	}
	for _, entry := range list {
		printEntry(e, entry)
	}
	return nil
}

func errorsJSON(file string, err error) []errorJSON {
	list := source.List(err)
	if len(list) == 0 {
		return []errorJSON{{File: file, Message: err.Error()}}
	}
	var out []errorJSON
	for _, s := range list[:min(len(list), source.MaxErrors)] {
		line, col := s.Pos.LineCol()
		name := file
		if s.Pos.File != nil {
			name = s.Pos.File.Name
		}
		out = append(out, errorJSON{name, line, col, s.Msg, s.Hint})
	}
	return out
}

// entries lists what can be run, for both forms of a program.
func entries(p *lathe.Program) []frontend.Entry {
	list := []frontend.Entry{}
	if p.Text() != nil {
		list = append(list, p.Text().Entries()...)
	}
	for _, f := range p.Funcs() {
		entry := frontend.Entry{Name: f.Name}
		for _, v := range f.Params {
			field := frontend.Field{Name: v.Name, Type: v.Type.String()}
			if v.Weight {
				entry.Weights = append(entry.Weights, field)
			} else {
				entry.Params = append(entry.Params, field)
			}
		}
		for _, v := range f.Results {
			entry.Results = append(entry.Results, v.Type.String())
		}
		list = append(list, entry)
	}
	for i := range list {
		// An empty list is [] in JSON, not null.
		entry := &list[i]
		entry.Params = append([]frontend.Field{}, entry.Params...)
		entry.Weights = append([]frontend.Field{}, entry.Weights...)
		entry.Results = append([]string{}, entry.Results...)
	}
	return list
}

func printEntry(e *env, entry frontend.Entry) {
	params := make([]string, len(entry.Params))
	for i, p := range entry.Params {
		params[i] = p.Name + ": " + p.Type
	}
	results := strings.Join(entry.Results, ", ")
	if len(entry.Results) != 1 {
		results = "(" + results + ")"
	}
	fmt.Fprintf(e.stdout, "%s(%s) -> %s\n", entry.Name, strings.Join(params, ", "), results)
	for _, w := range entry.Weights {
		fmt.Fprintf(e.stdout, "    weight %s: %s\n", w.Name, w.Type)
	}
}
