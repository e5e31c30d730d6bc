package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// interruptible is a context that Ctrl-C and SIGTERM cancel. A second signal ends
// the process the ordinary way.
func interruptible() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			cancel(errInterrupted{s})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

type errInterrupted struct{ signal os.Signal }

func (e errInterrupted) isCtrlC() bool { return e.signal == os.Interrupt }

func (e errInterrupted) Error() string {
	if e.isCtrlC() {
		return "interrupted"
	}
	return "stopped by a signal (" + e.signal.String() + ")"
}

// signalDesk hands the signals of a chat to whoever is at work: the editor while a
// line is typed, the answer while one is made.
type signalDesk struct {
	arrivals chan os.Signal
	mu       sync.Mutex
	handle   func(os.Signal)
}

func openSignalDesk(handle func(os.Signal)) *signalDesk {
	d := &signalDesk{arrivals: make(chan os.Signal, 4), handle: handle}
	signal.Notify(d.arrivals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGCONT)
	go func() {
		for s := range d.arrivals {
			d.mu.Lock()
			handle := d.handle
			d.mu.Unlock()
			handle(s)
		}
	}()
	return d
}

func (d *signalDesk) close() {
	signal.Stop(d.arrivals)
	close(d.arrivals)
}

// swap makes handle the one that signals go to and returns the one before.
func (d *signalDesk) swap(handle func(os.Signal)) (before func(os.Signal)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	before, d.handle = d.handle, handle
	return before
}

// stubborn is how long what was cancelled may take before another signal ends the
// process.
const stubborn = 2 * time.Second

// during runs work with a context that the first signal cancels. The error is the
// signal's where the signal asks the program to end. giveUp ends the process.
func (d *signalDesk) during(work func(context.Context) error, giveUp func(), resume func()) error {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	var first time.Time
	before := d.swap(func(s os.Signal) {
		switch {
		case s == syscall.SIGCONT:
			resume()
		case first.IsZero():
			first = time.Now()
			cancel(errInterrupted{s})
		case time.Since(first) > stubborn:
			giveUp()
		}
	})
	err := work(ctx)
	d.swap(before)
	if cause, ok := context.Cause(ctx).(errInterrupted); ok && !cause.isCtrlC() {
		return cause
	}
	return err
}
