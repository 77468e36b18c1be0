package cache

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain is the test, or one of the processes that it starts: CACHE_CHILD has
// what that does, with the folder and a number.
func TestMain(m *testing.M) {
	role, rest, _ := strings.Cut(os.Getenv("CACHE_CHILD"), " ")
	number, dir, _ := strings.Cut(rest, " ")
	n, _ := strconv.Atoi(number)
	var err error
	switch role {
	case "":
		os.Exit(m.Run())
	case "write":
		err = writeOn(dir, n)
	case "share":
		err = share(dir, n)
	case "full":
		err = fill(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func child(role string, n int, dir string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("CACHE_CHILD=%s %d %s", role, n, dir))
	cmd.Stderr = os.Stderr
	return cmd
}

const keys = 50

// dataOf is what belongs under key k.
func dataOf(k int) []byte { return sample(k, 1000+3000*k) }

// writeOn writes entries until it is killed.
func writeOn(dir string, n int) error {
	r := rand.New(rand.NewPCG(uint64(n), 2))
	for {
		c, err := Open(dir, 1<<30)
		if err != nil {
			return err
		}
		for range 20 {
			k := r.IntN(keys)
			// The entry may be lost to another process that tidies up.
			_ = c.Put(NewKey(fmt.Sprint(k)), dataOf(k))
		}
		c.Close()
	}
}

// Whenever writers are killed, what can be read is whole, and nothing of them
// is left over once the folder is opened again.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(1, 3))
	hits := 0
	const kills, writers = 200, 4
	for round := range kills / writers {
		var running []*exec.Cmd
		for w := range writers {
			cmd := child("write", round*writers+w, dir)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			running = append(running, cmd)
		}
		for _, cmd := range running {
			time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond)
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
				t.Fatalf("a writer ended by itself: %v", err)
			}
		}
		c, err := Open(dir, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		names, err := c.names()
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasPrefix(name, temporary) {
				t.Errorf("round %d: %s is left over", round, name)
			}
		}
		for k := range keys {
			key := NewKey(fmt.Sprint(k))
			_, missing := c.root.Lstat(key.String())
			data, ok := c.Get(key)
			switch {
			case ok && !bytes.Equal(data, dataOf(k)):
				t.Fatalf("round %d: entry %d has other data than was put", round, k)
			case ok:
				hits++
			case missing == nil:
				t.Errorf("round %d: entry %d was damaged", round, k)
			}
		}
		c.Close()
	}
	if hits == 0 {
		t.Error("no writer wrote anything")
	}
}

// share gets each key and puts what is missing, as a compiler does.
func share(dir string, n int) error {
	c, err := Open(dir, 1<<30)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, k := range rand.New(rand.NewPCG(uint64(n), 4)).Perm(keys) {
		key, want := NewKey(fmt.Sprint(k)), dataOf(k)
		if data, ok := c.Get(key); ok {
			if !bytes.Equal(data, want) {
				return fmt.Errorf("process %d: entry %d has other data than was put", n, k)
			}
		} else if err := c.Put(key, want); err != nil {
			return fmt.Errorf("process %d: %w", n, err)
		}
	}
	return nil
}

func TestEightProcesses(t *testing.T) {
	dir := t.TempDir()
	mustOpen(t, dir, 1<<30)
	var running []*exec.Cmd
	for n := range 8 {
		cmd := child("share", n, dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running = append(running, cmd)
	}
	for _, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	c := mustOpen(t, dir, 1<<30)
	for k := range keys {
		if data, ok := c.Get(NewKey(fmt.Sprint(k))); !ok || !bytes.Equal(data, dataOf(k)) {
			t.Errorf("entry %d is not what was put (%v)", k, ok)
		}
	}
}

// fill puts an entry where files may only have a few bytes.
func fill(dir string) error {
	signal.Ignore(syscall.SIGXFSZ)
	limit := unix.Rlimit{Cur: 2000, Max: 2000}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	return full(dir)
}

// full returns an error unless putting something large into a folder is an
// error after which the folder is as before.
func full(dir string) error {
	c, err := Open(dir, 1<<30)
	if err != nil {
		return err
	}
	defer c.Close()
	small, large := NewKey("small"), NewKey("large")
	if err := c.Put(small, sample(1, 100)); err != nil {
		return err
	}
	if c.Put(large, sample(2, 1<<20)) == nil {
		return fmt.Errorf("1 MiB was put where there is no room")
	}
	if _, ok := c.Get(large); ok {
		return fmt.Errorf("half an entry is a hit")
	}
	if data, ok := c.Get(small); !ok || !bytes.Equal(data, sample(1, 100)) {
		return fmt.Errorf("the other entry is gone")
	}
	if n, _, err := c.Size(); n != 1 || err != nil {
		return fmt.Errorf("%d entries, error %v", n, err)
	}
	names, err := c.names()
	if len(names) != 1 {
		return fmt.Errorf("the files %v are left, error %v", names, err)
	}
	return nil
}

// Where there is no room, nothing is put and nothing is lost.
func TestFull(t *testing.T) {
	if err := child("full", 0, t.TempDir()).Run(); err != nil {
		t.Error(err)
	}
	t.Run("file system", func(t *testing.T) {
		dir := t.TempDir()
		mount(t, dir, 0, "size=64k,mode=700")
		if err := full(dir); err != nil {
			t.Error(err)
		}
	})
}

// mount mounts a small file system in memory.
func mount(t *testing.T, dir string, flags uintptr, options string) {
	t.Helper()
	if err := unix.Mount("tmpfs", dir, "tmpfs", flags, options); err != nil {
		t.Skipf("a file system cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// What can only be read is read.
func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	mount(t, dir, 0, "size=64k,mode=700")
	key := NewKey("key")
	c, err := Open(dir, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	mustPut(t, c, key, []byte("data"))
	c.Close()
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if c, err = Open(dir, 1<<20); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if data, ok := c.Get(key); !ok || string(data) != "data" {
		t.Error("an entry cannot be read")
	}
	if err := c.Put(NewKey("other"), []byte("data")); err == nil {
		t.Error("something was put")
	}
	if _, err := Open(dir+"/within", 1<<20); err == nil {
		t.Error("a folder was made")
	}
}
