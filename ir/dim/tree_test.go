package dim_test

import (
	"math/big"
	"math/rand/v2"

	"github.com/lathe-lang/lathe/ir/dim"
)

// A tree is an expression as it was written. Its value is computed with big
// fractions, which shares nothing with package dim.
type tree struct {
	op   byte // n number, v variable, + - * / % m min, M max, c ceil, f floor
	num  int
	name string
	a, b *tree
}

// names are the variables of random trees.
var names = []string{"n", "m", "k"}

func randomTree(r *rand.Rand, depth int) *tree {
	if depth == 0 || r.IntN(6) == 0 {
		if r.IntN(3) == 0 {
			return &tree{op: 'n', num: r.IntN(8)}
		}
		return &tree{op: 'v', name: names[r.IntN(len(names))]}
	}
	t := &tree{op: "++--**/%mMcf"[r.IntN(12)], a: randomTree(r, depth-1)}
	if t.op != 'c' && t.op != 'f' {
		t.b = randomTree(r, depth-1)
	}
	return t
}

// expr builds the tree with the functions of package dim.
func (t *tree) expr() dim.Expr {
	switch t.op {
	case 'n':
		return dim.Const(t.num)
	case 'v':
		return dim.Var(t.name)
	case 'c':
		return dim.Ceil(t.a.expr())
	case 'f':
		return dim.Floor(t.a.expr())
	}
	f := map[byte]func(a, b dim.Expr) dim.Expr{'+': dim.Add, '-': dim.Sub, '*': dim.Mul, '/': dim.Quo, '%': dim.Mod, 'm': dim.Min, 'M': dim.Max}[t.op]
	return f(t.a.expr(), t.b.expr())
}

func (t *tree) String() string {
	switch t.op {
	case 'n':
		return dim.Const(t.num).String()
	case 'v':
		return t.name
	case 'c':
		return "ceil(" + t.a.String() + ")"
	case 'f':
		return "floor(" + t.a.String() + ")"
	case 'm':
		return "min(" + t.a.String() + ", " + t.b.String() + ")"
	case 'M':
		return "max(" + t.a.String() + ", " + t.b.String() + ")"
	}
	return "(" + t.a.String() + " " + string(t.op) + " " + t.b.String() + ")"
}

// eval returns the value, nil where something is divided by zero.
func (t *tree) eval(env map[string]int) *big.Rat {
	switch t.op {
	case 'n':
		return big.NewRat(int64(t.num), 1)
	case 'v':
		return big.NewRat(int64(env[t.name]), 1)
	}
	x := t.a.eval(env)
	if x == nil {
		return nil
	}
	switch t.op {
	case 'c':
		return new(big.Rat).Neg(floor(new(big.Rat).Neg(x)))
	case 'f':
		return floor(x)
	}
	y := t.b.eval(env)
	if y == nil {
		return nil
	}
	z := new(big.Rat)
	switch t.op {
	case '+':
		return z.Add(x, y)
	case '-':
		return z.Sub(x, y)
	case '*':
		return z.Mul(x, y)
	case 'm', 'M':
		if (x.Cmp(y) < 0) == (t.op == 'm') {
			return x
		}
		return y
	}
	if y.Sign() == 0 {
		return nil
	}
	if t.op == '/' {
		return z.Quo(x, y)
	}
	q := floor(new(big.Rat).Quo(x, y))
	return z.Sub(x, z.Mul(y, q))
}

// floor rounds down; Div of big.Int is Euclidean, which is that for a positive
// divisor.
func floor(x *big.Rat) *big.Rat {
	return new(big.Rat).SetInt(new(big.Int).Div(x.Num(), x.Denom()))
}

// environments are the values at which expressions are compared.
func environments(r *rand.Rand, count int) []map[string]int {
	envs := make([]map[string]int, count)
	for i := range envs {
		envs[i] = map[string]int{}
		for _, name := range names {
			envs[i][name] = r.IntN(10)
			if r.IntN(8) == 0 {
				envs[i][name] = r.IntN(1000)
			}
		}
	}
	return envs
}
