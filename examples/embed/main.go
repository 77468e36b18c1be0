// Command embed compiles a model inside a Go program and runs it:
//
//	go run ./examples/embed
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/lathe-lang/lathe"
)

const text = `
model Gate(d, e) {
    weight w: f32[d, e]
    weight v: f32[d, e]

    fn forward(x: f32[n, d]) -> f32[n, e] { relu(x @ w) * (x @ v) }
}
`

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	program, err := lathe.LoadText("gate.lathe", text)
	if err != nil {
		return err // up to ten mistakes, each with its place in the text
	}
	w, err := lathe.FromSlice([]float32{1, 0, -1, 0, 1, 2}, 2, 3)
	if err != nil {
		return err
	}
	gate, err := program.Compile(ctx, "Gate.forward", lathe.Options{
		Set:     map[string]string{"n": "2"}, // the weights show d and e
		Weights: map[string]*lathe.Tensor{"w": w, "v": w},
		LLVM:    os.Getenv("LATHE_LLVM"), // "" for the newest that is found
	})
	if err != nil {
		return err
	}
	defer gate.Close()

	x, err := lathe.FromSlice([]float32{1, 2, 3, 4}, 2, 2)
	if err != nil {
		return err
	}
	results, err := gate.Run(ctx, x) // safe from many goroutines
	if err != nil {
		return err
	}
	rows, err := lathe.Slice[float32](results[0])
	if err != nil {
		return err
	}
	fmt.Println(results[0].Shape(), rows)
	return nil
}
