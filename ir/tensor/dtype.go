package tensor

import (
	"fmt"
	"strings"
)

// DType is the type of the elements of a tensor. The zero DType is Invalid.
type DType uint8

// The element types of the language. Bool takes a byte, which is 0 or 1.
const (
	Invalid DType = iota
	F64
	F32
	BF16
	F16
	I64
	I32
	I8
	U8
	Bool

	// NumDTypes is one more than the last element type, for tables.
	NumDTypes = int(Bool) + 1
)

var dtypes = [NumDTypes]struct {
	name string
	size int
}{
	Invalid: {"invalid", 0},
	F64:     {"f64", 8},
	F32:     {"f32", 4},
	BF16:    {"bf16", 2},
	F16:     {"f16", 2},
	I64:     {"i64", 8},
	I32:     {"i32", 4},
	I8:      {"i8", 1},
	U8:      {"u8", 1},
	Bool:    {"bool", 1},
}

// DTypes returns the element types in the order of the language's page.
func DTypes() []DType {
	return []DType{F64, F32, BF16, F16, I64, I32, I8, U8, Bool}
}

// String returns the name that the language gives the type: "f32".
func (d DType) String() string {
	if !d.Valid() && d != Invalid {
		return fmt.Sprintf("dtype(%d)", uint8(d))
	}
	return dtypes[d].name
}

// Valid reports whether d is one of the element types.
func (d DType) Valid() bool { return d > Invalid && d <= Bool }

// Size returns the bytes that an element takes; 0 for Invalid.
func (d DType) Size() int {
	if !d.Valid() {
		return 0
	}
	return dtypes[d].size
}

// IsFloat reports whether d is f64, f32, bf16 or f16.
func (d DType) IsFloat() bool { return d >= F64 && d <= F16 }

// IsInt reports whether d is i64, i32, i8 or u8. Bool is not an integer.
func (d DType) IsInt() bool { return d >= I64 && d <= U8 }

// ParseDType returns the type with the given name. The error lists the names.
func ParseDType(name string) (DType, error) {
	for d := F64; d.Valid(); d++ {
		if dtypes[d].name == name {
			return d, nil
		}
	}
	return Invalid, fmt.Errorf("unknown element type %s: want one of %s", Quote(name), dtypeNames())
}

func dtypeNames() string {
	var names []string
	for _, d := range DTypes() {
		names = append(names, d.String())
	}
	return strings.Join(names, " ")
}

// Quote quotes a string from outside for a message: control characters
// escaped, cut after 200 bytes.
func Quote(s string) string {
	if len(s) > 200 {
		return fmt.Sprintf("%q... (%d bytes)", s[:200], len(s))
	}
	return fmt.Sprintf("%q", s)
}
