// Package syntax turns the text of a program into a tree and back. It knows the
// grammar of the language and nothing of its types, names or sizes: what it
// accepts is well formed, not yet right. Scanner and parser report up to
// source.MaxErrors mistakes a file, each a *source.Error, and never panic,
// whatever the text.
//
// This package is part of the compiler, not of its API; it changes without notice.
//
// Notation of the grammar in nodes.go and parser files: "x" is the text x,
// [ x ] is x or nothing, { x } is x any number of times, list(x) is x { "," x }
// with an optional comma at the end, name, number and string are tokens, and
// EOL is the end of a line.
package syntax
