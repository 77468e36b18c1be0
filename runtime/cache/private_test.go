package cache

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the cache makes, nobody else can read or write, whatever the umask.
func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	c := mustOpen(t, dir, 1<<20)
	key := NewKey("key")
	mustPut(t, c, key, []byte("data"))
	for path, want := range map[string]os.FileMode{
		filepath.Dir(dir):                0o700,
		dir:                              0o700,
		filepath.Join(dir, key.String()): 0o600,
	} {
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %04o, want %04o", path, got, want)
		}
	}
}

func TestRefusedFolders(t *testing.T) {
	mode := func(m os.FileMode) func(string) error {
		return func(dir string) error {
			if err := os.Mkdir(dir, 0o700); err != nil {
				return err
			}
			return os.Chmod(dir, m)
		}
	}
	for _, test := range []struct {
		name, want string
		make       func(dir string) error
	}{
		{"written by the group", "others may write", mode(0o770)},
		{"written by all", "others may write", mode(0o707)},
		{"link", "symbolic link", func(dir string) error {
			if err := os.Mkdir(dir+".real", 0o700); err != nil {
				return err
			}
			return os.Symlink(dir+".real", dir)
		}},
		{"file", "", func(dir string) error { return os.WriteFile(dir, nil, 0o600) }},
		{"of another user", "another user", func(dir string) error {
			if os.Geteuid() != 0 {
				return os.Symlink("/", dir+".skip")
			}
			if err := os.Mkdir(dir, 0o700); err != nil {
				return err
			}
			return os.Chown(dir, 12345, 12345)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "cache")
			if err := test.make(dir); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Lstat(dir + ".skip"); err == nil {
				dir, test.want = "/", "another user" // the root folder is another user's
			}
			c, err := Open(dir, 1<<20)
			if err == nil {
				c.Close()
				t.Fatal("the folder is used")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
}

// An entry that others could have written is a miss.
func TestRefusedEntries(t *testing.T) {
	c := mustOpen(t, t.TempDir(), 1<<20)
	key := NewKey("key")
	path := filepath.Join(c.Dir(), key.String())
	outside := filepath.Join(t.TempDir(), "entry")
	for _, test := range []struct {
		name   string
		change func() error
	}{
		{"written by the group", func() error { return os.Chmod(path, 0o620) }},
		{"written by all", func() error { return os.Chmod(path, 0o602) }},
		{"link within", func() error {
			if err := os.Rename(path, path+".real"); err != nil {
				return err
			}
			return os.Symlink(filepath.Base(path)+".real", path)
		}},
		{"link to outside", func() error {
			if err := os.Rename(path, outside); err != nil {
				return err
			}
			return os.Symlink(outside, path)
		}},
		{"folder", func() error {
			if err := os.Remove(path); err != nil {
				return err
			}
			return os.Mkdir(path, 0o700)
		}},
		{"of another user", func() error {
			if os.Geteuid() != 0 {
				return os.Chmod(path, 0o622) // only root can give files away
			}
			return os.Chown(path, 12345, 12345)
		}},
	} {
		mustPut(t, c, key, []byte("data"))
		if _, ok := c.Get(key); !ok {
			t.Fatalf("%s: no entry to begin with", test.name)
		}
		if err := test.change(); err != nil {
			t.Fatal(err)
		}
		if _, ok := c.Get(key); ok {
			t.Errorf("%s: the entry is used", test.name)
		}
	}
}
