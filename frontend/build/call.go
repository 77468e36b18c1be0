package build

import "github.com/lathe-lang/lathe/frontend/check"

// A NamedArg is an argument that goes by its name; Named makes it.
type NamedArg struct {
	name string
	x    any
}

// Named returns an argument of a built-in that goes by its name, such as
// Named("axis", -1).
func Named(name string, x any) NamedArg { return NamedArg{name, x} }

// Call applies the built-in function called name, as text does: softmax(x,
// axis=0) is Call("softmax", x, Named("axis", 0)). What gives several values,
// top_k and split, gives a Value that Unpack takes apart.
func (b *Builder) Call(name string, args ...any) Value {
	at := b.here()
	placed := make([]check.Argument, len(args))
	for i, a := range args {
		if n, ok := a.(NamedArg); ok {
			placed[i] = check.Argument{Name: n.name, Value: b.operand(at, n.x)}
			continue
		}
		if i > 0 && placed[i-1].Name != "" {
			return Value{b.check.Fail(at, "", "an argument by position stands behind one by name")}
		}
		placed[i] = check.Argument{Value: b.operand(at, a)}
	}
	return Value{b.check.Call(at, name, placed)}
}
