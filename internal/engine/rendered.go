package engine

import (
	"strings"
	"sync"

	"github.com/seed-f87006eb/llm/llama"
)

// rendered remembers prompts that a chat template made, the newest of them. Templates
// may be slow, and clients repeat themselves.
type rendered struct {
	mu      sync.Mutex
	prompts map[string]llama.Prompt // by request
	order   []string                // oldest first
	bytes   int
}

const (
	maxRendered      = 64
	maxRenderedBytes = 16 << 20
)

// cacheable tells whether a template makes the same of the same: not when it asks for
// the time.
func cacheable(template string) bool {
	return !strings.Contains(template, "strftime_now") && !strings.Contains(template, "now(")
}

func (r *rendered) get(request string) (llama.Prompt, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, ok := r.prompts[request]
	return p, ok
}

func (r *rendered) put(request string, p llama.Prompt) {
	size := func(request string, p llama.Prompt) int {
		return len(request) + len(p.Text) + len(p.Syntax) + len(p.Grammar)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.prompts[request]; ok || size(request, p) > maxRenderedBytes/4 {
		return
	}
	if r.prompts == nil {
		r.prompts = map[string]llama.Prompt{}
	}
	r.prompts[request] = p
	r.order = append(r.order, request)
	r.bytes += size(request, p)
	for len(r.order) > maxRendered || r.bytes > maxRenderedBytes {
		oldest := r.order[0]
		r.order = r.order[1:]
		r.bytes -= size(oldest, r.prompts[oldest])
		delete(r.prompts, oldest)
	}
}
