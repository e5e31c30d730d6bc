package main

import (
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far a work is: a bar on a terminal, elsewhere a line a second while
// there is something new to say. Nothing is shown of what takes no time.
type progress struct {
	what  string
	err   *os.File
	bar   *progressbar.ProgressBar
	start time.Time
	next  time.Time
	last  int       // percent of the last line
	alive time.Time // when it is said again
}

// silence is how long a work says nothing where its percent stays the same.
const silence = 30 * time.Second

func (a *app) newProgress(what string) *progress {
	p := &progress{what: what, err: a.err, start: time.Now(), last: -1}
	patience := time.Second
	if isTerminal(a.err) {
		patience = 100 * time.Millisecond
		p.bar = progressbar.NewOptions(100,
			progressbar.OptionSetWriter(a.err),
			progressbar.OptionSetDescription(what),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetRenderBlankState(false),
			progressbar.OptionSetWidth(30))
	}
	p.next = p.start.Add(patience)
	return p
}

// update is called by one goroutine at a time.
func (p *progress) update(fraction float32) { p.show(fraction, "") }

// bytes is update for a work that is counted in bytes; it shows the speed, too.
func (p *progress) bytes(done, total int64) {
	speed := float64(done) / max(time.Since(p.start).Seconds(), 1e-3)
	p.show(float32(done)/float32(max(total, 1)), ", "+size(int64(speed))+"/s")
}

// remaining is bytes with the time that is left, where the speed so far lasts.
func (p *progress) remaining(done, total int64) {
	text, took := "", time.Since(p.start)
	if done > 0 && took > 2*time.Second {
		left := time.Duration(float64(took) * float64(total-done) / float64(done)).Round(time.Second)
		text = fmt.Sprintf(", %v left", left)
	}
	p.show(float32(done)/float32(max(total, 1)), text)
}

func (p *progress) show(fraction float32, speed string) {
	now := time.Now()
	if now.Before(p.next) {
		return
	}
	if p.bar != nil {
		p.bar.Describe(p.what + speed)
		p.bar.Set(int(100 * fraction))
		p.next = now.Add(50 * time.Millisecond)
		return
	}
	p.next = now.Add(time.Second)
	if percent := int(100 * fraction); percent != p.last || now.After(p.alive) {
		fmt.Fprintf(p.err, "llm: %s: %d %%%s\n", p.what, percent, speed)
		p.last, p.alive = percent, now.Add(silence)
	}
}

// done takes the bar away.
func (p *progress) done() {
	if p.bar != nil {
		p.bar.Clear()
	}
}
