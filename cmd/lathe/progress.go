package main

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// A progress shows on a terminal that something long is going on. Elsewhere it
// shows nothing.
type progress struct{ bar *progressbar.ProgressBar }

// progress starts to show what is done.
func (e *env) progress(text string) *progress {
	if !e.terminal {
		return &progress{}
	}
	return &progress{progressbar.NewOptions(-1,
		progressbar.OptionSetWriter(e.stderr), progressbar.OptionSetDescription(text),
		progressbar.OptionClearOnFinish(), progressbar.OptionSpinnerType(14),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetElapsedTime(true),
	)}
}

// say shows what is done now.
func (p *progress) say(text string) {
	if p.bar != nil {
		p.bar.Describe(text)
	}
}

// done clears what is shown; more calls do nothing.
func (p *progress) done() {
	if p.bar != nil {
		// A terminal that cannot be written to shows nothing; the work is what counts.
		_ = p.bar.Finish()
		p.bar = nil
	}
}
