package lathe

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/internal/libllvm"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/runtime/cache"
	"github.com/lathe-lang/lathe/runtime/jit"
	"github.com/lathe-lang/lathe/runtime/pool"
)

// CacheLimit is the most bytes that a folder of compiled code takes. Beyond it,
// what was not used for the longest time goes.
const CacheLimit = 256 << 20

// CacheUse says how many entries a folder of compiled code has and how many
// bytes they take. The folder is made if it is not there. The error says why it
// would not be used.
func CacheUse(dir string) (entries int, bytes int64, err error) {
	c, err := cache.Open(dir, CacheLimit)
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	return c.Size()
}

// A diskCache is the folder of Options.Cache, open during a compilation. It
// never fails one: what is wrong with it is a note. nil is none.
type diskCache struct {
	entries *cache.Cache
	build   string
	note    func(format string, args ...any)
}

// diskCache opens the folder; nil if there is none.
func (o *Options) diskCache() *diskCache {
	if o.Cache == "" {
		return nil
	}
	build, err := buildID()
	if err != nil {
		o.note("nothing is cached: %v", err)
		return nil
	}
	entries, err := cache.Open(o.Cache, CacheLimit)
	if err != nil {
		o.note("nothing is cached: %v", err)
		return nil
	}
	return &diskCache{entries, build, o.note}
}

func (d *diskCache) close() {
	if d != nil {
		d.entries.Close()
	}
}

// put keeps an entry.
func (d *diskCache) put(key cache.Key, data []byte) {
	if err := d.entries.Put(key, data); err != nil {
		d.note("not cached: %v", err)
	}
}

// A hostRecord says what LLVM calls the processor, so that it need not be asked.
type hostRecord struct {
	Fingerprint string // of the libraries that were there
	Version     string // of LLVM
	Host        jit.Target
}

func (d *diskCache) hostKey(want string) cache.Key {
	return cache.NewKey("host", d.build, jit.Processor(), want)
}

// host returns what was found when a library was opened last; fresh is that none
// was installed or removed since.
func (d *diskCache) host(want string) (r hostRecord, known, fresh bool) {
	if d == nil || jit.Processor() == "" {
		return r, false, false
	}
	data, ok := d.entries.Get(d.hostKey(want))
	if !ok || json.Unmarshal(data, &r) != nil {
		return hostRecord{}, false, false
	}
	return r, true, r.Fingerprint == libllvm.Fingerprint(want)
}

func (d *diskCache) keepHost(want, version string, host jit.Target) {
	if d == nil || jit.Processor() == "" {
		return
	}
	data, err := json.Marshal(hostRecord{libllvm.Fingerprint(want), version, host})
	if err != nil {
		panic(err) // strings have a form in JSON
	}
	d.put(d.hostKey(want), data)
}

// forgetHost makes a record that is not fresh of what is kept.
func (d *diskCache) forgetHost(want string) { d.put(d.hostKey(want), []byte("{}")) }

// key returns the key of what a machine compiles: kind and what say what that is.
func (d *diskCache) key(m *machine, kind string, what ...string) cache.Key {
	return cache.NewKey(append([]string{
		kind, d.build, m.version, m.host.Triple, m.host.CPU, m.host.Features, jit.Pipeline,
	}, what...)...)
}

// poolObject returns the object file of the worker pool; nil if it isn't there.
func (d *diskCache) poolObject(m *machine) []byte {
	if d == nil {
		return nil
	}
	object, _ := d.entries.Get(d.key(m, "pool", string(pool.Source())))
	return object
}

func (d *diskCache) keepPool(m *machine, object []byte) {
	if d != nil {
		d.put(d.key(m, "pool", string(pool.Source())), object)
	}
}

// programKey returns the key of the code of f, which has been through the
// passes: the kernels follow from it.
func (d *diskCache) programKey(m *machine, f *ir.Func, opts *Options) cache.Key {
	return d.key(m, "program", f.String(), fmt.Sprint(opts.Math, opts.KeepAll, opts.Clock))
}

// program returns the object files of p, and sets what the code generator would
// set in it; nil if they aren't there.
func (d *diskCache) program(key cache.Key, p *kernel.Program) [][]byte {
	data, ok := d.entries.Get(key)
	if !ok {
		return nil
	}
	scratch, clock, objects, err := unpackProgram(data)
	if err != nil {
		return nil // of our own build, and yet
	}
	p.Scratch, p.Clock = scratch, clock
	return objects
}

func (d *diskCache) keepProgram(key cache.Key, p *kernel.Program, objects [][]byte) {
	d.put(key, packProgram(p.Scratch, p.Clock, objects))
}

// packProgram returns numbers and object files as bytes: the numbers, how many
// files there are, then the length and the bytes of each.
func packProgram(scratch, clock int, objects [][]byte) []byte {
	var b []byte
	for _, n := range []int{scratch, clock, len(objects)} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	for _, o := range objects {
		b = append(binary.AppendUvarint(b, uint64(len(o))), o...)
	}
	return b
}

func unpackProgram(b []byte) (scratch, clock int, objects [][]byte, err error) {
	broken := errors.New("the entry is no program")
	number := func() int {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > 1<<40 {
			err, b = broken, nil
			return 0
		}
		b = b[size:]
		return int(n)
	}
	scratch, clock = number(), number()
	for range number() {
		n := number()
		if err != nil || n > len(b) {
			return 0, 0, nil, broken
		}
		objects, b = append(objects, b[:n]), b[n:]
	}
	if err != nil || len(b) > 0 {
		return 0, 0, nil, broken
	}
	return scratch, clock, objects, nil
}
