package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/sampler"
)

var allSettings = append(samplingSettings, seedSetting, lengthSetting, thinkSetting)

var samplingSettings = []setting{
	number("temp", "temperature; 0: always the likeliest token", func(s *settings) *float64 { return &s.sampling.Temperature }),
	count("top-k", "keep the k likeliest tokens; 0: all", func(s *settings) *int { return &s.sampling.TopK }),
	number("top-p", "keep the likeliest tokens with this probability together; 1: all", func(s *settings) *float64 { return &s.sampling.TopP }),
	number("min-p", "keep tokens at least this many times as likely as the likeliest; 0: all", func(s *settings) *float64 { return &s.sampling.MinP }),
	number("top-n-sigma", "keep tokens within n standard deviations of the largest logit; -1: all", func(s *settings) *float64 { return &s.sampling.TopNSigma }),
	number("typical", "locally typical sampling; 1: off", func(s *settings) *float64 { return &s.sampling.TypicalP }),
	number("xtc-probability", "how often XTC removes the likeliest tokens; 0: off", func(s *settings) *float64 { return &s.sampling.XTCProbability }),
	number("xtc-threshold", "XTC removes tokens above this probability, but for the last; above 0.5: off", func(s *settings) *float64 { return &s.sampling.XTCThreshold }),
	number("dynatemp-range", "the temperature moves so far with the entropy; 0: off", func(s *settings) *float64 { return &s.sampling.DynatempRange }),
	number("dynatemp-exp", "how the entropy becomes a temperature", func(s *settings) *float64 { return &s.sampling.DynatempExponent }),
	number("repeat-penalty", "weaken repeated tokens by this factor; 1: off", func(s *settings) *float64 { return &s.sampling.RepeatPenalty }),
	count("repeat-last-n", "tokens the penalties look back; -1: the context", func(s *settings) *int { return &s.sampling.RepeatLast }),
	number("presence-penalty", "weaken tokens that occurred; 0: off", func(s *settings) *float64 { return &s.sampling.PresencePenalty }),
	number("frequency-penalty", "weaken tokens by how often they occurred; 0: off", func(s *settings) *float64 { return &s.sampling.FrequencyPenalty }),
	number("dry-multiplier", "DRY: weaken tokens that go on with a repetition; 0: off", func(s *settings) *float64 { return &s.sampling.DRY.Multiplier }),
	number("dry-base", "DRY: to the power of how much longer than allowed the repetition is", func(s *settings) *float64 { return &s.sampling.DRY.Base }),
	count("dry-allowed-length", "DRY: tokens that may repeat", func(s *settings) *int { return &s.sampling.DRY.AllowedLength }),
	count("dry-penalty-last-n", "DRY: tokens looked back; -1: the context, 0: off", func(s *settings) *int { return &s.sampling.DRY.Last }),
	count("mirostat", "hold the surprise of tokens at a target, in place of the other steps: 1 or 2; 0: off", func(s *settings) *int { return &s.sampling.Mirostat }),
	number("mirostat-ent", "the target of mirostat, bits", func(s *settings) *float64 { return &s.sampling.MirostatTau }),
	number("mirostat-lr", "how fast mirostat learns", func(s *settings) *float64 { return &s.sampling.MirostatEta }),
	number("adaptive-target", "adaptive-p: draw near this probability (it must be in --samplers); -1: off", func(s *settings) *float64 { return &s.sampling.AdaptiveTarget }),
	number("adaptive-decay", "adaptive-p: how long it remembers, 0 to 0.99", func(s *settings) *float64 { return &s.sampling.AdaptiveDecay }),
	{
		name: "samplers", kind: "steps", help: "the steps and their order, with semicolons between them",
		get: func(s *settings) string {
			if s.sampling.Order == nil {
				return sampler.FormatOrder(sampler.DefaultOrder())
			}
			return strings.Join(s.sampling.Order, ";")
		},
		set: func(s *settings, v string) error {
			order, err := sampler.ParseOrder(v)
			s.sampling.Order = stepNames(order)
			return err
		},
	},
}

var seedSetting = setting{
	name: "seed", kind: "int", help: "seed of the sampler; -1: another one each time",
	get: func(s *settings) string {
		if s.sampling.Seed == llm.RandomSeed {
			return "-1"
		}
		return strconv.FormatUint(uint64(s.sampling.Seed), 10)
	},
	set: func(s *settings, v string) error {
		n, err := whole(v, -1, math.MaxUint32)
		s.sampling.Seed = uint32(n)
		return err
	},
}

var lengthSetting = setting{
	name: "n", kind: "int", help: "tokens of a reply at most; -1: no limit",
	get: func(s *settings) string {
		if s.maxTokens == 0 {
			return "-1"
		}
		return strconv.Itoa(s.maxTokens)
	},
	set: func(s *settings, v string) error {
		n, err := whole(v, -1, math.MaxInt32)
		if err == nil && n == 0 {
			err = errors.New("0 generates nothing; use -1 for no limit")
		}
		s.maxTokens = int(max(n, 0))
		return err
	},
}

var thinkSetting = setting{
	name: "think", kind: "string", help: "thoughts of the model: show, hide, or off (asks it not to think)", values: thinkModes,
	get: func(s *settings) string { return string(s.think) },
	set: func(s *settings, v string) error {
		if !slices.Contains(thinkModes, v) {
			return fmt.Errorf("%q: it must be one of %v", v, thinkModes)
		}
		s.think = thinkMode(v)
		return nil
	},
}

func stepNames(order []sampler.Step) []string {
	names := make([]string, len(order))
	for i, s := range order {
		names[i] = s.String()
	}
	return names
}
