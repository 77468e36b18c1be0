package llvm

// Delete this file as soon as the real functions are there (math_f32.go).

import "github.com/llir/llvm/ir/value"

func (e *emitter) exp(x value.Value) value.Value    { panic("math") }
func (e *emitter) expm1(x value.Value) value.Value  { panic("math") }
func (e *emitter) log(x value.Value) value.Value    { panic("math") }
func (e *emitter) log1p(x value.Value) value.Value  { panic("math") }
func (e *emitter) sin(x value.Value) value.Value    { panic("math") }
func (e *emitter) cos(x value.Value) value.Value    { panic("math") }
func (e *emitter) tanh(x value.Value) value.Value   { panic("math") }
func (e *emitter) erf(x value.Value) value.Value    { panic("math") }
func (e *emitter) pow(x, y value.Value) value.Value { panic("math") }
