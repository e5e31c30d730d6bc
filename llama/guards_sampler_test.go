package llama_test

import (
	"math"

	"github.com/seed-f87006eb/llm/llama"
)

var (
	nan = float32(math.NaN())
	inf = float32(math.Inf(1))
)

// plainSampler is greedy, warmSampler draws.
var (
	plainSampler = llama.SamplerParams{TopP: 1, TypicalP: 1, RepeatPenalty: 1}
	warmSampler  = llama.SamplerParams{Temperature: 1, TopP: 1, TypicalP: 1, RepeatPenalty: 1}
)

var samplerGuards = map[string]guardCase{
	"parameters that are no numbers": {llama.ErrInvalid, func(g *guarded) (errs []error) {
		for _, v := range []float32{nan, inf, -inf} {
			for _, set := range []func(*llama.SamplerParams){
				func(p *llama.SamplerParams) { p.Temperature = v }, func(p *llama.SamplerParams) { p.TopP = v },
				func(p *llama.SamplerParams) { p.MinP = v }, func(p *llama.SamplerParams) { p.TypicalP = v },
				func(p *llama.SamplerParams) { p.RepeatPenalty = v }, func(p *llama.SamplerParams) { p.FrequencyPenalty = v },
				func(p *llama.SamplerParams) { p.PresencePenalty = v },
			} {
				p := warmSampler
				set(&p)
				_, err := g.m.NewSampler(p)
				errs = append(errs, err)
			}
		}
		return errs
	}},
	"penalties that are none": {llama.ErrInvalid, func(g *guarded) (errs []error) {
		for _, p := range []llama.SamplerParams{{RepeatPenalty: 0}, {RepeatPenalty: -1}, {RepeatPenalty: 1, PenaltyLast: -2}, {RepeatPenalty: 1, PenaltyLast: math.MinInt64},
			{RepeatPenalty: 1, PenaltyLast: 1<<20 + 1}, {RepeatPenalty: 1.1, PenaltyLast: 1 << 40}} {
			_, err := g.m.NewSampler(p)
			errs = append(errs, err)
		}
		return errs
	}},
	"every combination selects": {nil, func(g *guarded) (errs []error) {
		logits := g.logits(0)
		for i := range logits {
			logits[i] = float32(i%7) - 3
		}
		for _, p := range combinations() {
			s := g.sampler(p)
			for range 2 {
				token, err := s.Sample(logits)
				errs = append(errs, err, s.Accept(token, true))
			}
			g.must(s.Close())
		}
		return errs
	}},
	"penalties over the whole context": {nil, func(g *guarded) []error {
		s := g.sampler(llama.SamplerParams{RepeatPenalty: 1, PresencePenalty: 1, PenaltyLast: -1})
		defer s.Close()
		logits := g.logits(0)
		logits[300] = 0.5
		g.must(s.Accept(300, true))
		token, err := s.Sample(logits)
		if token == 300 {
			g.Error("-1 looks back at nothing")
		}
		return []error{err}
	}},
	"logits that are no numbers": {llama.ErrEngine, func(g *guarded) (errs []error) {
		for _, p := range []llama.SamplerParams{plainSampler, warmSampler, {RepeatPenalty: 1.1, PenaltyLast: 8}, {Temperature: 1, TopK: 40, TopP: 0.9, MinP: 0.1, TypicalP: 0.9, RepeatPenalty: 1}} {
			for _, v := range []float32{nan, inf, -inf} {
				s := g.sampler(p)
				_, err := s.Sample(g.logits(v))
				g.must(s.Constrain(`root ::= [a-z]+`, ""))
				_, grammarErr := s.Sample(g.logits(v))
				errs = append(errs, err, grammarErr)
				g.must(s.Close())
			}
		}
		return errs
	}},
	"some logits that are no numbers": {llama.ErrEngine, func(g *guarded) (errs []error) {
		for _, v := range []float32{nan, inf} {
			s := g.sampler(warmSampler)
			logits := g.logits(0)
			logits[7] = v
			_, err := s.Sample(logits)
			errs = append(errs, err)
			g.must(s.Close())
		}
		return errs
	}},
	"logits of another size": {llama.ErrInvalid, func(g *guarded) (errs []error) {
		for _, p := range []llama.SamplerParams{plainSampler, warmSampler} {
			s := g.sampler(p)
			for _, logits := range [][]float32{nil, {}, {1}, make([]float32, g.m.Info().Vocab-1), make([]float32, g.m.Info().Vocab+1)} {
				_, err := s.Sample(logits)
				errs = append(errs, err)
			}
			g.must(s.Close())
		}
		return errs
	}},
	"sampler without decode": {llama.ErrNoRow, func(g *guarded) []error {
		s := g.sampler(warmSampler)
		defer s.Close()
		logits, err := g.c.Logits(-1)
		if _, err := s.Sample(logits); err == nil {
			g.Error("sampled from nothing")
		}
		return []error{err}
	}},
	"accepting bad tokens": {llama.ErrInvalid, func(g *guarded) (errs []error) {
		for _, p := range []llama.SamplerParams{plainSampler, warmSampler, {RepeatPenalty: 1.1, PenaltyLast: 8}} {
			s := g.sampler(p)
			for _, token := range g.badTokens() {
				errs = append(errs, s.Accept(token, true), s.Accept(token, false))
			}
			g.must(s.Constrain(`root ::= "a"`, ""))
			for _, token := range g.badTokens() {
				errs = append(errs, s.Accept(token, true), s.Accept(token, false))
			}
			g.must(s.Close())
		}
		return errs
	}},
	"log-probabilities of bad tokens": {llama.ErrInvalid, func(g *guarded) (errs []error) {
		logits := g.logits(0)
		for _, token := range g.badTokens() {
			_, err := llama.Logprobs(logits, token, nil, nil)
			errs = append(errs, err)
		}
		n := len(logits)
		for _, top := range [][2]int{{n + 1, n + 1}, {1, 2}, {2, 1}} {
			_, err := llama.Logprobs(logits, 0, make([]llama.Token, top[0]), make([]float32, top[1]))
			errs = append(errs, err)
		}
		_, err := llama.Logprobs(nil, 0, nil, nil)
		return append(errs, err)
	}},
	"log-probabilities of no numbers": {llama.ErrEngine, func(g *guarded) (errs []error) {
		some := g.logits(0)
		some[7] = nan
		for _, logits := range [][]float32{g.logits(nan), g.logits(inf), g.logits(-inf), some} {
			_, err := llama.Logprobs(logits, 0, make([]llama.Token, 20), make([]float32, 20))
			errs = append(errs, err)
		}
		return errs
	}},
}

// combinations are sampler parameters at and beyond their ends.
func combinations() (all []llama.SamplerParams) {
	for _, temperature := range []float32{-1, 0, 1e-30, 0.8, 1e30} {
		for _, topK := range []int{-1 << 40, 0, 1, 1 << 40} {
			for _, p := range []float32{-1, 0, 1e-9, 0.5, 1, 2} {
				for _, penalty := range []float32{1e-30, 1, 1e30} {
					all = append(all,
						llama.SamplerParams{Temperature: temperature, TopK: topK, TopP: p, TypicalP: 1, RepeatPenalty: penalty, PenaltyLast: 4},
						llama.SamplerParams{Temperature: temperature, TopK: topK, TopP: 1, MinP: p, TypicalP: 1, RepeatPenalty: 1, PresencePenalty: penalty, PenaltyLast: -1},
						llama.SamplerParams{Temperature: temperature, TopK: topK, TopP: 1, TypicalP: p, RepeatPenalty: 1, FrequencyPenalty: -penalty, PenaltyLast: 1})
				}
			}
		}
	}
	return all
}

func (g *guarded) sampler(p llama.SamplerParams) *llama.Sampler {
	g.Helper()
	s, err := g.m.NewSampler(p)
	g.must(err)
	return s
}

// logits are the same for all tokens.
func (g *guarded) logits(v float32) []float32 {
	logits := make([]float32, g.m.Info().Vocab)
	for i := range logits {
		logits[i] = v
	}
	return logits
}

func (g *guarded) badTokens() []llama.Token {
	return []llama.Token{-1, -2, math.MinInt32, math.MaxInt32, llama.Token(g.m.Info().Vocab)}
}
