// Package examples has the example programs as texts, for who has no checkout.
package examples

import "embed"

// Files are the programs, which import each other by name.
//
//go:embed *.lathe
var Files embed.FS
