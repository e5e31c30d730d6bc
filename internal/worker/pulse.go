package worker

import (
	"sync"
	"sync/atomic"
	"time"
)

// beatEvery is how often a child that works on something says that it goes on, unless
// its parent has less patience.
const beatEvery = 500 * time.Millisecond

// pulse tells the parent that the engine goes on, also while there is nothing to
// answer yet. A standstill is told by silence.
type pulse struct {
	server *server
	steps  atomic.Uint64 // beside those the model counts

	mu      sync.Mutex
	every   time.Duration
	calls   int
	timer   *time.Timer
	running bool
	seen    uint64
}

func newPulse(s *server) *pulse { return &pulse{server: s, every: beatEvery} }

// hurry makes it beat several times within the limit of a stall.
func (p *pulse) hurry(stall time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.every = max(min(beatEvery, stall/4), time.Millisecond)
}

// step counts a step of a load.
func (p *pulse) step() { p.steps.Add(1) }

// begin starts to beat with the first call.
func (p *pulse) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	if !p.running {
		p.running = true
		p.timer = time.AfterFunc(p.every, p.beat)
	}
}

// end stops with the last.
func (p *pulse) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.calls--; p.calls == 0 && p.timer.Stop() {
		p.running = false
	}
}

func (p *pulse) beat() {
	now := p.count() // may wait for an engine that hangs: with nothing held
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running = p.calls > 0; !p.running {
		return
	}
	if now != p.seen {
		p.seen = now
		p.server.out.put(reply{Beat: true})
	}
	p.timer.Reset(p.every)
}

func (p *pulse) count() uint64 {
	n := p.steps.Load()
	if m := p.server.model.Load(); m != nil {
		n += (*m).Progress()
	}
	return n
}
