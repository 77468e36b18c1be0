package llvm

import (
	"crypto/sha256"
	"fmt"
	"math"

	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// elements returns a pointer to the elements of t, in memory form, which become
// part of the program.
func (m *module) elements(t *tensor.Tensor) value.Value {
	mt := memType(t.DType())
	bytes := t.Bytes()
	size := t.DType().Size()
	sum := sha256.Sum256(append([]byte(tensor.TypeString(t.DType(), t.Shape())), bytes...))
	name := fmt.Sprintf("c.%x", sum[:8])
	g := m.constants[name]
	if g == nil {
		elems := make([]constant.Constant, max(t.Len(), 1))
		for i := range elems {
			var bits uint64
			for k := range size {
				if i*size+k < len(bytes) {
					bits |= uint64(bytes[i*size+k]) << (8 * k)
				}
			}
			switch mt := mt.(type) {
			case *types.FloatType:
				x := math.Float64frombits(bits)
				if mt.Kind == types.FloatKindFloat {
					x = float64(math.Float32frombits(uint32(bits)))
				}
				elems[i] = newFloat(mt, x)
			case *types.IntType:
				elems[i] = constant.NewInt(mt, int64(bits)<<(64-8*size)>>(64-8*size))
			}
		}
		g = m.m.NewGlobalDef(name, constant.NewArray(types.NewArray(uint64(len(elems)), mt), elems...))
		g.Linkage, g.Immutable, g.Align = enum.LinkageInternal, true, 64
		m.constants[name] = g
	}
	return constant.NewBitCast(g, types.NewPointer(mt))
}
