package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
)

// A Key is the hash of all that an entry depends on.
type Key [sha256.Size]byte

// NewKey hashes parts, of which each counts with its length.
func NewKey(parts ...string) Key {
	h := sha256.New()
	for _, part := range parts {
		var length [8]byte
		binary.LittleEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	return Key(h.Sum(nil))
}

// String returns the name of the entry's file.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// An entry's file is a header and the data:
//
//	magic     8 bytes
//	version   4 bytes
//	length    8 bytes, of the data
//	key      32 bytes
//	sum      32 bytes, SHA-256 of all else
const (
	magic      = "lathe\x00\r\n"
	version    = 1
	sumAt      = 8 + 4 + 8 + sha256.Size
	headerSize = sumAt + sha256.Size
	maxEntry   = 1 << 30
)

// seal returns the file of an entry.
func seal(data []byte, key Key) []byte {
	b := make([]byte, 0, headerSize+len(data))
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint32(b, version)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(data)))
	b = append(b, key[:]...)
	b = append(b, sum(b, data)...)
	return append(b, data...)
}

// sum returns the checksum of an entry.
func sum(header, data []byte) []byte {
	h := sha256.New()
	h.Write(header)
	h.Write(data)
	return h.Sum(nil)
}

// open returns the data of an entry's file, which must be that of the key.
func open(file []byte, key Key) ([]byte, error) {
	if len(file) < headerSize {
		return nil, errors.New("shorter than a header")
	}
	data := file[headerSize:]
	want := seal(nil, key)[:sumAt]
	binary.LittleEndian.PutUint64(want[8+4:], uint64(len(data)))
	if !bytes.Equal(file[:sumAt], want) {
		return nil, errors.New("another header than expected")
	}
	if !bytes.Equal(file[sumAt:headerSize], sum(want, data)) {
		return nil, errors.New("another checksum than expected")
	}
	return data, nil
}
