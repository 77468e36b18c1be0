package tensorio

import (
	"errors"
	"fmt"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// ErrFormat is what errors.Is finds in every error about what a file holds.
// Limits are tensor.ErrLimit too, and a file that can't be read is neither.
var ErrFormat = errors.New("malformed file")

// FormatError says what is wrong with a file, and where.
type FormatError struct {
	File  string
	Array string // the array or tensor; "" where the error concerns the whole file
	Err   error  // what was expected and what was found
}

// Error names the file, the array and what is wrong.
func (e *FormatError) Error() string {
	if e.Array == "" {
		return e.File + ": " + e.Err.Error()
	}
	return fmt.Sprintf("%s: %s: %v", e.File, tensor.Quote(e.Array), e.Err)
}

// Is makes errors.Is(err, ErrFormat) true.
func (e *FormatError) Is(target error) bool { return target == ErrFormat }

// Unwrap gives the cause, which may be a *tensor.LimitError.
func (e *FormatError) Unwrap() error { return e.Err }
