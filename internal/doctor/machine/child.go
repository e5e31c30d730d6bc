package machine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"github.com/seed-f87006eb/llm/internal/doctor"
)

// Serve is the process of a device: it reads a Task from in, does it, and writes to out
// where it is. It ends early when in does: its parent is gone.
func Serve(in io.Reader, out io.Writer) error {
	var t Task
	d := json.NewDecoder(in)
	if err := d.Decode(&t); err != nil {
		return fmt.Errorf("read what to examine: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		io.Copy(io.Discard, io.MultiReader(d.Buffered(), in))
		cancel()
	}()
	e := json.NewEncoder(out)
	var err error
	examine(ctx, t, func(u update) {
		if err == nil {
			err = e.Encode(u)
		}
	})
	return err
}

// lastWords keeps the end of what a process writes to standard error.
type lastWords struct{ bytes.Buffer }

func (w *lastWords) Write(p []byte) (int, error) {
	const most = 2000
	w.Buffer.Write(p)
	w.Next(max(0, w.Len()-most))
	return len(p), nil
}

// String is on one line.
func (w *lastWords) String() string { return strings.Join(strings.Fields(w.Buffer.String()), " ") }

// stallLimit is how long that process may be silent. The longest it is without a hang is
// for the CPU's logits of a large model.
const stallLimit = 10 * time.Minute

// run does a task in a process of its own.
func run(ctx context.Context, command []string, t Task, progress func(step string, fraction float64)) (doctor.Device, error) {
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.WaitDelay = time.Second
	var words lastWords
	c.Stderr = &words
	in, err := c.StdinPipe()
	if err != nil {
		return t.Device, err
	}
	defer in.Close()
	out, err := c.StdoutPipe()
	if err != nil {
		return t.Device, err
	}
	if err := c.Start(); err != nil {
		return t.Device, fmt.Errorf("start the process that examines it: %w", err)
	}
	var stalled atomic.Bool
	watch := time.AfterFunc(stallLimit, func() {
		stalled.Store(true)
		c.Process.Kill()
	})
	defer watch.Stop()
	last := update{Step: "start", Device: &t.Device}
	err = json.NewEncoder(in).Encode(t)
	for d := json.NewDecoder(out); err == nil; {
		u := update{Device: last.Device}
		if err = d.Decode(&u); err == nil {
			last = u
			watch.Reset(stallLimit)
			progress(u.Step, u.Fraction)
		}
	}
	in.Close()
	if e := c.Wait(); e != nil && ctx.Err() == nil {
		failure := doctor.Failure{Step: last.Step, Error: "the process that examined it ended: " + e.Error()}
		if stalled.Load() {
			failure.Error = fmt.Sprintf("no sign of life for %v; the process that examined it was killed", stallLimit)
		}
		if s := words.String(); s != "" {
			failure.Error += "; its last words: " + s
		}
		last.Device.Failures = append(last.Device.Failures, failure)
	}
	return *last.Device, context.Cause(ctx)
}
