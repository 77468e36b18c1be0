package cache

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Cache is an open folder. It is safe for concurrent use.
type Cache struct {
	dir   string
	root  *os.Root
	limit int64
}

// Open opens a folder, which it makes if it is not there, for entries of limit
// bytes together. An error says why the folder is not used: it cannot be made,
// or others can write to it.
func Open(dir string, limit int64) (*Cache, error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return nil, fmt.Errorf("cache folder: %w", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("cache folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("cache folder: %w", err)
	}
	c := &Cache{dir, root, limit}
	if err := c.check(); err != nil {
		root.Close()
		return nil, fmt.Errorf("cache folder %s: %w", dir, err)
	}
	c.removeStale()
	return c, nil
}

// check refuses a folder that others than the process's user can write to.
func (c *Cache) check() error {
	opened, err := c.root.Stat(".")
	if err != nil {
		return err
	}
	named, err := os.Lstat(c.dir)
	switch {
	case err != nil:
		return err
	case named.Mode()&fs.ModeSymlink != 0:
		return errors.New("it is a symbolic link, expected a folder")
	case !os.SameFile(opened, named):
		return errors.New("it was replaced while it was opened")
	}
	return private(opened)
}

// private returns an error if somebody else owns or may write to a file.
func private(info fs.FileInfo) error {
	const othersWrite = 0o022
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || int(stat.Uid) != os.Geteuid() {
		return errors.New("it belongs to another user")
	}
	if info.Mode().Perm()&othersWrite != 0 {
		return fmt.Errorf("others may write to it (mode %04o); chmod go-w would make it safe", info.Mode().Perm())
	}
	return nil
}

// Dir returns the folder.
func (c *Cache) Dir() string { return c.dir }

// Close lets go of the folder.
func (c *Cache) Close() error { return c.root.Close() }

// Get returns what was put under a key. What is damaged is removed.
func (c *Cache) Get(key Key) (data []byte, ok bool) {
	name := key.String()
	data, err := c.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false
	}
	if err == nil {
		data, err = open(data, key)
	}
	if err != nil {
		_ = c.root.Remove(name) // else it stays, and stays a miss
		return nil, false
	}
	// The time of the last use. Where it cannot be kept, use does not count.
	now := time.Now()
	_ = c.root.Chtimes(name, now, now)
	return data, true
}

// read reads a file that nobody else can write.
func (c *Cache) read(name string) ([]byte, error) {
	named, err := c.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !named.Mode().IsRegular() || named.Size() > maxEntry {
		return nil, errors.New("it is no file, or longer than any entry")
	}
	if err := private(named); err != nil {
		return nil, err
	}
	return c.root.ReadFile(name)
}

// Put keeps data under a key. After an error nothing has changed.
func (c *Cache) Put(key Key, data []byte) error {
	sealed := seal(data, key)
	if int64(len(sealed)) > min(c.limit, maxEntry) {
		return fmt.Errorf("cache folder %s: %d bytes are more than its limit", c.dir, len(sealed))
	}
	if err := c.write(key.String(), sealed); err != nil {
		return fmt.Errorf("cache folder %s: %w", c.dir, err)
	}
	c.evict(key.String())
	return nil
}

// temporary begins the names of files that are being written.
const temporary = ".lathe-new-"

// attempts is how often a file is written anew that another process took for one
// left by the dead.
const attempts = 8

// write makes a file, whole or not at all.
func (c *Cache) write(name string, data []byte) error {
	err := c.writeOnce(name, data)
	for n := 1; n < attempts && errors.Is(err, fs.ErrNotExist); n++ {
		err = c.writeOnce(name, data)
	}
	return err
}

func (c *Cache) writeOnce(name string, data []byte) (err error) {
	temp := temporary + rand.Text()
	file, err := c.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = c.root.Remove(temp)
		}
	}()
	// Who holds the lock is alive: see removeStale.
	_ = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = c.root.Rename(temp, name)
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	folder, err := c.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// removeStale removes what processes left that died while they wrote.
func (c *Cache) removeStale() {
	names, err := c.names()
	if err != nil {
		return
	}
	for _, name := range names {
		if !strings.HasPrefix(name, temporary) {
			continue
		}
		if info, err := c.root.Lstat(name); err != nil || !info.Mode().IsRegular() {
			continue
		}
		file, err := c.root.Open(name)
		if err != nil {
			continue
		}
		// A writer that has not come to its lock writes once more.
		if unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			_ = c.root.Remove(name)
		}
		file.Close()
	}
}

// names lists the files of the folder.
func (c *Cache) names() ([]string, error) {
	folder, err := c.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	return folder.Readdirnames(-1)
}
