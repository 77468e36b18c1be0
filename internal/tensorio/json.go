package tensorio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// jsonScanner walks the JSON of a header token by token, which is valid UTF-8.
// The caller says what it wants next, so nesting is bounded by the caller. Keys
// come as they are written, each time they are written. After an error every
// method does nothing.
type jsonScanner struct {
	text []byte
	at   int
	err  error
}

func (s *jsonScanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
}

// found quotes what stands at the place reached.
func (s *jsonScanner) found() string {
	if s.at >= len(s.text) {
		return "the end of the header"
	}
	return fmt.Sprintf("%s at byte %d of the header", tensor.Quote(string(s.text[s.at:min(len(s.text), s.at+20)])), s.at)
}

// skip goes over spaces.
func (s *jsonScanner) skip() {
	for s.at < len(s.text) && bytes.IndexByte([]byte(" \t\r\n"), s.text[s.at]) >= 0 {
		s.at++
	}
}

func (s *jsonScanner) accept(c byte) bool {
	s.skip()
	if s.err != nil || s.at >= len(s.text) || s.text[s.at] != c {
		return false
	}
	s.at++
	return true
}

func (s *jsonScanner) expect(c byte) {
	if !s.accept(c) {
		s.fail("found %s: want %q", s.found(), c)
	}
}

// object calls member after each key; it reads the value.
func (s *jsonScanner) object(member func(key string)) {
	s.expect('{')
	if s.accept('}') {
		return
	}
	for s.err == nil {
		key := s.str()
		s.expect(':')
		if s.err == nil {
			member(key)
		}
		if s.accept('}') {
			return
		}
		s.expect(',')
	}
}

// array calls element before each element; it reads the element.
func (s *jsonScanner) array(element func()) {
	s.expect('[')
	if s.accept(']') {
		return
	}
	for s.err == nil {
		element()
		if s.accept(']') {
			return
		}
		s.expect(',')
	}
}

// str reads a string.
func (s *jsonScanner) str() string {
	if !s.accept('"') {
		s.fail("found %s: want a string", s.found())
		return ""
	}
	begin := s.at - 1
	plain := true
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			return s.unquote(begin, plain)
		case c == '\\':
			plain = false
			s.at++
		case c < ' ':
			s.fail("a string has the control character %q at byte %d of the header", c, s.at)
			return ""
		}
	}
	s.fail("the string at byte %d of the header has no end", begin)
	return ""
}

// unquote returns the string from begin to the place reached.
func (s *jsonScanner) unquote(begin int, plain bool) string {
	raw := s.text[begin:s.at]
	if plain {
		return string(raw[1 : len(raw)-1])
	}
	var v string
	if err := json.Unmarshal(raw, &v); err != nil {
		s.fail("the string at byte %d of the header has a wrong escape", begin)
	}
	// encoding/json puts U+FFFD for half a surrogate pair: two names could
	// become one. Written back, such a string is another one.
	if loneSurrogate(raw) {
		s.fail("the string at byte %d of the header has half a surrogate pair", begin)
	}
	return v
}

// loneSurrogate reports whether a JSON string with right escapes has one half
// of a pair without the other.
func loneSurrogate(raw []byte) bool {
	high := false
	for i := 1; i < len(raw)-1; i++ {
		var unit uint64
		if raw[i] == '\\' {
			i++
			if raw[i] == 'u' && i+4 < len(raw) {
				unit, _ = strconv.ParseUint(string(raw[i+1:i+5]), 16, 32)
				i += 4
			}
		}
		low := unit >= 0xdc00 && unit <= 0xdfff
		if low != high {
			return true
		}
		high = unit >= 0xd800 && unit <= 0xdbff
	}
	return high
}

// uint reads a number without sign, fraction, exponent and leading zeros,
// below 2^63.
func (s *jsonScanner) uint() int64 {
	s.skip()
	begin := s.at
	for s.at < len(s.text) && s.text[s.at] >= '0' && s.text[s.at] <= '9' {
		s.at++
	}
	digits := string(s.text[begin:s.at])
	switch {
	case digits == "":
		s.fail("found %s: want a number from 0 on", s.found())
		return 0
	case len(digits) > 1 && digits[0] == '0':
		s.fail("the number %s has a leading zero", tensor.Quote(digits))
		return 0
	}
	v, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || v > math.MaxInt64 || v > math.MaxInt {
		s.fail("the number %s is too large", tensor.Quote(digits))
		return 0
	}
	return int64(v)
}

// end checks that only spaces are left.
func (s *jsonScanner) end() {
	s.skip()
	if s.at < len(s.text) {
		s.fail("found %s: want its end", s.found())
	}
}
