package benchmarks

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/runtime/jit"
)

// A Machine says where and with what a report was made.
type Machine struct {
	Processor string   `json:"processor"` // its name, family and model
	Cores     int      `json:"cores"`     // that the process may use
	Caches    []string `json:"caches"`    // of the first core
	Target    string   `json:"target"`    // in LLVM's words
	Vector    int      `json:"vector_bytes"`
	System    string   `json:"system"`
	Lathe     string   `json:"lathe"`
	Go        string   `json:"go"`
	LLVM      string   `json:"llvm"`
	Rivals    []string `json:"rivals"`          // with versions
	Time      string   `json:"time"`            // when the run began
	Until     string   `json:"until,omitempty"` // when the last of several that were joined began
	// How many processes wanted to run, before and after: more than none or
	// one beside the benchmark itself makes figures worth less.
	LoadBefore float64 `json:"load_before"`
	LoadAfter  float64 `json:"load_after"`
}

// machine describes the machine of the session.
func (s *session) machine() Machine {
	host := jit.Host(s.lib)
	load := load()
	m := Machine{
		Processor: processor(), Cores: runtime.GOMAXPROCS(0), Caches: caches(), Target: host.CPU, Vector: host.VectorBytes(),
		System: system(), Lathe: version(), Go: runtime.Version(), LLVM: s.lib.Version().String(), Rivals: []string{},
		Time: time.Now().UTC().Format("2006-01-02 15:04 UTC"), LoadBefore: load, LoadAfter: load,
	}
	for _, name := range []string{"OpenBLAS", "oneDNN"} {
		if l := s.libraries[name]; l != nil {
			m.Rivals = append(m.Rivals, l.Version)
		}
	}
	return m
}

// busy is the load above which somebody else kept a processor busy: a run before
// this one may have left 1 behind.
const busy = 1.5

// version is Lathe's, with the commit that it was built from where that is known.
func version() string {
	out := lathe.Version
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				out += " " + s.Value[:min(10, len(s.Value))]
			}
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.modified" && s.Value == "true" {
				out += " changed"
			}
		}
	}
	return out
}

// identity is what reports that are joined must have in common.
func (m *Machine) identity() string {
	return fmt.Sprintf("%s with %d cores, Lathe %s, LLVM %s", m.Processor, m.Cores, m.Lathe, m.LLVM)
}

// join keeps the rivals of both, the span of time and the higher load.
func (m *Machine) join(other *Machine) {
	first, last := min(m.Time, other.Time), max(m.Time, m.Until, other.Time, other.Until)
	if m.Time = first; last > first {
		m.Until = last
	}
	for _, r := range other.Rivals {
		if !strings.Contains(strings.Join(m.Rivals, "\n")+"\n", r+"\n") {
			m.Rivals = append(m.Rivals, r)
		}
	}
	m.LoadBefore, m.LoadAfter = max(m.LoadBefore, other.LoadBefore), max(m.LoadAfter, other.LoadAfter)
}

// lines says it for people.
func (m *Machine) lines() []string {
	out := []string{
		fmt.Sprintf("%s, %d cores, caches %s", m.Processor, m.Cores, strings.Join(m.Caches, ", ")),
		fmt.Sprintf("Lathe %s, LLVM %s for %s with vectors of %d bytes, %s, %s", m.Lathe, m.LLVM, m.Target, m.Vector, m.Go, m.System),
	}
	if len(m.Rivals) > 0 {
		out = append(out, "rivals: "+strings.Join(m.Rivals, "; "))
	}
	when := m.Time
	if m.Until != "" {
		when += " to " + m.Until
	}
	out = append(out, fmt.Sprintf("measured %s; load %.1f before, %.1f after", when, m.LoadBefore, m.LoadAfter))
	if m.LoadBefore > busy {
		out = append(out, "other programs ran at the same time: figures on several threads above all are worse than those of a quiet machine, for all contestants")
	}
	return out
}

// processor is the processor's name with its family and model, for hypervisors
// often leave of the name no more than the maker.
func processor() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	field := map[string]string{}
	for line := range strings.Lines(string(data)) {
		name, value, ok := strings.Cut(line, ":")
		if name = strings.TrimSpace(name); ok && field[name] == "" {
			field[name] = strings.TrimSpace(value)
		}
	}
	name := field["model name"]
	if name == "" {
		return runtime.GOARCH
	}
	if field["cpu family"] != "" {
		name += fmt.Sprintf(" (family %s, model %s)", field["cpu family"], field["model"])
	}
	return name
}

// caches lists the data caches of the first core; nothing where the system
// does not tell.
func caches() []string {
	out := []string{}
	for i := 0; ; i++ {
		read := func(name string) string {
			data, err := os.ReadFile(fmt.Sprintf("/sys/devices/system/cpu/cpu0/cache/index%d/%s", i, name))
			if err != nil {
				return ""
			}
			return strings.TrimSpace(string(data))
		}
		level := read("level")
		if level == "" {
			return out
		}
		if read("type") != "Instruction" {
			out = append(out, "L"+level+" "+read("size"))
		}
	}
}

// lastCache returns the bytes of the last level, or those of a usual one.
func lastCache() int {
	list := caches()
	if len(list) > 0 {
		_, size, _ := strings.Cut(list[len(list)-1], " ")
		if n, err := strconv.Atoi(strings.TrimSuffix(size, "K")); err == nil {
			return n << 10
		}
	}
	return 32 << 20
}

func system() string {
	name := runtime.GOOS + "/" + runtime.GOARCH
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		name += " " + strings.TrimSpace(string(release))
	}
	return name
}

// load is the mean number of processes that wanted to run in the last minute.
func load() float64 {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(data), " ")
	x, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return x
}
