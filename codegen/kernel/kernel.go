// Package kernel is the fused form of a program: few kernels and loops over
// buffers. It is what codegen/fuse makes of the IR, codegen/memplan places in
// memory and codegen/llvm turns into LLVM IR. It knows nothing of any target.
//
// This package is part of the compiler, not of its API; it changes without notice.
//
// # How a kernel reads
//
// A kernel computes some values of the IR, its Inside, and stores those that
// are needed elsewhere. Everything else that it needs it either loads, because
// the value is materialised (Program.Buf has a buffer for it), or computes anew
// where it needs it: constants, movement, and elementwise work that is cheaper
// to repeat than to store. Which of the three holds for an operand v of a value
// in the kernel is decided in this order: v is Inside: computed; Program.Buf
// has v: loaded; else computed. So movement is never a kernel: it becomes an
// index map of the loads.
package kernel

import (
	"fmt"

	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
)

// A Program is a function as kernels.
type Program struct {
	Func    *ir.Func
	Strict  bool                  // --math strict: no reassociation, no contraction, element types kept
	Buffers []*Buffer             // in order of ID
	Params  []*Buffer             // of Func.Params, in order
	Results []*Buffer             // of Func.Results, in order; all different
	Load    []Step                // run once, when weights are bound: they fill the buffers of kind Loaded
	Steps   []Step                // run in each call
	Packs   []Pack                // weights that Load packs for Steps; other programs may have the same
	Buf     map[*ir.Value]*Buffer // where each materialised value is
	Arena   int                   // bytes that the buffers of kind Temp take together, set by memplan
	Loaded  int                   // bytes that the buffers of kind Loaded take together, set by memplan
	Making  int                   // bytes that those of kind LoadTemp take together, set by memplan
	Scratch int                   // bytes of scratch that each worker needs, set by codegen/llvm
	Sites   []source.Pos          // of operations that may fail, by the site of the error slot
	Site    map[*ir.Value]int     // the site of an operation that may fail
	zeros   map[*ir.Value]bool    // what HasZeros found
	Clock   int                   // how many kernels are timed, set by codegen/llvm; 0 for none
	Indices int                   // how many loop indices are alive at most; Loop.Slot counts below it
}

// A Pack is a buffer of kind Loaded that holds a weight packed for products, and
// that nothing in Load reads. Layout says how: with the same weight it stands for
// the same bytes in every program. Load leaves out the kernel that packs where the
// buffer has no address in the table: then somebody has packed it already.
type Pack struct {
	Buffer, Weight *Buffer
	Layout         string
}

// A BufferKind says who owns the memory of a buffer.
type BufferKind uint8

// The kinds.
const (
	Argument BufferKind = iota // the caller's, read only
	Weight                     // the executable's, read only
	Result                     // the caller's, written
	Temp                       // the arena's
	Constant                   // of the native code, read only: the elements of an ir.OpConst
	Loaded                     // the executable's: written by Program.Load, read only for Steps
	LoadTemp                   // an arena's that is there while Program.Load runs
)

func (k BufferKind) String() string {
	return [...]string{"argument", "weight", "result", "temp", "constant", "loaded", "load temp"}[k]
}

// A Buffer is row-major memory for one tensor, aligned to 64 bytes, of at
// least one element even where the type has none.
type Buffer struct {
	ID     int // its place in the table at CtxBuffers; 0 is the workers' scratch
	Kind   BufferKind
	Type   ir.Type   // static
	Value  *ir.Value // the value that names it: a parameter, a constant, the first one stored
	Offset int       // in the arena of its kind, a multiple of 64: Temp, Loaded, LoadTemp
	Bytes  int       // at least Type.Bytes(); more for packed operands
}

// A Step is a *Kernel or a *Loop. Steps run one after the other, all workers
// together.
type Step interface{ step() }

func (*Kernel) step() {}
func (*Loop) step()   {}

// A Loop runs its steps for index = lo, lo+step, ... before hi.
type Loop struct {
	Value  *ir.Value // the ir.OpLoop
	Lo, Hi Bound
	Step   int
	Index  *ir.Value // the i64 scalar that the body sees, never in Program.Buf
	Slot   int       // its number among the loop indices that are alive
	Body   []Step
}

// A Bound is an end of a loop: a constant, or an i64 scalar in a buffer, or the
// index of a loop around this one.
type Bound struct {
	Const int
	Buf   *Buffer   // if not nil
	Index *ir.Value // if not nil
}

// A Kind says what a kernel mostly does; it is what explain prints.
type Kind uint8

// The kinds.
const (
	Map Kind = iota
	Reduce
	Contraction
	Chain
	Selection
	Factorisation
	Copy
)

func (k Kind) String() string {
	return [...]string{"map", "reduce", "contraction", "chained", "selection", "factorisation", "copy"}[k]
}

// A Kernel is one loop skeleton with the work that is fused into it. Exactly
// one of Nest, Gemm, Pack, Chained and Single is set.
type Kernel struct {
	Name   string // k0, k1, ... in order of the program
	Kind   Kind
	Inside []*ir.Value // what it computes, in order of the IR
	Guard  *Guard      // if not nil, the kernel runs only where it holds
	Nest   *Nest
	Pack   *Gemm // packs the right operand of a Gemm
	Gemm   *Gemm
	Single *Single

	Chained *Chained
}

// A Guard is a condition that is known when the program runs: a bool scalar in
// Flag is Want.
type Guard struct {
	Flag *Buffer
	Want bool
}

// A Store says where a value that the kernel computes goes: all of Buf, or the
// part of it that starts at Offset elements and has the given strides, one for
// each dimension of the value.
type Store struct {
	Value   *ir.Value
	Buf     *Buffer
	Offset  int
	Strides []int
}

// A Nest walks Outer in parallel and, for each of its points, Inner as often as
// there are stages. Values that it computes have one of two shapes: that of
// Outer, or the full one, whose dimensions are those of Outer and Inner in the
// order of Full. A nest without Inner is a map: its one stage stores values of
// the shape of Outer.
//
//	for o in Outer:                    // in parallel
//	  for each stage:
//	    for i in Inner: accumulate stage.Reduce, store stage.Store (full)
//	  store Store (shape of Outer)
type Nest struct {
	Outer  []int
	Inner  []int
	Full   []Axis
	Stages []Stage
	Store  []Store
	Flat   bool // Outer is one dimension: all that is loaded and stored lies in the same order, or is a scalar
}

// An Axis is a dimension of Nest.Inner, or of Nest.Outer.
type Axis struct {
	Inner bool
	Index int
}

// A Stage is one walk over Inner. What it reduces is known to the stages after
// it. A reduction is an ir.OpSum and its kin, whose operand has the full shape,
// an ir.OpArgMax or ir.OpArgMin, or an ir.OpContract, whose indices are the
// full shape: those of its result in order (Outer), then the others in order of
// first appearance (Inner).
type Stage struct {
	Reduce []*ir.Value
	Store  []Store
}

// A Gemm is a contraction of two operands as products of matrices:
//
//	C[batch.., m.., n] = sum over k of A[batch.., m.., k..] * B[batch.., k.., n]
//
// and then the stores, values of the shape of the contraction, computed on the
// tile while it is in registers.
type Gemm struct {
	Value *ir.Value
	Swap  bool // A is the second operand of Value and B the first
	A, B  View // only B may be computed as it is read (View.Of)
	// Each Dim is an index of the contraction. Batch and Rows are indices of
	// the result without Col; a batch index is also one of B, a row index is not.
	// A result's index that only A lacks is a batch index of stride 0 in A.
	Batch []Dim
	Rows  []Dim
	Col   Dim
	Sum   []Dim
	Store []Store
	// Left and Right say for which k a product counts, by the structure of A and
	// of B; nil if for all. Sum is one dimension then, of at least two steps, and
	// so is Rows[LeftRow], whose index Left's i is; Right's is that of Col. The
	// elements that are left out are not read, or not used.
	Left, Right *Band
	LeftRow     int
	// Only, if not nil, says which elements of the product are needed: those in
	// whose last two dimensions j-i is in Lo..Hi. The others are anything. The row
	// is Rows[LeftRow], the column Col.
	Only *Band
	// Mirror says that the product, not all that is stored, is symmetric, as where
	// A and B are one matrix, up to transposition: Rows is one dimension, of the
	// size of Col, and B is packed.
	Mirror bool
	// Packed holds B, packed by the Pack kernel before: for each point of Batch
	// and each panel of Panel columns, one run of Sum by Panel elements, the
	// columns beyond the last zero. Without it, the kernel packs each panel itself
	// just before it multiplies it, if Packs; else B is read in place, which takes a
	// Col.B of 1.
	Packed *Buffer
	Packs  bool
	Panel  int
	// Pick says that the points of one batch index are not those of B: each has the
	// matrix of B that an index vector names, as rows have that are grouped by expert.
	Pick *Pick
}

// A Pick takes the place of an ir.OpTake of matrices of B, which is not Inside:
// element i of its indices, an integer vector that the kernel loads, says where B
// is for point i of the batch index that is dimension Result of the result. B, its
// strides and Packed are those of the Size matrices that are taken from.
type Pick struct {
	Take   *ir.Value
	Result int
	Size   int
}

// PointsOfB returns how many points B has along d, an index of Batch.
func (g *Gemm) PointsOfB(d Dim) int {
	if g.Pick != nil && g.Pick.Result == d.Result {
		return g.Pick.Size
	}
	return d.Size
}

// A Band leaves out the products of a sum over k for which k-i is not in Lo..Hi,
// i being a row of A or a column of B. With Unit, where Lo or Hi is 0, elements
// with k = i are one, whatever is in memory.
type Band struct {
	Lo, Hi int
	Unit   bool
}

func (b *Band) String() string {
	s := fmt.Sprintf("%d..%d", b.Lo, b.Hi)
	if b.Unit {
		s += " unit"
	}
	return s
}

// A Dim is one index of a contraction: its size, its strides in the elements of
// A and B, and which dimension of the result it is (-1 for Sum).
type Dim struct {
	Size   int
	A, B   int
	Result int
}

// A Single is one operation with a skeleton of its own: scans, selection,
// scatters and updates, factorisations. Its operands are materialised or views
// of what is. InPlace says that the first operand's buffer is the result's.
type Single struct {
	Value    *ir.Value
	Operands []View
	Out      *Buffer
	InPlace  bool
}

// Stores returns all that k stores.
func (k *Kernel) Stores() []Store {
	switch {
	case k.Nest != nil:
		out := append([]Store(nil), k.Nest.Store...)
		for _, s := range k.Nest.Stages {
			out = append(out, s.Store...)
		}
		return out
	case k.Gemm != nil:
		return k.Gemm.Store
	case k.Chained != nil:
		return k.Chained.stores()
	}
	return nil
}
