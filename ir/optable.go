package ir

// ops has one row for each operation.
var ops = [NumOps]OpInfo{
	OpInvalid: {Name: "invalid", Class: Leaf, Flops: free, Doc: "no operation"},

	OpParam: {Name: "param", Class: Leaf, Flops: free, Doc: "an argument or a weight"},
	OpConst: {Name: "const", Class: Leaf, Attrs: newAttrs[ConstAttrs], Typed: true, Infer: inferConst, Flops: free, Doc: "the elements data"},
	OpFull:  {Name: "full", Class: Leaf, Attrs: newAttrs[FullAttrs], Typed: true, Infer: inferFull, Flops: free, Doc: "value everywhere"},
	OpIota:  {Name: "iota", Class: Leaf, Attrs: newAttrs[AxisAttrs], Typed: true, Infer: inferIota, Flops: free, Doc: "the index along axis"},

	OpNeg:     {Name: "neg", Args: 1, Class: Elementwise, Infer: unary(numeric), Flops: perElem, Doc: "-x"},
	OpAbs:     {Name: "abs", Args: 1, Class: Elementwise, Infer: unary(numeric), Flops: perElem, Doc: "|x|"},
	OpSign:    {Name: "sign", Args: 1, Class: Elementwise, Infer: unary(numeric), Flops: perElem, Doc: "-1, 0 or 1; keeps NaN and the sign of zero"},
	OpFloor:   {Name: "floor", Args: 1, Class: Elementwise, Infer: unary(float), Flops: perElem, Doc: "the greatest integer not above x"},
	OpCeil:    {Name: "ceil", Args: 1, Class: Elementwise, Infer: unary(float), Flops: perElem, Doc: "the least integer not below x"},
	OpRound:   {Name: "round", Args: 1, Class: Elementwise, Infer: unary(float), Flops: perElem, Doc: "the nearest integer, ties to even"},
	OpSqrt:    {Name: "sqrt", Args: 1, Class: Elementwise, Infer: unary(float), Flops: perElem, Doc: "the square root"},
	OpRsqrt:   {Name: "rsqrt", Args: 1, Class: Elementwise, Infer: unary(float), Flops: perElem, Doc: "1 / sqrt(x)"},
	OpExp:     {Name: "exp", Args: 1, Class: Elementwise, Infer: unary(float), Flops: perElem, Doc: "e to the power x"},
	OpExpm1:   {Name: "expm1", Args: 1, Class: Elementwise, Infer: unary(float), Flops: perElem, Doc: "exp(x) - 1"},
	OpLog:     {Name: "log", Args: 1, Class: Elementwise, Infer: unary(float), Flops: perElem, Doc: "the natural logarithm"},
	OpLog1p:   {Name: "log1p", Args: 1, Class: Elementwise, Infer: unary(float), Flops: perElem, Doc: "log(1 + x)"},
	OpSin:     {Name: "sin", Args: 1, Class: Elementwise, Infer: unary(float), Flops: perElem, Doc: "the sine of x radians"},
	OpCos:     {Name: "cos", Args: 1, Class: Elementwise, Infer: unary(float), Flops: perElem, Doc: "the cosine of x radians"},
	OpTanh:    {Name: "tanh", Args: 1, Class: Elementwise, Infer: unary(float), Flops: perElem, Doc: "the hyperbolic tangent"},
	OpErf:     {Name: "erf", Args: 1, Class: Elementwise, Infer: unary(float), Flops: perElem, Doc: "the error function"},
	OpNot:     {Name: "not", Args: 1, Class: Elementwise, Infer: unary(boolean), Flops: free, Doc: "the other truth value"},
	OpConvert: {Name: "convert", Args: 1, Class: Elementwise, Typed: true, Infer: inferConvert, Flops: free, Doc: "x in another element type: floats to integers truncate, saturate, NaN to 0; integers wrap"},

	OpAdd:      {Name: "add", Args: 2, Class: Elementwise, Algebra: Commutative | Associative, Infer: binary(numeric), Flops: perElem, Doc: "x + y"},
	OpSub:      {Name: "sub", Args: 2, Class: Elementwise, Infer: binary(numeric), Flops: perElem, Doc: "x - y"},
	OpMul:      {Name: "mul", Args: 2, Class: Elementwise, Algebra: Commutative | Associative, Infer: binary(numeric), Flops: perElem, Doc: "x * y"},
	OpDiv:      {Name: "div", Args: 2, Class: Elementwise, Infer: binary(float), Flops: perElem, Doc: "x / y"},
	OpFloorDiv: {Name: "floordiv", Args: 2, Class: Elementwise, Infer: binary(integer), Flops: perElem, Fails: true, Doc: "x / y rounded down"},
	OpMod:      {Name: "mod", Args: 2, Class: Elementwise, Infer: binary(integer), Flops: perElem, Fails: true, Doc: "x - y * floordiv(x, y), with the sign of y"},
	OpPow:      {Name: "pow", Args: 2, Class: Elementwise, Infer: binary(float), Flops: perElem, Doc: "x to the power y"},
	OpMax:      {Name: "max", Args: 2, Class: Elementwise, Algebra: Commutative | Associative, Infer: binary(anyType), Flops: perElem, Doc: "the larger; NaN wins, +0 is above -0"},
	OpMin:      {Name: "min", Args: 2, Class: Elementwise, Algebra: Commutative | Associative, Infer: binary(anyType), Flops: perElem, Doc: "the smaller; NaN wins, -0 is below +0"},
	OpAnd:      {Name: "and", Args: 2, Class: Elementwise, Algebra: Commutative | Associative, Infer: binary(boolean), Flops: free, Doc: "both"},
	OpOr:       {Name: "or", Args: 2, Class: Elementwise, Algebra: Commutative | Associative, Infer: binary(boolean), Flops: free, Doc: "either"},
	OpEq:       {Name: "eq", Args: 2, Class: Elementwise, Algebra: Commutative, Infer: compare(anyType), Flops: free, Doc: "x == y"},
	OpNe:       {Name: "ne", Args: 2, Class: Elementwise, Algebra: Commutative, Infer: compare(anyType), Flops: free, Doc: "x != y; true for NaN"},
	OpLt:       {Name: "lt", Args: 2, Class: Elementwise, Infer: compare(anyType), Flops: free, Doc: "x < y"},
	OpLe:       {Name: "le", Args: 2, Class: Elementwise, Infer: compare(anyType), Flops: free, Doc: "x <= y"},
	OpGt:       {Name: "gt", Args: 2, Class: Elementwise, Infer: compare(anyType), Flops: free, Doc: "x > y"},
	OpGe:       {Name: "ge", Args: 2, Class: Elementwise, Infer: compare(anyType), Flops: free, Doc: "x >= y"},
	OpWhere:    {Name: "where", Args: 3, Class: Elementwise, Infer: inferWhere, Flops: free, Doc: "c ? x : y"},

	OpContract:  {Name: "contract", Args: Variadic, Class: Contraction, Algebra: Associative, Attrs: newAttrs[ContractAttrs], Infer: inferContract, Flops: flopsContract, Doc: "the product of the operands summed over the indices that the result lacks, as einsum"},
	OpSum:       {Name: "sum", Args: 1, Class: Reduction, Attrs: newAttrs[AxesAttrs], Infer: reduction(numeric), Flops: perOperand, Doc: "the sum along axes, which go away"},
	OpProd:      {Name: "prod", Args: 1, Class: Reduction, Attrs: newAttrs[AxesAttrs], Infer: reduction(numeric), Flops: perOperand, Doc: "the product along axes"},
	OpReduceMax: {Name: "reduce_max", Args: 1, Class: Reduction, Attrs: newAttrs[AxesAttrs], Infer: reduction(anyType), Flops: perOperand, Doc: "the largest along axes"},
	OpReduceMin: {Name: "reduce_min", Args: 1, Class: Reduction, Attrs: newAttrs[AxesAttrs], Infer: reduction(anyType), Flops: perOperand, Doc: "the smallest along axes"},
	OpAny:       {Name: "any", Args: 1, Class: Reduction, Attrs: newAttrs[AxesAttrs], Infer: reduction(boolean), Flops: perOperand, Doc: "whether one is true along axes"},
	OpAll:       {Name: "all", Args: 1, Class: Reduction, Attrs: newAttrs[AxesAttrs], Infer: reduction(boolean), Flops: perOperand, Doc: "whether all are true along axes"},
	OpArgMax:    {Name: "argmax", Args: 1, Class: Reduction, Attrs: newAttrs[AxisAttrs], Infer: inferArg, Flops: free, Doc: "the index of the first largest along axis, i64"},
	OpArgMin:    {Name: "argmin", Args: 1, Class: Reduction, Attrs: newAttrs[AxisAttrs], Infer: inferArg, Flops: free, Doc: "the index of the first smallest along axis, i64"},
	OpCumSum:    {Name: "cumsum", Args: 1, Class: Scan, Attrs: newAttrs[CumSumAttrs], Infer: inferCumSum, Flops: perElem, Doc: "the sum of the elements up to here along axis, without this one if exclusive"},

	OpReshape:   {Name: "reshape", Args: 1, Class: Movement, Typed: true, Infer: inferReshape, Flops: free, Doc: "the same elements in row-major order"},
	OpBroadcast: {Name: "broadcast", Args: 1, Class: Movement, Typed: true, Infer: inferBroadcast, Flops: free, Doc: "stretched to a shape by NumPy's rule"},
	OpTranspose: {Name: "transpose", Args: 1, Class: Movement, Attrs: newAttrs[PermAttrs], Infer: inferTranspose, Flops: free, Doc: "axis i of the result is axis perm[i] of x"},
	OpSlice:     {Name: "slice", Args: 1, Class: Movement, Attrs: newAttrs[SliceAttrs], Typed: true, Infer: inferSlice, Flops: free, Doc: "the elements start + i*step along each axis"},
	OpConcat:    {Name: "concat", Args: Variadic, Class: Movement, Attrs: newAttrs[AxisAttrs], Infer: inferConcat, Flops: free, Doc: "the operands one after the other along axis"},
	OpPad:       {Name: "pad", Args: 1, Class: Movement, Attrs: newAttrs[PadAttrs], Infer: inferPad, Flops: free, Doc: "value before and after x along each axis"},
	OpTri:       {Name: "tri", Args: 1, Class: Movement, Attrs: newAttrs[TriAttrs], Infer: inferTri, Flops: free, Doc: "x where j-i <= k (upper: >= k), zero elsewhere"},
	OpDiag:      {Name: "diag", Args: 1, Class: Movement, Infer: inferDiag, Flops: free, Doc: "[..., n] -> [..., n, n], zero off the diagonal"},
	OpDiagonal:  {Name: "diagonal", Args: 1, Class: Movement, Infer: inferDiagonal, Flops: free, Doc: "[..., m, n] -> [..., min(m, n)]"},
	OpAssume:    {Name: "assume", Args: 1, Class: Movement, Typed: true, Infer: inferAssume, Flops: free, Doc: "x with the structure that its type states"},
	OpUpdate:    {Name: "update", Args: 2, Class: Movement, Attrs: newAttrs[SliceAttrs], Infer: inferUpdate, Flops: free, Doc: "x with the elements start + i*step replaced by those of part"},

	OpDynSlice:     {Name: "dyn_slice", Args: 2, Class: Indexed, Attrs: newAttrs[DynSliceAttrs], Infer: inferDynSlice, Flops: free, Fails: true, Doc: "size elements along axis from start on, an i64 scalar; fails where there are not so many"},
	OpDynUpdate:    {Name: "dyn_update", Args: 3, Class: Indexed, Attrs: newAttrs[AxisAttrs], Infer: inferDynUpdate, Flops: free, Fails: true, Doc: "x with part in its place along axis from start on"},
	OpTake:         {Name: "take", Args: 2, Class: Indexed, Attrs: newAttrs[AxisAttrs], Infer: inferTake, Flops: free, Fails: true, Doc: "x[..., idx, ...]: the dimensions of idx stand where axis stood"},
	OpTakeAlong:    {Name: "take_along", Args: 2, Class: Indexed, Attrs: newAttrs[AxisAttrs], Infer: inferTakeAlong, Flops: free, Fails: true, Doc: "out[.., i, ..] = x[.., idx[.., i, ..], ..] along axis"},
	OpScatter:      {Name: "scatter", Args: 3, Class: Indexed, Attrs: newAttrs[ScatterAttrs], Infer: inferScatter, Flops: flopsScatter, Fails: true, Doc: "into with updates added at (set: put at) into[..., idx, ...], in the order of the indices"},
	OpScatterAlong: {Name: "scatter_along", Args: 3, Class: Indexed, Attrs: newAttrs[ScatterAttrs], Infer: inferScatterAlong, Flops: flopsScatter, Fails: true, Doc: "into with updates added at (set: put at) into[.., idx[.., i, ..], ..]"},
	OpOneHot:       {Name: "one_hot", Args: 1, Class: Indexed, Typed: true, Infer: inferOneHot, Flops: free, Doc: "[...] -> [..., n]: one where the index is, zeros for an index out of range"},

	OpArgSort: {Name: "argsort", Args: 1, Class: Selection, Attrs: newAttrs[SortAttrs], Infer: inferArgSort, Flops: free, Doc: "the i64 indices that sort along axis, stable; NaN is largest"},
	OpTopK:    {Name: "top_k", Args: 1, Class: Selection, Attrs: newAttrs[TopKAttrs], Infer: inferTopK, Flops: free, Doc: "the i64 indices of the k largest along axis, largest first, ties to the lower index"},

	OpCholesky: {Name: "cholesky", Args: 1, Class: Factorisation, Infer: inferCholesky, Flops: flopsCholesky, Doc: "the lower L with L L^T = x, of which the lower triangle is read; NaN where a pivot is not positive"},
	OpSolve:    {Name: "solve", Args: 2, Class: Factorisation, Attrs: newAttrs[SolveAttrs], Infer: inferSolve, Flops: flopsSolve, Doc: "x with a x = b: [..., n, n], [..., n, m] -> [..., n, m]"},
	OpInv:      {Name: "inv", Args: 1, Class: Factorisation, Infer: inferInv, Flops: flopsInv, Doc: "the inverse of [..., n, n], infinite or NaN if singular"},

	OpLoop: {Name: "for", Args: Variadic, Class: Control, Attrs: newAttrs[LoopAttrs], Infer: inferLoop, Flops: free, Doc: "lo, hi and the first values of what is carried; the last values"},
	OpGet:  {Name: "get", Args: 1, Class: Control, Attrs: newAttrs[GetAttrs], Infer: inferGet, Flops: free, Doc: "part index of a tuple"},
}

// newAttrs makes an empty record.
func newAttrs[T any, P interface {
	*T
	Attrs
}]() Attrs {
	return P(new(T))
}
