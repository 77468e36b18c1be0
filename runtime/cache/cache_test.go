package cache

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func mustOpen(t testing.TB, dir string, limit int64) *Cache {
	t.Helper()
	c, err := Open(dir, limit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func mustPut(t testing.TB, c *Cache, key Key, data []byte) {
	t.Helper()
	if err := c.Put(key, data); err != nil {
		t.Fatal(err)
	}
}

// sample is data that depends on n.
func sample(n, size int) []byte {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	out := make([]byte, size)
	for i := range out {
		out[i] = byte(r.Uint32())
	}
	return out
}

func TestRoundTrip(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "parent", "cache")
	c := mustOpen(t, dir, 1<<20)
	key := NewKey("a", "b")
	if _, ok := c.Get(key); ok {
		t.Error("an empty cache has an entry")
	}
	for _, data := range [][]byte{sample(1, 5000), sample(2, 70), {}} {
		mustPut(t, c, key, data)
		// Another process sees what one has put.
		for _, c := range []*Cache{c, mustOpen(t, dir, 1<<20)} {
			if got, ok := c.Get(key); !ok || !bytes.Equal(got, data) {
				t.Errorf("got %d bytes (%v), want the %d that were put", len(got), ok, len(data))
			}
		}
	}
	if n, size, err := c.Size(); n != 1 || size != headerSize || err != nil {
		t.Errorf("%d entries of %d bytes, error %v", n, size, err)
	}
	for _, other := range []Key{NewKey("ab"), NewKey("a", "b", ""), NewKey("", "a", "b"), NewKey("b", "a")} {
		if _, ok := c.Get(other); ok || other == key {
			t.Errorf("%v is another key's", other)
		}
	}
}

// A file that was changed anywhere is a miss; the next Put replaces it.
func TestIntegrity(t *testing.T) {
	c := mustOpen(t, t.TempDir(), 1<<20)
	key, data := NewKey("key"), sample(3, 20_000)
	path := filepath.Join(c.Dir(), key.String())
	mustPut(t, c, key, data)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, file []byte) {
		t.Helper()
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, ok := c.Get(key); ok {
			t.Errorf("%s: still a hit", what)
		}
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s: the file is still there", what)
		}
	}
	flip := func(bit int) {
		t.Helper()
		file := bytes.Clone(whole)
		file[bit/8] ^= 1 << (bit % 8)
		try(fmt.Sprintf("bit %d flipped", bit), file)
	}
	for bit := range 8 * headerSize {
		flip(bit)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		flip(r.IntN(8 * len(whole)))
	}
	for n := 0; n < len(whole); n += 4096 {
		try(fmt.Sprintf("cut to %d bytes", n), whole[:n])
	}
	try("one byte short", whole[:len(whole)-1])
	try("one byte more", append(bytes.Clone(whole), 0))
	try("of another key", seal(data, NewKey("other")))
	mustPut(t, c, key, data)
	if got, ok := c.Get(key); !ok || !bytes.Equal(got, data) {
		t.Error("the entry was not replaced")
	}
}

// The entries that were used last stay.
func TestEviction(t *testing.T) {
	const size, keep = 1000, 4
	dir := t.TempDir()
	foreign := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(foreign, sample(0, 10*size), 0o600); err != nil {
		t.Fatal(err)
	}
	c := mustOpen(t, dir, keep*(size+headerSize))
	var keys []Key
	put := func() {
		n := len(keys)
		keys = append(keys, NewKey(fmt.Sprint(n)))
		mustPut(t, c, keys[n], sample(n, size))
		old := time.Now().Add(time.Duration(n-100) * time.Minute) // in this order, long ago
		if err := os.Chtimes(filepath.Join(dir, keys[n].String()), old, old); err != nil {
			t.Fatal(err)
		}
	}
	for range keep {
		put()
	}
	if _, ok := c.Get(keys[0]); !ok { // the oldest, but used now
		t.Fatal("an entry within the limit is gone")
	}
	put()
	put()
	var have []int
	for i, k := range keys {
		if _, ok := c.Get(k); ok {
			have = append(have, i)
		}
	}
	if want := []int{0, 3, 4, 5}; !slices.Equal(have, want) {
		t.Errorf("the entries %v are there, want %v", have, want)
	}
	if _, size, _ := c.Size(); size > c.limit {
		t.Errorf("%d bytes pass the limit of %d", size, c.limit)
	}
	if err := c.Put(NewKey("large"), sample(9, int(c.limit))); err == nil {
		t.Error("an entry beyond the limit was put")
	}
	if _, err := os.Lstat(foreign); err != nil {
		t.Errorf("a file that is no entry: %v", err)
	}
}
