package syntax

import "github.com/lathe-lang/lathe/internal/source"

// A Node is anything in the tree. Pos is where an error about the node points:
// at the operator of an operation, at the name of a call or a declaration,
// at the opening bracket of an index.
type Node interface{ Pos() source.Pos }

// A Place is the position of the node that it is part of.
type Place struct{ At source.Pos }

// Pos returns the place itself.
func (p Place) Pos() source.Pos { return p.At }

// A File is a whole program text.
//
//	File = { Decl EOL } .
type File struct {
	Source *source.File
	Decls  []Decl // in source order
}

// A Decl is *Import, *Const, *Fn or *Model.
//
//	Decl = Import | Const | Fn | Model .
type Decl interface {
	Node
	decl()
}

// An Import brings in another file. The place is the path's.
//
//	Import = "import" string .
type Import struct {
	Place
	Path string // as written, escapes resolved
}

// A Const names a static number.
//
//	Const = "const" name "=" Expr .
type Const struct {
	Name  *Name
	Value Expr
}

// A Fn is a function, of the file or of a model.
//
//	Fn = "fn" name "(" [ list(Param) ] ")" [ "->" Type ] Block .
type Fn struct {
	Name   *Name
	Params []*Param
	Result Type // nil where left out
	Body   *Block
}

// A Model declares weights, sub-models and functions that use them.
//
//	Model = "model" name "(" [ list(Size) ] ")" "{" { (Weight | SubModel | Fn) EOL } "}" .
//	Size  = name [ ":" Static ] [ "=" Expr ] .
//
// A size is a Param without a tensor type: an integer where nothing is written.
type Model struct {
	Name    *Name
	Sizes   []*Param
	Members []Member // in source order
}

// A Member is *Weight, *SubModel or *Fn.
type Member interface {
	Node
	member()
}

// A Weight declares a tensor of a model.
//
//	Weight = "weight" name ":" TensorType [ "as" string ] .
type Weight struct {
	Name *Name
	Type *TensorType
	As   *String // the part of the path that it has in files; nil for the name
}

// A SubModel declares a sub-model or a list of sub-models.
//
//	SubModel = name ":" name "(" [ list(Arg) ] ")" [ "[" Expr "]" ] [ "as" string ] .
type SubModel struct {
	Name  *Name
	Model *Name
	Args  []*Arg
	Count Expr    // how many, for a list; else nil
	As    *String // nil for the name
}

// A Param is a parameter of a function or a size of a model.
//
//	Param  = name [ ":" (TensorType | Static [ "=" Expr ]) ] .
//	Static = "int" | "float" | "flag" .
type Param struct {
	Name    *Name
	Static  Static      // Int, Float or Flag where declared so, else NotStatic
	Type    *TensorType // nil where static or untyped
	Default Expr        // nil where there is none
}

// Static is the kind of a static parameter.
type Static int

// NotStatic is for tensors and untyped parameters.
const (
	NotStatic Static = iota
	Int
	Float
	Flag
)

// String returns the kind as it is written, "" for NotStatic.
func (s Static) String() string { return [...]string{"", "int", "float", "flag"}[s] }

// A Type is *TensorType or *TupleType.
type Type interface {
	Node
	typ()
}

// A TensorType is a tensor, or a scalar where there are no dimensions. The
// place is the element type's.
//
//	TensorType = elem [ "[" list(Expr) "]" ] { Prop } .
//	elem       = "f64" | "f32" | "bf16" | "f16" | "i64" | "i32" | "i8" | "u8" | "bool" .
type TensorType struct {
	Place
	Elem  string // an element type, always one of the language's
	Dims  []Expr
	Props []*Prop
}

// A Prop is a property of the last two dimensions.
//
//	Prop = "lower" | "upper" | "unit" | "diagonal" | "tridiagonal" | "banded" "(" Expr "," Expr ")"
//	     | "symmetric" | "spd" | "orthogonal" | "permutation" | "onehot" .
type Prop struct {
	Place
	Name string // always one of the language's
	Args []Expr // the two widths of banded, else nil
}

// A TupleType is what a function with several results returns. The place is
// that of its bracket.
//
//	TupleType = "(" list(TensorType) ")" .     at least two
type TupleType struct {
	Place
	Elems []*TensorType
}

// A Block is a list of statements in braces. The place is that of the opening brace.
//
//	Block = "{" { Stmt EOL } "}" .             no EOL needed before "}"
type Block struct {
	Place
	Stmts []Stmt
	End   source.Pos // of the closing brace
}

// A Stmt is *Bind, *Update, *For, *If, *Assert, *Return or *Value.
type Stmt interface {
	Node
	stmt()
}

// A Bind gives names to values. The place is the first name's.
//
//	Bind = name [ ":" TensorType ] "=" Expr | list(name) "=" Expr .
type Bind struct {
	Place
	Names []*Name     // several take the parts of a tuple
	Type  *TensorType // nil where left out; only with one name
	Value Expr
}

// An Update binds a name to an updated copy of what it names. The place is
// that of the operator.
//
//	Update = name "[" list(IndexArg) "]" "=" Expr
//	       | name [ "[" list(IndexArg) "]" ] ("+=" | "-=" | "*=" | "/=") Expr .
type Update struct {
	Place
	Target *Name
	Index  *Index // of Target; nil for the whole
	Op     Kind   // Add, Sub, Mul, Div, or Assign
	Value  Expr
}

// A For repeats its body. The place is that of the word for.
//
//	For = [ "static" ] "for" Each Block .
type For struct {
	Place
	Static bool
	Each   *Each
	Body   *Block
}

// Each says what the variable of a loop or of a comprehension runs over. The
// place is that of the range's dots, or of the list.
//
//	Each = name "in" (Expr ".." Expr [ "step" Expr ] | Expr) .
type Each struct {
	Place
	Var          *Name
	List         Expr // nil for a range
	Lo, Hi, Step Expr // nil for a list; Step is nil where left out
}

// An If chooses by a static condition. The place is that of the word if.
//
//	If = "if" Expr Block [ "else" (Block | If) ] .
type If struct {
	Place
	Cond Expr
	Then *Block
	Else *Block // nil where left out; "else if" is a block of one If
}

// An Assert stops the compilation where a static condition is false. The place
// is that of the word assert.
//
//	Assert = "assert" Expr "," string .
type Assert struct {
	Place
	Cond    Expr
	Message *String
}

// A Return gives a function its results. It is the last statement of its block
// and stands in no loop. The place is that of the word return.
//
//	Return = "return" list(Expr) .
type Return struct {
	Place
	Values []Expr // at least one
}

// A Value is an expression in the last place of a block, which is the value of
// the function where the block is its body.
//
//	Value = Expr .
type Value struct{ X Expr }

// An Expr is *Number, *String, *Bool, *Name, *List, *Comp, *Call, *Index,
// *Select, *Unary, *Binary or *TypeLit; in an index also *Slice, *Ellipsis or *None.
// The tree has no brackets: their effect is in its shape. No tree of an
// expression is higher than MaxHeight, so functions over it may recurse.
type Expr interface {
	Node
	expr()
}

// A Number is a number as written, or inf or nan.
//
//	Number  = digits [ "." digits ] [ ("e" | "E") [ "+" | "-" ] digits ] | "inf" | "nan" .
//	digits  = digit { [ "_" ] digit } .        the integer part has no leading zero
type Number struct {
	Place
	Text string
}

// A String is text in double quotes on one line, with the escapes \" \\ \n \t.
type String struct {
	Place
	Value string // escapes resolved
}

// A Bool is true or false.
type Bool struct {
	Place
	Value bool
}

// A Name is a name where it is declared, bound or used.
//
//	name = letter { letter | digit } .         Unicode's; _ is a letter
type Name struct {
	Place
	Name string
}

// A List is a list of values or of sub-models. The place is that of its bracket.
//
//	List = "[" [ list(Expr) ] "]" .
type List struct {
	Place
	Elems []Expr
}

// A Comp makes a list from another or from a range. The place is that of its bracket.
//
//	Comp = "[" Expr "for" Each "]" .
type Comp struct {
	Place
	Elem Expr
	Each *Each
}

// A Call calls a function, a conversion, or a sub-model. The place is that of
// the name that is called: of forward in attn.forward(x).
//
//	Call = Postfix "(" [ list(Arg) ] ")" .
type Call struct {
	Place
	Fn   Expr
	Args []*Arg // those with names after those without
}

// An Arg is an argument. The place is the name's, else the value's.
//
//	Arg = [ name "=" ] Expr .
type Arg struct {
	Name  *Name // nil where it goes by position
	Value Expr
}

// An Index takes part of a tensor or of a list. The place is that of the
// opening bracket.
//
//	Index    = Postfix "[" list(IndexArg) "]" .
//	IndexArg = Expr | [ Expr ] ":" [ Expr ] [ ":" [ Expr ] ] | "..." | "None" .
type Index struct {
	Place
	X    Expr
	Args []Expr // at least one
}

// A Slice is a range of an index. The place is that of the first colon.
type Slice struct {
	Place
	Lo, Hi, Step Expr // nil where left out
}

// An Ellipsis stands for all dimensions that an index does not mention.
type Ellipsis struct{ Place }

// None is a new dimension of 1 in an index.
type None struct{ Place }

// A Select is an attribute (x.T, x.shape, x.rank) or a part
// of a sub-model. The place is that of the name behind the dot.
//
//	Select = Postfix "." name .
type Select struct {
	Place
	X    Expr
	Name string
}

// A Unary is -x or not x. The place is that of the operator.
//
//	Unary = "-" Unary | Power .                Power = Postfix [ "^" Unary ] .
//	Not   = "not" Not | Compare .
type Unary struct {
	Place
	Op Kind // Sub or Not
	X  Expr
}

// A Binary is an operation on two operands. The place is that of the operator.
//
//	Or      = And { "or" And } .
//	And     = Not { "and" Not } .
//	Compare = Sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") Sum ] .
//	Sum     = Product { ("+" | "-") Product } .
//	Product = Unary { ("@" | "*" | "/" | "//" | "%") Unary } .
type Binary struct {
	Place
	Op   Kind
	X, Y Expr
}

// A TypeLit is a tensor type as an argument: zeros(f32[n, d]). A type without
// dimensions, as in dtype=f32, is one too; in f32(x) it is what is called.
//
//	TypeLit = elem [ "[" list(Expr) "]" ] .
type TypeLit struct{ Type *TensorType }

// Pos returns the place of the name.
func (d *Const) Pos() source.Pos { return d.Name.At }

// Pos returns the place of the name.
func (d *Fn) Pos() source.Pos { return d.Name.At }

// Pos returns the place of the name.
func (d *Model) Pos() source.Pos { return d.Name.At }

// Pos returns the place of the name.
func (d *Weight) Pos() source.Pos { return d.Name.At }

// Pos returns the place of the name.
func (d *SubModel) Pos() source.Pos { return d.Name.At }

// Pos returns the place of the name.
func (p *Param) Pos() source.Pos { return p.Name.At }

// Pos returns the place of the expression.
func (s *Value) Pos() source.Pos { return s.X.Pos() }

// Pos returns the place of the name, else of the value.
func (a *Arg) Pos() source.Pos {
	if a.Name != nil {
		return a.Name.At
	}
	return a.Value.Pos()
}

// Pos returns the place of the element type.
func (e *TypeLit) Pos() source.Pos { return e.Type.At }

func (*Import) decl() {}
func (*Const) decl()  {}
func (*Fn) decl()     {}
func (*Model) decl()  {}

func (*Weight) member()   {}
func (*SubModel) member() {}
func (*Fn) member()       {}

func (*TensorType) typ() {}
func (*TupleType) typ()  {}

func (*Bind) stmt()   {}
func (*Update) stmt() {}
func (*For) stmt()    {}
func (*If) stmt()     {}
func (*Assert) stmt() {}
func (*Return) stmt() {}
func (*Value) stmt()  {}

func (*Number) expr()   {}
func (*String) expr()   {}
func (*Bool) expr()     {}
func (*Name) expr()     {}
func (*List) expr()     {}
func (*Comp) expr()     {}
func (*Call) expr()     {}
func (*Index) expr()    {}
func (*Slice) expr()    {}
func (*Ellipsis) expr() {}
func (*None) expr()     {}
func (*Select) expr()   {}
func (*Unary) expr()    {}
func (*Binary) expr()   {}
func (*TypeLit) expr()  {}
