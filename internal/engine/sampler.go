package engine

import (
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/sampler"
)

// samplerParams are a request's choices as those of a chain, on the caller's goroutine.
func (e *Engine) samplerParams(s *chat.Sampling) (sampler.Params, error) {
	order, err := sampler.ParseOrder(strings.Join(s.Order, ";"))
	if err != nil {
		return sampler.Params{}, fmt.Errorf("%w: %w", chat.ErrRequest, err)
	}
	if s.Order == nil {
		order = sampler.DefaultOrder()
	}
	size := e.info.Context.ContextSeq
	p := sampler.Params{
		Seed: s.Seed, Order: order,
		TopK: s.TopK, TopP: float32(s.TopP), MinP: float32(s.MinP), TypicalP: float32(s.TypicalP), TopNSigma: float32(s.TopNSigma),
		XTCProbability: float32(s.XTCProbability), XTCThreshold: float32(s.XTCThreshold),
		Temperature: float32(s.Temperature), DynatempRange: float32(s.DynatempRange), DynatempExponent: float32(s.DynatempExponent),
		PenaltyLast: lookBack(s.RepeatLast, size), RepeatPenalty: float32(s.RepeatPenalty),
		FrequencyPenalty: float32(s.FrequencyPenalty), PresencePenalty: float32(s.PresencePenalty),
		DRY: sampler.DRY{Multiplier: float32(s.DRY.Multiplier), Base: float32(s.DRY.Base), AllowedLength: s.DRY.AllowedLength,
			Last: lookBack(s.DRY.Last, size)},
		Mirostat: s.Mirostat, MirostatTau: float32(s.MirostatTau), MirostatEta: float32(s.MirostatEta),
		AdaptiveTarget: float32(s.AdaptiveTarget), AdaptiveDecay: float32(s.AdaptiveDecay),
		Vocabulary: Vocabulary{e.model},
	}
	for _, b := range s.Bias {
		p.Bias = append(p.Bias, sampler.Bias{Token: b.Token, Value: float32(b.Bias)})
	}
	forbidden := float32(math.Inf(-1))
	for _, t := range s.Forbid {
		p.Bias = append(p.Bias, sampler.Bias{Token: t, Value: forbidden})
	}
	for _, t := range e.model.Suppressed() {
		p.Bias = append(p.Bias, sampler.Bias{Token: int32(t), Value: forbidden})
	}
	if p.DRY.Multiplier != 0 {
		p.DRY.Breakers = e.dryBreakers(s.DRY.Breakers)
	}
	if err := p.Check(e.info.Model.Vocab); err != nil {
		return p, fmt.Errorf("%w: %w", chat.ErrRequest, err)
	}
	return p, nil
}

// lookBack is a window of n tokens in a context of size; a negative one is all of it.
func lookBack(n, size int) int {
	if n < 0 || n > size {
		n = size
	}
	return min(n, sampler.MaxLast)
}

// chain is a chain that has seen as much of the prompt as it looks back. The one of the
// request before is used again where it is alike: it has its memory already.
func (o *owner) chain(p sampler.Params, prompt []llama.Token) (*sampler.Chain, error) {
	seed := p.Seed
	p.Seed = 0
	if o.sampler == nil || !reflect.DeepEqual(p, o.sampling) {
		c, err := sampler.New(o.engine.info.Model.Vocab, p)
		if err != nil {
			return nil, err
		}
		o.sampler, o.sampling = c, p
	}
	o.sampler.Constrain(nil)
	o.sampler.Reseed(seed)
	last := max(p.PenaltyLast, p.DRY.Last)
	for _, t := range prompt[max(0, len(prompt)-last):] {
		if err := o.sampler.Accept(int32(t), false); err != nil {
			return nil, err
		}
	}
	return o.sampler, nil
}

// grammarConstraint is a grammar as the sampler asks for it. It forces nothing: what it allows
// is only known token by token.
type grammarConstraint struct{ *llama.Grammar }

func (g grammarConstraint) Allows(token int32) (bool, error) {
	return g.Grammar.Allows(llama.Token(token))
}
func (g grammarConstraint) Accept(token int32) error { return g.Grammar.Accept(llama.Token(token)) }
func (g grammarConstraint) Forced() []int32          { return nil }

// dryBreakers are the tokens of the texts that DRY stops at. They are found once for each
// list: that goes through the whole vocabulary.
func (e *Engine) dryBreakers(texts []string) [][]int32 {
	key := strings.Join(texts, "\x00")
	if known, ok := e.breakers.Load(key); ok {
		return known.([][]int32)
	}
	found := sampler.DRYBreakers(Vocabulary{e.model}, texts)
	e.breakers.Store(key, found)
	return found
}

// Vocabulary is a model's, as the sampler asks for it. A token that has no text has an
// empty one.
type Vocabulary struct{ *llama.Model }

// Tokens are how many there are.
func (v Vocabulary) Tokens() int { return v.Info().Vocab }

// EndsText says whether a token ends a generation.
func (v Vocabulary) EndsText(token int32) bool { return v.IsEOG(llama.Token(token)) }

// EndOfTurn is the token that ends a turn; negative: none.
func (v Vocabulary) EndOfTurn() int32 { return int32(v.Info().EOT) }

// Piece is a token's text without special tokens.
func (v Vocabulary) Piece(token int32) []byte {
	piece, _ := v.AppendPiece(nil, llama.Token(token), false)
	return piece
}

// Detokenize is a token's text, special tokens included.
func (v Vocabulary) Detokenize(token int32) []byte {
	text, _ := v.Model.Detokenize([]llama.Token{llama.Token(token)})
	return []byte(text)
}

// Tokenize splits a text without special tokens.
func (v Vocabulary) Tokenize(text string) (tokens []int32) {
	found, _ := v.Model.Tokenize(text, false, false)
	for _, t := range found {
		tokens = append(tokens, int32(t))
	}
	return tokens
}
