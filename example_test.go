package lathe_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"gonum.org/v1/gonum/mat"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/ir"
)

const gate = `
model Gate(d, e) {
    weight w: f32[d, e]
    weight v: f32[d, e]

    fn forward(x: f32[n, d]) -> f32[n, e] { relu(x @ w) * (x @ v) }
}
`

// must ends an example at its first error.
func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// gateWeights are the weights of Gate for d = 2 and e = 3.
func gateWeights() map[string]*lathe.Tensor {
	return map[string]*lathe.Tensor{
		"w": must(lathe.FromSlice([]float32{1, 0, -1, 0, 1, 2}, 2, 3)),
		"v": must(lathe.FromSlice([]float32{1, 1, 1, 2, 2, 2}, 2, 3)),
	}
}

func Example() {
	ctx := context.Background()
	program := must(lathe.LoadText("gate.lathe", gate))
	x := must(program.Compile(ctx, "Gate.forward", lathe.Options{
		Set:     map[string]string{"n": "2"},
		Weights: gateWeights(),
		LLVM:    os.Getenv("LATHE_LLVM"), // "" for the newest that is found
	}))
	defer x.Close()

	input := must(lathe.FromSlice([]float32{1, 2, -3, 4}, 2, 2))
	results := must(x.Run(ctx, input))
	fmt.Println(must(lathe.Slice[float32](results[0])))
	// Output: [5 10 15 0 20 55]
}

func ExampleLoad() {
	program := must(lathe.Load("examples/gau.lathe"))
	for _, e := range program.Text().Entries() {
		fmt.Print(e.Name)
		for _, p := range e.Params {
			fmt.Printf(" %s: %s", p.Name, p.Type)
		}
		fmt.Println()
	}
	// Output: Gau.forward x: f32[b, n, d] bias: f32[n, n]
}

func ExampleProgram_Check() {
	program := must(lathe.LoadText("wrong.lathe", "fn f(x: f32[n], y: f32[m]) { x + y }"))
	fmt.Println(program.Check())
	// Output: wrong.lathe:1:32: +: f32[n] and f32[m] do not broadcast: sizes differ: n and m
}

func ExampleProgram_Compile() {
	program := must(lathe.LoadText("gate.lathe", gate))
	// Sizes that weights do not show are set, or follow from arguments' types.
	x := must(program.Compile(context.Background(), "", lathe.Options{
		Args:    map[string]ir.Type{"x": ir.Make(lathe.F32, 7, 2)},
		Weights: gateWeights(),
		Threads: 1,
		LLVM:    os.Getenv("LATHE_LLVM"),
	}))
	defer x.Close()
	fmt.Println(x.Inputs(), x.Outputs())
	// Output: [f32[7, 2]] [f32[7, 3]]
}

func ExampleExecutable_RunInto() {
	ctx := context.Background()
	const step = `fn step(state: f32[n], x: f32[n]) -> f32[n] { state / 2 + x }`
	program := must(lathe.LoadText("step.lathe", step))
	x := must(program.Compile(ctx, "step", lathe.Options{Set: map[string]string{"n": "2"}, LLVM: os.Getenv("LATHE_LLVM")}))
	defer x.Close()

	state := lathe.NewTensor(lathe.F32, 2)
	input := must(lathe.FromSlice([]float32{1, 8}, 2))
	for range 3 { // the result is the next call's state; nothing is allocated
		if err := x.RunInto(ctx, []*lathe.Tensor{state}, []*lathe.Tensor{state, input}); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(must(lathe.Slice[float32](state)))
	// Output: [1.75 14]
}

func ExampleFromSlice() {
	data := []float32{1, 2, 3, 4, 5, 6}
	t := must(lathe.FromSlice(data, 2, 3))
	data[5] = 60 // the tensor shares the slice's memory
	fmt.Println(t.Shape(), t.Float(5))
	// Output: [2 3] 60
}

func ExampleSlice() {
	t := lathe.NewTensor(lathe.F32, 4)
	must(lathe.Slice[float32](t))[2] = 7
	fmt.Println(t.Float(2))
	// Output: 7
}

func ExampleFromDense() {
	ctx := context.Background()
	a := mat.NewDense(2, 2, []float64{2, 1, 1, 3})
	b := mat.NewDense(2, 1, []float64{5, 10})
	program := must(lathe.LoadText("residual.lathe", `fn residual(a: f64[n, n], x: f64[n, 1], b: f64[n, 1]) { b - a @ x }`))
	x := must(program.Compile(ctx, "", lathe.Options{Set: map[string]string{"n": "2"}, LLVM: os.Getenv("LATHE_LLVM")}))
	defer x.Close()

	guess := mat.NewDense(2, 1, []float64{1, 2})
	results := must(x.Run(ctx, lathe.FromDense(a), lathe.FromDense(guess), lathe.FromDense(b)))
	fmt.Println(mat.Formatted(must(lathe.Dense(results[0]))))
	// Output:
	// ⎡1⎤
	// ⎣3⎦
}
