package engine

import (
	"slices"
	"time"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/sampler"
)

// generation is the work on one job.
type generation struct {
	*owner
	job     *job
	policy  chat.Overflow
	sampler *sampler.Chain
	grammar *llama.Grammar // nil: the sampler is free
	stream  stream
	reply   *reply
	watch   *watch // nil: nothing triggers a grammar
	likely  logprobs
	usage   chat.Usage
	stop    chat.Stop

	first time.Time

	pending []chat.Event
	flushed time.Time // the last flush
}

// run evaluates the prompt and generates until there is a reason to stop.
func (g *generation) run() (chat.StopReason, error) {
	start := time.Now()
	g.usage.Queued = start.Sub(g.job.begin)
	tokens, err := g.fit()
	if err != nil {
		return "", err
	}
	if err := g.setUp(tokens); err != nil {
		return "", err
	}
	defer g.tearDown()
	if err := g.prefill(tokens); err != nil {
		return "", err
	}
	g.usage.Prompt = time.Since(start)
	reason, err := g.loop()
	if err == nil {
		g.reply.add(g.stream.flush(), true)
	}
	return reason, err
}

// fit applies the context policy to the prompt and reports what it dropped.
func (g *generation) fit() ([]llama.Token, error) {
	tokens := g.job.prompt.tokens
	s, err := fitPrompt(len(tokens), g.size, g.job.prompt.keep, g.job.request.MaxTokens, g.policy)
	if err != nil || s.len() == 0 {
		return tokens, err
	}
	g.dropped(s)
	return slices.Concat(tokens[:s.from], tokens[s.to:]), nil
}

func (g *generation) setUp(tokens []llama.Token) (err error) {
	g.stream.stops = g.job.prompt.stops
	if g.sampler, err = g.chain(g.job.prompt.sampling, tokens); err != nil {
		return err
	}
	if err = g.startGrammar(); err == nil {
		g.reply, err = newReply(g.job.prompt.syntax, g.emit)
	}
	if err != nil {
		g.endGrammar()
	}
	return err
}

func (g *generation) tearDown() {
	g.reply.close()
	g.endGrammar()
}

// prefill evaluates what of the prompt is not in memory yet. The last token always
// is evaluated: its logits are needed.
func (g *generation) prefill(tokens []llama.Token) error {
	if err := g.adapt(g.job.request.Adapters); err != nil {
		return err
	}
	reuse := min(commonPrefix(g.tokens, tokens), len(tokens)-1)
	if g.job.request.NoReuse {
		reuse = 0
	}
	if err := g.rewind(reuse); err != nil {
		return err
	}
	g.usage.PromptTokens = len(tokens)
	g.usage.CachedTokens = len(g.tokens)
	return g.evaluate(tokens[len(g.tokens):])
}

// loop generates token by token.
func (g *generation) loop() (chat.StopReason, error) {
	for {
		token, err := g.next()
		if err != nil {
			return "", err
		}
		known, err := g.pieces.of(g.engine.model, token)
		if err != nil {
			return "", err
		}
		if known.eog && !g.job.request.IgnoreEOG {
			return chat.StopEnd, nil
		}
		if done, err := g.show(token, known.text); done || err != nil {
			return chat.StopSequence, err
		}
		if g.grammar != nil && g.grammar.Done() {
			return chat.StopEnd, nil // nothing but the end could follow
		}
		if limit := g.job.request.MaxTokens; limit > 0 && g.usage.CompletionTokens >= limit {
			return chat.StopLength, nil
		}
		if full, err := g.makeRoom(); full || err != nil {
			return chat.StopContextFull, err
		}
		if err := g.step(token); err != nil {
			return "", err
		}
	}
}

// next chooses a token from the logits of the last decode.
func (g *generation) next() (llama.Token, error) {
	logits, err := g.ctx.Logits(-1)
	if err != nil {
		return llama.NoToken, err
	}
	token, err := g.sampler.Sample(logits)
	if err != nil {
		return llama.NoToken, explainGrammar(err)
	}
	g.countSteps()
	if n := g.job.request.Logprobs; n != 0 {
		if err := g.likely.measure(g.sampler, logits, token, n); err != nil {
			return llama.NoToken, err
		}
	}
	return llama.Token(token), explainGrammar(g.sampler.Accept(token, true))
}

// countSteps adds what the sampler's steps did to the usage.
func (g *generation) countSteps() {
	g.usage.SampledTokens++
	for i, s := range g.sampler.Trace() {
		if i == len(g.usage.Steps) {
			g.usage.Steps = append(g.usage.Steps, chat.Step{Name: s.Step})
		}
		g.usage.Steps[i].Before += s.Before
		g.usage.Steps[i].After += s.After
	}
}

// step appends one token to memory. It allocates nothing.
func (g *generation) step(token llama.Token) error {
	g.batch.Clear()
	if err := g.batch.Add(token, len(g.tokens), true, 0); err != nil {
		return err
	}
	one := [1]llama.Token{token}
	return g.decode(one[:])
}

// show emits the token's text. done: a stop string was reached.
func (g *generation) show(token llama.Token, text []byte) (done bool, err error) {
	if g.usage.CompletionTokens == 0 {
		g.first = time.Now()
		g.usage.FirstToken = g.first.Sub(g.job.begin)
	}
	g.usage.CompletionTokens++
	if slices.Contains(g.job.prompt.visible, token) {
		if text, err = g.engine.model.AppendPiece(nil, token, true); err != nil {
			return false, err
		}
	}
	if g.job.request.Logprobs != 0 {
		ev, err := g.likely.event(g.engine.model, token)
		if err != nil {
			return false, err
		}
		g.emit(ev)
	}
	if err := g.watchFor(text); err != nil {
		return false, err
	}
	out, found := g.stream.push(text)
	g.reply.add(out, false)
	g.flushDue()
	g.stop.Sequence = found
	return found != "", nil
}

// makeRoom sees to it that another token fits. full: it does not.
func (g *generation) makeRoom() (full bool, err error) {
	if len(g.tokens) < g.size {
		return false, nil
	}
	s := fitReply(len(g.tokens), g.job.prompt.keep, g.policy, g.memory.CanShift() && g.rewindable())
	if s.len() == 0 {
		return true, nil
	}
	if err := g.drop(s); err != nil {
		return false, err
	}
	g.dropped(s)
	return false, nil
}

func (g *generation) dropped(s span) {
	g.usage.DroppedTokens += s.len()
	g.emit(chat.Event{Kind: chat.KindDropped, Dropped: &chat.Dropped{From: s.from, To: s.to, Policy: g.policy}})
}

// finish reports usage and the reason.
func (g *generation) finish(reason chat.StopReason) {
	if g.usage.CompletionTokens > 0 {
		g.usage.Generation = time.Since(g.first)
	}
	g.stop.Reason = reason
	g.emit(chat.Event{Kind: chat.KindUsage, Usage: &g.usage})
	g.emit(chat.Event{Kind: chat.KindStop, Stop: &g.stop})
}

// flushInterval bounds how long an event may wait for company. Waking the consumer
// takes a processor away from the compute threads, which matters when a token takes
// a few milliseconds; when it takes longer than this, each is handed on at once.
const flushInterval = 40 * time.Millisecond

// emit gets an event ready for the consumer.
func (g *generation) emit(ev chat.Event) { g.pending = append(g.pending, ev) }

// flushDue hands on what is pending, unless that was done just now.
func (g *generation) flushDue() {
	if now := time.Now(); now.Sub(g.flushed) >= flushInterval {
		g.flush()
		g.flushed = now
	}
}

// flush hands on what is pending.
func (g *generation) flush() {
	g.job.outbox.put(g.pending)
	g.pending = nil
}
