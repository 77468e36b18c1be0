package benchmarks

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/tensorio"
)

// A rival is another system that runs the same models in a process of its own,
// started by a command line, one process for each number of threads. It talks
// over its standard input and output, a JSON document a line:
//
//	it says     {"name": "PyTorch 2.15.0", "forms": ["torch_eager", "torch_compile"]}
//	it is asked {"do": "open", "form": ..., "suite": ..., "row": ..., "sizes": {...}, "folder": ...}
//	            to load NAME.npy for each argument and weight, run once, and write FORM.npy
//	it is asked {"do": "time", "form": ..., "n": 3}      and says {"seconds": ...} for n runs
//	it is asked {"do": "close"}                          to drop what it has opened
//
// and says {"error": "..."} in place of an answer. So what is timed is timed in
// turn with Lathe, and by the rival's own clock.
type rival struct {
	Name  string   `json:"name"`
	Forms []string `json:"forms"`

	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// A rivalTask is what a rival is asked to open.
type rivalTask struct {
	Do     string         `json:"do"`
	Form   string         `json:"form"`
	Suite  string         `json:"suite"`
	Row    string         `json:"row"`
	Sizes  map[string]int `json:"sizes"`
	Folder string         `json:"folder"`
}

// rivalKey is a form of a rival with its name in tables.
type rivalKey struct {
	key, name string
	torch     bool
}

func rivalKeys() []rivalKey {
	return []rivalKey{
		{"torch_eager", "PyTorch eager", true}, {"torch_compile", "PyTorch compiled", true},
		{"jax_jit", "JAX jitted", false}, {"onnxruntime", "ONNX Runtime", false},
	}
}

// rivalColumns are columns of a figure of each form.
func rivalColumns(path string, format func(float64) string) []Column {
	var out []Column
	for _, k := range rivalKeys() {
		out = append(out, Column{k.name, "rivals." + k.key + "." + path, format})
	}
	return out
}

// startRival starts a rival's process for so many threads.
func startRival(ctx context.Context, command string, threads int) (*rival, error) {
	words := strings.Fields(command)
	if len(words) == 0 {
		return nil, errors.New("a rival's command line is empty")
	}
	r := &rival{cmd: exec.CommandContext(ctx, words[0], append(words[1:], "--threads", fmt.Sprint(threads))...)}
	r.cmd.Stderr = os.Stderr
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if r.in, err = r.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("the rival %s: %w", command, err)
	}
	r.out = bufio.NewReader(out)
	if err := r.answer(r); err != nil {
		return nil, errors.Join(fmt.Errorf("the rival %s: %w", command, err), r.stop())
	}
	return r, nil
}

// answer reads a line into v.
func (r *rival) answer(v any) error {
	line, err := r.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("it ended without an answer: %w", err)
	}
	var failed struct{ Error string }
	if err := json.Unmarshal(line, &failed); err != nil {
		return fmt.Errorf("it said %q: %w", strings.TrimSpace(string(line)), err)
	}
	if failed.Error != "" {
		return errors.New(failed.Error)
	}
	return json.Unmarshal(line, v)
}

func (r *rival) ask(question, answer any) error {
	data, err := json.Marshal(question)
	if err != nil {
		return err
	}
	if _, err := r.in.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("%s has ended: %w", r.Name, err)
	}
	return r.answer(answer)
}

// stop ends the process: its standard input ends.
func (r *rival) stop() error {
	return errors.Join(r.in.Close(), r.cmd.Wait())
}

// rivals returns the processes for so many threads; those of other numbers
// end, for idle threads are not always asleep.
func (s *session) rivals(ctx context.Context, threads int) ([]*rival, error) {
	if s.rivalThreads == threads {
		return s.running, nil
	}
	s.stopRivals()
	for _, command := range s.cfg.Rivals {
		r, err := startRival(ctx, command, threads)
		if err != nil {
			return nil, err
		}
		s.running = append(s.running, r)
		if !slices.Contains(s.rivalNames, r.Name) {
			s.rivalNames = append(s.rivalNames, r.Name)
		}
	}
	s.rivalThreads = threads
	return s.running, nil
}

func (s *session) stopRivals() {
	for _, r := range s.running {
		// Its answers are in; how it ends changes none.
		_ = r.stop()
	}
	s.running, s.rivalThreads = nil, 0
}

// rivalForms are the forms of all rivals that a row is run in.
type rivalForms struct {
	folder string
	by     []*rival
	forms  []string
	failed map[string]string // by form
	used   []*rival
}

// openRivals hands the operands of a compiled row to the rivals.
func (s *session) openRivals(ctx context.Context, task rivalTask, threads int, c *compiled) (*rivalForms, error) {
	f := &rivalForms{failed: map[string]string{}}
	if len(s.cfg.Rivals) == 0 {
		return f, nil
	}
	list, err := s.rivals(ctx, threads)
	if err != nil {
		return nil, err
	}
	if f.folder, err = os.MkdirTemp("", "lathe-bench"); err != nil {
		return nil, err
	}
	for i, v := range c.fn.Params {
		if _, err := tensorio.WriteNpy(ctx, filepath.Join(f.folder, v.Name+".npy"), c.params[i]); err != nil {
			return nil, errors.Join(err, os.RemoveAll(f.folder))
		}
	}
	task.Do, task.Folder = "open", f.folder
	for _, r := range list {
		f.used = append(f.used, r)
		for _, form := range r.Forms {
			task.Form = form
			if err := r.ask(task, &struct{}{}); err != nil {
				f.failed[form] = err.Error()
				continue
			}
			f.by, f.forms = append(f.by, r), append(f.forms, form)
		}
	}
	return f, nil
}

func (f *rivalForms) close() {
	for _, r := range f.used {
		// One that has ended shows in the next question.
		_ = r.ask(map[string]string{"do": "close"}, &struct{}{})
	}
	if f.folder != "" {
		// What is left in the system's folder for such is its to clear.
		_ = os.RemoveAll(f.folder)
	}
}

func (f *rivalForms) contestants() []contestant {
	var out []contestant
	for i, form := range f.forms {
		out = append(out, contestant{name: form, self: func(n int) (time.Duration, error) {
			var took struct{ Seconds float64 }
			err := f.by[i].ask(map[string]any{"do": "time", "form": form, "n": n}, &took)
			return time.Duration(took.Seconds * float64(time.Second)), err
		}})
	}
	return out
}

// report notes the timings of each form, more of a row's own for each, and how
// far its result is from ours. A form whose result differs counts for nothing.
func (f *rivalForms) report(r *Result, t []samples, more func(key string, t samples, out map[string]any), ours *lathe.Tensor) {
	if f.folder == "" {
		return
	}
	all := map[string]any{}
	for form, why := range f.failed {
		all[form] = map[string]any{"error": why}
	}
	for i, form := range f.forms {
		out := map[string]any{"time": t[i].timing()}
		all[form] = out
		theirs, err := tensorio.ReadNpy(filepath.Join(f.folder, form+".npy"), 0)
		if err == nil && theirs.Tensor.Len() != ours.Len() {
			err = fmt.Errorf("%d elements, want %d", theirs.Tensor.Len(), ours.Len())
		}
		if err != nil {
			out["error"] = err.Error()
			continue
		}
		apart := difference(ours, theirs.Tensor)
		out["difference"] = apart
		if !(apart <= halfDigits) {
			r.failf("the result of %s differs by %.2g of the largest element", form, apart)
			continue
		}
		more(form, t[i], out)
	}
	r.set("rivals", all)
}
