package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/tensorio"
)

// checkOut says early what is wrong with --out for so many results.
func checkOut(path string, results int) error {
	if path == "" {
		return nil
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".npy":
		if results != 1 {
			return usagef("--out %s: there are %d results; name a .npz file", path, results)
		}
	case ".npz":
	default:
		return usagef("--out %s: want a .npy or a .npz file", path)
	}
	if dir := filepath.Dir(path); !exists(dir) {
		return usagef("--out %s: there is no folder %s", path, dir)
	}
	return nil
}

// writeResults writes the results to a file, whole or not at all.
func writeResults(ctx context.Context, e *env, path string, results []*lathe.Tensor) error {
	if strings.ToLower(filepath.Ext(path)) == ".npy" {
		note, err := tensorio.WriteNpy(ctx, path, results[0])
		if note != "" {
			e.note(note)
		}
		return err
	}
	var arrays []tensorio.Array
	for i, t := range results {
		arrays = append(arrays, tensorio.Array{Name: strconv.Itoa(i), Tensor: t})
	}
	notes, err := tensorio.WriteNpz(ctx, path, arrays)
	for _, note := range notes {
		e.note(note)
	}
	return err
}

// A number is a float that JSON can hold: NaN and infinities are strings.
type number float64

// MarshalJSON writes the number, or "NaN", "+Inf", "-Inf".
func (n number) MarshalJSON() ([]byte, error) {
	f := float64(n)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return json.Marshal(strconv.FormatFloat(f, 'g', -1, 64))
	}
	return json.Marshal(f)
}

// A resultJSON is a result in the document of run --json.
type resultJSON struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Min  number `json:"min"`
	Max  number `json:"max"`
	Mean number `json:"mean"`
}

func resultsJSON(results []*lathe.Tensor) []resultJSON {
	out := make([]resultJSON, len(results))
	for i, t := range results {
		s := t.Summary()
		out[i] = resultJSON{strconv.Itoa(i), s.Type, number(s.Min), number(s.Max), number(s.Mean)}
	}
	return out
}

// printJSON prints one document.
func printJSON(e *env, v any) error {
	enc := json.NewEncoder(e.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func printResults(e *env, results []*lathe.Tensor) {
	for i, t := range results {
		fmt.Fprintf(e.stdout, "%d: %v\n", i, t.Summary())
	}
}
