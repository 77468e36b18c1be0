package cache

import (
	"cmp"
	"encoding/hex"
	"io/fs"
	"slices"
	"time"
)

// Size returns how many entries there are, and their bytes together.
func (c *Cache) Size() (entries int, bytes int64, err error) {
	files, err := c.files()
	for _, f := range files {
		bytes += f.Size()
	}
	return len(files), bytes, err
}

// files lists the entries, those that were used last first.
func (c *Cache) files() ([]fs.FileInfo, error) {
	names, err := c.names()
	if err != nil {
		return nil, err
	}
	var out []fs.FileInfo
	for _, name := range names {
		if raw, err := hex.DecodeString(name); err != nil || len(raw) != len(Key{}) {
			continue // not ours
		}
		if info, err := c.root.Lstat(name); err == nil { // another process may have removed it
			out = append(out, info)
		}
	}
	slices.SortFunc(out, func(a, b fs.FileInfo) int {
		return cmp.Or(b.ModTime().Compare(a.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
	return out, nil
}

// evict removes entries until the rest keeps to the limit, but for the one that
// was just written.
func (c *Cache) evict(fresh string) {
	files, err := c.files()
	if err != nil {
		return
	}
	var total int64
	for _, f := range files {
		if f.Name() == fresh {
			total = f.Size()
		}
	}
	for _, f := range files {
		if f.Name() == fresh {
			continue
		}
		total += f.Size()
		// A time in the future would keep an entry for ever.
		if total > c.limit || f.ModTime().After(time.Now().Add(time.Hour)) {
			_ = c.root.Remove(f.Name())
			total -= f.Size()
		}
	}
}
