package syntax

import "slices"

// A Kind is the kind of a token. Those of operators also say which operation a
// node of the tree is.
type Kind uint8

// The kinds of tokens. Words that mean something only in some places (import,
// const, fn, model, weight, as, static, step, int, properties) are names here.
const (
	Bad     Kind = iota // a mistake that the scanner has reported
	EOF                 // the end of the file
	Newline             // the end of a line that holds a token
	Ident               // a name
	Elem                // an element type: f32
	Num                 // a number
	Str                 // a string, with its quotes

	// Operations.
	Add
	Sub
	Mul
	MatMul
	Div
	FloorDiv
	Mod
	Pow
	Less
	LessEq
	Greater
	GreaterEq
	Equal
	NotEqual
	And
	Or
	Not

	// Assignment.
	Assign
	AddAssign
	SubAssign
	MulAssign
	DivAssign

	// Punctuation.
	LParen
	RParen
	LBracket
	RBracket
	LBrace
	RBrace
	Comma
	Colon
	Dot
	DotDot
	Dots
	Arrow

	// Words that are never names.
	WordFor
	WordIn
	WordIf
	WordElse
	WordReturn
	WordAssert
	WordTrue
	WordFalse
	WordNone
	WordInf
	WordNaN

	numKinds
)

var kindNames = [numKinds]string{
	Bad: "bad", EOF: "end of file", Newline: "end of line",
	Ident: "name", Elem: "element type", Num: "number", Str: "string",

	Add: "+", Sub: "-", Mul: "*", MatMul: "@", Div: "/", FloorDiv: "//", Mod: "%", Pow: "^",
	Less: "<", LessEq: "<=", Greater: ">", GreaterEq: ">=", Equal: "==", NotEqual: "!=",
	And: "and", Or: "or", Not: "not",

	Assign: "=", AddAssign: "+=", SubAssign: "-=", MulAssign: "*=", DivAssign: "/=",

	LParen: "(", RParen: ")", LBracket: "[", RBracket: "]", LBrace: "{", RBrace: "}",
	Comma: ",", Colon: ":", Dot: ".", DotDot: "..", Dots: "...", Arrow: "->",

	WordFor: "for", WordIn: "in", WordIf: "if", WordElse: "else", WordReturn: "return", WordAssert: "assert",
	WordTrue: "true", WordFalse: "false", WordNone: "None", WordInf: "inf", WordNaN: "nan",
}

// String returns the token's text where a kind has just one, else what it is.
func (k Kind) String() string {
	if k >= numKinds {
		return "unknown"
	}
	return kindNames[k]
}

// A Token is a word of the program.
type Token struct {
	Kind Kind
	Off  int    // of the first byte in the file
	Text string // as written; empty for EOF and Newline
}

// words are the names that the scanner takes for something else.
var words = map[string]Kind{
	"and": And, "or": Or, "not": Not,
	"for": WordFor, "in": WordIn, "if": WordIf, "else": WordElse, "return": WordReturn, "assert": WordAssert,
	"true": WordTrue, "false": WordFalse, "None": WordNone, "inf": WordInf, "nan": WordNaN,
	"f64": Elem, "f32": Elem, "bf16": Elem, "f16": Elem, "i64": Elem, "i32": Elem, "i8": Elem, "u8": Elem, "bool": Elem,
}

// elemTypes and properties are listed in the order of language.md, which is
// the order in which messages name them.
var (
	elemTypes  = []string{"f64", "f32", "bf16", "f16", "i64", "i32", "i8", "u8", "bool"}
	properties = []string{"lower", "upper", "unit", "diagonal", "tridiagonal", "banded", "symmetric", "spd",
		"orthogonal", "permutation", "onehot"}
)

// ElemTypes returns the names of the element types, in the order of language.md.
func ElemTypes() []string { return slices.Clone(elemTypes) }

// Properties returns the names of the properties, in the order of language.md.
func Properties() []string { return slices.Clone(properties) }

// continues reports whether a line that ends with the token goes on: after a
// binary operator or a comma. (A minus sign counts, whatever it turns out to be.)
func (k Kind) continues() bool { return Add <= k && k <= Or || k == Comma || k == DotDot }

// startsLine reports whether the token is a binary operator that may have been
// meant to go on with the line above.
func (k Kind) startsLine() bool { return Add <= k && k <= Or }
