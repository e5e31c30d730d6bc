package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/sampler"
)

// flagValue is a part of the settings as a flag takes it.
type flagValue struct {
	kind string
	get  func() string
	set  func(string) error
}

func (v flagValue) String() string {
	if v.get == nil { // asked of none, to know whether the default is worth telling
		return ""
	}
	return v.get()
}
func (v flagValue) Set(text string) error { return v.set(text) }
func (v flagValue) Type() string          { return v.kind }

// registerSettings makes a flag of each setting, and of what no setting is but changes
// them too.
func registerSettings(c *cobra.Command, to *settings) {
	letters := map[string]string{"seed": "s", "n": "n"}
	for _, one := range allSettings {
		name := one.name
		if name == "n" {
			name = "predict"
		}
		value := flagValue{one.kind, func() string { return one.get(to) }, func(v string) error { return one.set(to, v) }}
		c.Flags().VarP(value, name, letters[one.name], one.help)
	}
	none := func() string { return "" }
	list := func(kind, name, letter, help string, add func(string) error) {
		c.Flags().VarP(flagValue{kind, none, add}, name, letter, help)
	}
	list("letters", "sampling-seq", "", "the steps and their order, a letter each (default edskypmxt)", to.setLetters)
	list("id±bias", "logit-bias", "l", "add to the logit of a token, 15043+1 or 15043-1; 15043-inf forbids it (can be given again)", to.addBias)
	list("text", "dry-sequence-breaker", "", "DRY: a text that no repetition goes beyond, in place of \\n : \" and *; none: there is none (can be given again)", to.breakersAdder())
}

func (s *settings) setLetters(v string) error {
	order, err := sampler.ParseLetters(v)
	s.sampling.Order = stepNames(order)
	return err
}

// addBias reads ID+BIAS, ID-BIAS or ID-inf, as llama.cpp's programs do.
func (s *settings) addBias(v string) error {
	at := strings.IndexAny(v, "+-")
	if at < 1 {
		return fmt.Errorf("%q: write a token, a sign and a number: 15043+1.5", v)
	}
	token, err := strconv.ParseInt(v[:at], 10, 32)
	if err != nil {
		return fmt.Errorf("%q is not the number of a token", v[:at])
	}
	if v[at:] == "-inf" {
		s.sampling.Forbid = append(s.sampling.Forbid, int32(token))
		return nil
	}
	bias, err := strconv.ParseFloat(v[at:], 64)
	if err != nil || math.IsInf(bias, 0) || math.IsNaN(bias) {
		return fmt.Errorf("%q is not a number", v[at:])
	}
	s.sampling.Bias = append(s.sampling.Bias, llm.TokenBias{Token: int32(token), Bias: bias})
	return nil
}

// breakersAdder adds breakers; the first one takes the place of the default ones.
func (s *settings) breakersAdder() func(string) error {
	given := false
	return func(v string) error {
		if !given || v == "none" {
			s.sampling.DRY.Breakers = []string{}
			given = true
		}
		if v != "none" {
			s.sampling.DRY.Breakers = append(s.sampling.DRY.Breakers, strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\\`, `\`).Replace(v))
		}
		return nil
	}
}

var _ pflag.Value = flagValue{}
