package main

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/seed-f87006eb/llm"
)

// runFlags are the flags of llm run as they were typed.
type runFlags struct {
	loadFlags

	prompt, file, system, resume string
	raw, json, verbose           bool
	templateFile                 string
	chosen                       settings
	noThink                      bool

	keep, logprobs                           int64
	stops                                    []string
	ignoreEOG                                bool
	overflow                                 string
	grammar, grammarFile, schema, schemaFile string
}

func (f *runFlags) register(c *cobra.Command) {
	f.loadFlags.register(c)
	s := c.Flags()
	s.StringVarP(&f.prompt, "prompt", "p", "", "the prompt")
	s.StringVarP(&f.file, "file", "f", "", "read the prompt from a file")
	s.StringVar(&f.system, "system-prompt", "", "system message (-sys)")
	s.StringVar(&f.resume, "resume", "", "go on with the chat saved in this file, if it is there, and save it at the end")
	s.BoolVar(&f.raw, "no-chat", false, "complete the prompt as it is, without the model's chat template")
	s.StringVar(&f.templateFile, "chat-template-file", "", "use the jinja chat template in this file")
	s.BoolVar(&f.noThink, "no-think", false, "the same as --think off")
	s.BoolVar(&f.json, "json", false, "print one JSON object an event")
	s.BoolVarP(&f.verbose, "verbose", "v", false, "print times, speed and memory at the end")

	f.chosen = defaultSettings()
	registerSettings(c, &f.chosen)
	s.StringArrayVarP(&f.stops, "stop", "r", nil, "end the reply before this text (can be given again)")
	s.BoolVar(&f.ignoreEOG, "ignore-eos", false, "go on after the model ended its reply")
	s.StringVar(&f.grammar, "grammar", "", "make the reply match this grammar (GBNF)")
	s.StringVar(&f.grammarFile, "grammar-file", "", "make the reply match the grammar in this file")
	s.StringVarP(&f.schema, "json-schema", "j", "", "make the reply JSON that matches this JSON schema")
	s.StringVar(&f.schemaFile, "json-schema-file", "", "make the reply match the JSON schema in this file (-jf)")
	s.Int64Var(&f.logprobs, "logprobs", 0, "print the probability of each token, and of the N likeliest at its place")
	f.registerEngine(c)
	s.StringVar(&f.overflow, "context-policy", "error", "when the context is too small: error, shift or truncate-middle")
	s.Int64Var(&f.keep, "keep", -1, "tokens at the start that survive; -1: BOS and the system message")
}

// openOptions reads the flags that say how the model is loaded.
func (f *runFlags) openOptions() ([]llm.Option, error) {
	options, err := f.loadFlags.options()
	if err != nil || f.templateFile == "" {
		return options, err
	}
	source, err := readFlagFile("chat-template-file", f.templateFile)
	return append(options, llm.ChatTemplate(source)), err
}

// settings reads the flags that a chat can change.
func (f *runFlags) settings() (settings, error) {
	s := f.chosen
	if f.noThink {
		if f.set.Changed("think") && s.think != thinkOff {
			return settings{}, usagef("--no-think and --think %s: give one of them", s.think)
		}
		s.think = thinkOff
	}
	if f.set.Changed("samplers") && f.set.Changed("sampling-seq") {
		return settings{}, usagef("--samplers and --sampling-seq: give one of them")
	}
	if err := validate(s.options()); err != nil {
		return s, usageError{err}
	}
	return s, nil
}

// given tells whether a setting was named on the command line.
func (f *runFlags) given(setting string) bool {
	if setting == "n" {
		setting = "predict"
	}
	return f.set.Changed(setting) || setting == "think" && f.noThink
}

// fixedOptions reads the flags that say how a reply is made, and that no command
// changes.
func (f *runFlags) fixedOptions() ([]llm.RequestOption, error) {
	err := errors.Join(
		inRange("keep", f.keep, -1, math.MaxInt32),
		inRange("logprobs", f.logprobs, 0, math.MaxInt32),
		oneOf("context-policy", f.overflow, string(llm.OverflowError), string(llm.OverflowShift), string(llm.OverflowTruncateMiddle)),
	)
	switch {
	case err != nil:
		return nil, err
	case slices.Contains(f.stops, ""):
		return nil, usagef("--stop: it is empty")
	}
	options := []llm.RequestOption{
		llm.StopAt(f.stops...),
		llm.OnOverflow(llm.Overflow(f.overflow), int(f.keep)),
	}
	if f.ignoreEOG {
		options = append(options, llm.IgnoreEOG())
	}
	switch {
	case f.logprobs > 0:
		options = append(options, llm.Logprobs(int(f.logprobs)))
	case f.set.Changed("logprobs"):
		options = append(options, llm.Logprobs(-1))
	}
	if options, err = f.constraint(options); err != nil {
		return nil, err
	}
	if err := validate(options); err != nil {
		return nil, usageError{err}
	}
	return options, nil
}

// constraint reads what the reply must match.
func (f *runFlags) constraint(options []llm.RequestOption) ([]llm.RequestOption, error) {
	var given []string
	for _, name := range []string{"grammar", "grammar-file", "json-schema", "json-schema-file"} {
		if f.set.Changed(name) {
			given = append(given, name)
		}
	}
	if len(given) == 0 {
		return options, nil
	}
	name := given[0]
	text := f.grammar + f.schema
	var err error
	switch {
	case len(given) > 1:
		return nil, usagef("--%s and --%s: a reply can be held to one of them", name, given[1])
	case f.grammarFile != "":
		text, err = readFlagFile(name, f.grammarFile)
	case f.schemaFile != "":
		text, err = readFlagFile(name, f.schemaFile)
	}
	switch {
	case err != nil:
		return nil, err
	case text == "":
		return nil, usagef("--%s: it is empty", name)
	case name == "grammar" || name == "grammar-file":
		return append(options, llm.Grammar(text)), nil
	case !json.Valid([]byte(text)):
		return nil, usagef("--%s: it is not JSON", name)
	}
	return append(options, llm.Schema(json.RawMessage(text))), nil
}

// readFlagFile reads the file that a flag names.
func readFlagFile(flag, path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", usagef("--%s: %w", flag, err)
	}
	return string(b), nil
}

// inRange checks the value of a flag.
func inRange(flag string, v, low, high int64) error {
	if v < low || v > high {
		return usagef("--%s %d: it must be from %d to %d", flag, v, low, high)
	}
	return nil
}

func oneOf(flag, v string, values ...string) error {
	if !slices.Contains(values, v) {
		return usagef("--%s %s: it must be one of %v", flag, v, values)
	}
	return nil
}
