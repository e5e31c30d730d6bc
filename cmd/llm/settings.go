package main

import (
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

func defaultSettings() settings { return settings{sampling: llm.DefaultSampling(), think: thinkShow} }

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

// setting is one value of the settings. Its name is also that of the flag, but for n.
type setting struct {
	name   string
	kind   string // of the flag's value
	help   string
	values []string // where there are but these
	get    func(*settings) string
	set    func(*settings, string) error
}

// number is a setting with a fraction.
func number(name, help string, field func(*settings) *float64) setting {
	return setting{
		name: name, kind: "float", help: help,
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
		name: name, kind: "int", help: help,
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
