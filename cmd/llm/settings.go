package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/seed-f87006eb/llm"
)

// settings are what /set changes and a saved chat keeps, besides the system message.
type settings struct {
	sampling  llm.Sampling
	maxTokens int // 0: no limit
	think     thinkMode
}

// options are the settings as choices of a request.
func (s settings) options() []llm.RequestOption {
	options := []llm.RequestOption{
		llm.MaxTokens(s.maxTokens),
		llm.Sample(func(to *llm.Sampling) { *to = s.sampling }),
	}
	if s.think == thinkOff {
		options = append(options, llm.NoThinking())
	}
	return options
}

// setting is one value of the settings. Its name is also that of the flag.
type setting struct {
	name   string
	help   string
	values []string // where there are but these
	get    func(*settings) string
	set    func(*settings, string) error
}

var allSettings = []setting{
	number("temp", "temperature; 0: always the likeliest token", func(s *settings) *float64 { return &s.sampling.Temperature }),
	count("top-k", "keep the k likeliest tokens; 0: all", func(s *settings) *int { return &s.sampling.TopK }),
	number("top-p", "keep the likeliest tokens with this probability together", func(s *settings) *float64 { return &s.sampling.TopP }),
	number("min-p", "keep tokens at least this many times as likely as the likeliest", func(s *settings) *float64 { return &s.sampling.MinP }),
	number("typical", "locally typical sampling; 1: off", func(s *settings) *float64 { return &s.sampling.TypicalP }),
	number("repeat-penalty", "weaken repeated tokens by this factor; 1: off", func(s *settings) *float64 { return &s.sampling.RepeatPenalty }),
	count("repeat-last-n", "tokens the penalties look back; -1: the context", func(s *settings) *int { return &s.sampling.RepeatLast }),
	number("presence-penalty", "weaken tokens that occurred; 0: off", func(s *settings) *float64 { return &s.sampling.PresencePenalty }),
	number("frequency-penalty", "weaken tokens by how often they occurred; 0: off", func(s *settings) *float64 { return &s.sampling.FrequencyPenalty }),
	{
		name: "seed", help: "seed of the sampler; -1: another one each time",
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
	},
	{
		name: "n", help: "tokens of a reply at most; -1: no limit",
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
	},
	{
		name: "think", help: "thoughts of the model: show, hide, or off (asks it not to think)", values: thinkModes,
		get: func(s *settings) string { return string(s.think) },
		set: func(s *settings, v string) error {
			if !slices.Contains(thinkModes, v) {
				return fmt.Errorf("%q: it must be one of %v", v, thinkModes)
			}
			s.think = thinkMode(v)
			return nil
		},
	},
}

// number is a setting with a fraction.
func number(name, help string, field func(*settings) *float64) setting {
	return setting{
		name: name, help: help,
		get: func(s *settings) string { return strconv.FormatFloat(*field(s), 'g', -1, 64) },
		set: func(s *settings, v string) (err error) {
			if *field(s), err = strconv.ParseFloat(v, 64); err != nil {
				return fmt.Errorf("%q is not a number", v)
			}
			return nil
		},
	}
}

// count is a setting in whole numbers.
func count(name, help string, field func(*settings) *int) setting {
	return setting{
		name: name, help: help,
		get: func(s *settings) string { return strconv.Itoa(*field(s)) },
		set: func(s *settings, v string) error {
			n, err := whole(v, math.MinInt32, math.MaxInt32)
			*field(s) = int(n)
			return err
		},
	}
}

func whole(v string, low, high int64) (int64, error) {
	n, err := strconv.ParseInt(v, 10, 64)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is not a whole number", v)
	case n < low || n > high:
		return 0, fmt.Errorf("%d: it must be from %d to %d", n, low, high)
	}
	return n, nil
}

// settingNamed finds a setting.
func settingNamed(name string) (setting, bool) {
	i := slices.IndexFunc(allSettings, func(s setting) bool { return s.name == name })
	if i < 0 {
		return setting{}, false
	}
	return allSettings[i], true
}

// change sets one value, or says why it cannot be and changes nothing.
func (s *settings) change(name, value string) error {
	one, ok := settingNamed(name)
	if !ok {
		return fmt.Errorf("there is no setting %q%s", name, nearest(name, settingNames(), ""))
	}
	next := *s
	if err := one.set(&next, value); err != nil {
		return fmt.Errorf("%s %w", name, err)
	}
	if err := validate(next.options()); err != nil {
		return err
	}
	*s = next
	return nil
}

// validate checks choices of a request as the engine will.
func validate(options []llm.RequestOption) error {
	probe := llm.Request{Sampling: llm.DefaultSampling()}
	for _, option := range options {
		option(&probe)
	}
	return probe.Validate()
}

func settingNames() []string {
	names := make([]string, len(allSettings))
	for i, s := range allSettings {
		names[i] = s.name
	}
	return names
}

// values are the settings by name.
func (s *settings) values() map[string]string {
	m := make(map[string]string, len(allSettings))
	for _, one := range allSettings {
		m[one.name] = one.get(s)
	}
	return m
}
