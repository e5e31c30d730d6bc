package main

import (
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
)

// loadProgress shows how far a load is: a bar on a terminal, elsewhere a line a
// second. Nothing is shown of a load that takes no time.
type loadProgress struct {
	name string
	err  *os.File
	bar  *progressbar.ProgressBar
	next time.Time
}

func (a *app) newLoadProgress(name string) *loadProgress {
	p := &loadProgress{name: name, err: a.err}
	patience := time.Second
	if isTerminal(a.err) {
		patience = 100 * time.Millisecond
		p.bar = progressbar.NewOptions(100,
			progressbar.OptionSetWriter(a.err),
			progressbar.OptionSetDescription("loading "+name),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetRenderBlankState(false),
			progressbar.OptionSetWidth(30))
	}
	p.next = time.Now().Add(patience)
	return p
}

// update is called by the loading goroutine.
func (p *loadProgress) update(fraction float32) {
	now := time.Now()
	if now.Before(p.next) {
		return
	}
	if p.bar != nil {
		p.bar.Set(int(100 * fraction))
		p.next = now.Add(50 * time.Millisecond)
		return
	}
	fmt.Fprintf(p.err, "llm: loading %s: %.0f %%\n", p.name, 100*fraction)
	p.next = now.Add(time.Second)
}

// done takes the bar away.
func (p *loadProgress) done() {
	if p.bar != nil {
		p.bar.Clear()
	}
}
