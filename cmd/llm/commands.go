package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/seed-f87006eb/llm"
)

// chatCommand is one of the chat: its name, what stands after it, its help, how that is
// completed, and what it does.
type chatCommand struct {
	name, alias string
	arguments   string
	help        string
	complete    func(argument string) []string // the whole argument, longer
	run         func(r *repl, argument string) error
}

// allCommands is a function because /help shows it.
func allCommands() []chatCommand {
	return []chatCommand{
		{name: "/help", alias: "/?", help: "show this", run: (*repl).help},
		{name: "/set", arguments: "[NAME VALUE]", help: "change a setting, or system; alone: show them", complete: completeSetting, run: (*repl).set},
		{name: "/show", help: "show the model, memory, context and settings", run: (*repl).show},
		{name: "/clear", help: "forget the conversation, not the system message", run: (*repl).clear},
		{name: "/regen", help: "answer the last question anew", run: (*repl).regen},
		{name: "/read", arguments: "FILE", help: "put a file before what is typed next", complete: completeFile, run: (*repl).read},
		{name: "/save", arguments: "FILE", help: "save the chat, with what the model remembers of it", complete: completeFile, run: (*repl).saveTo},
		{name: "/load", arguments: "FILE", help: "go on with a saved chat", complete: completeFile, run: (*repl).loadFrom},
		{name: "/exit", alias: "/bye", help: "leave", run: func(*repl, string) error { return errLeave }},
	}
}

func commandNames() (names []string) {
	for _, c := range allCommands() {
		names = append(names, c.name)
		if c.alias != "" {
			names = append(names, c.alias)
		}
	}
	return names
}

// commandNamed finds a command by its name or its other name.
func commandNamed(name string) (chatCommand, error) {
	all := allCommands()
	i := slices.IndexFunc(all, func(c chatCommand) bool { return name == c.name || name == c.alias })
	if i < 0 {
		return chatCommand{}, fmt.Errorf("there is no command %s%s (to send such a line, begin it with //)", name, nearest(name, commandNames(), ""))
	}
	return all[i], nil
}

func (r *repl) do(in input) error {
	c, err := commandNamed(in.command)
	switch {
	case err != nil:
		return err
	case c.arguments == "" && in.argument != "":
		return fmt.Errorf("%s takes nothing after it", c.name)
	case strings.HasPrefix(c.arguments, "FILE") && in.argument == "":
		return fmt.Errorf("%s needs a file: %s %s", c.name, c.name, c.arguments)
	}
	return c.run(r, in.argument)
}

func (r *repl) help(string) error {
	w := tabwriter.NewWriter(r.err, 0, 0, 2, ' ', 0)
	for _, c := range allCommands() {
		name := strings.TrimSpace(c.name + " " + c.arguments)
		if c.alias != "" {
			name += ", " + c.alias
		}
		fmt.Fprintf(w, "%s\t%s\n", name, c.help)
	}
	fmt.Fprintf(w, "%s\tbegins and ends a text of several lines\n", fence)
	fmt.Fprintf(w, "//TEXT\tsends /TEXT\n")
	fmt.Fprintf(w, "Alt-Enter\tbegins a new line of the text (shown as %s)\n", newlineSign)
	fmt.Fprintf(w, "Ctrl-C\tstops an answer; twice on an empty line: leaves\n")
	fmt.Fprintf(w, "Ctrl-D\tleaves\n")
	fmt.Fprintf(w, "Up, Ctrl-R\tbring back, and find, what was typed before\n")
	return w.Flush()
}

func (r *repl) set(argument string) error {
	name, value, _ := strings.Cut(argument, " ")
	value = strings.TrimSpace(value)
	switch {
	case name == "":
		return r.showSettings()
	case name == "system" && r.raw:
		return errors.New("a system message needs a chat template, and there is none")
	case name == "system":
		r.chat.system = value
		return nil
	case value == "":
		one, ok := settingNamed(name)
		if !ok {
			return r.settings.change(name, "")
		}
		fmt.Fprintf(r.err, "%s %s  (%s)\n", one.name, one.get(&r.settings), one.help)
		return nil
	}
	return r.settings.change(name, value)
}

func (r *repl) showSettings() error {
	w := tabwriter.NewWriter(r.err, 0, 0, 2, ' ', 0)
	for _, one := range allSettings {
		value, help := one.get(&r.settings), one.help
		if len(value) > 20 { // a wide column would push all help aside
			value, help = "", value+"  ("+help+")"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", one.name, value, help)
	}
	if !r.raw {
		fmt.Fprintf(w, "system\t%q\tsystem message\n", r.chat.system)
	}
	return w.Flush()
}

func (r *repl) clear(string) error {
	r.chat.forget()
	r.pending = nil
	return nil
}

func (r *repl) regen(string) error {
	if r.settings.sampling.Temperature == 0 {
		fmt.Fprintln(r.err, "llm: the temperature is 0, so the answer is the same")
	}
	before := r.chat
	question, ok := r.chat.takeBack()
	if !ok {
		return errors.New("there is no question to answer anew")
	}
	err := r.reply(question, llm.Seed(llm.RandomSeed))
	if len(r.chat.messages) < len(before.messages) { // nothing came: the old answer stays
		r.chat.messages = before.messages
	}
	return err
}

func (r *repl) read(path string) error {
	text, err := readFile(expandHome(path))
	if err != nil {
		return err
	}
	if strings.TrimSpace(text) == "" {
		return fmt.Errorf("%s is empty", path)
	}
	r.pending = append(r.pending, text)
	fmt.Fprintf(r.err, "%s: %d lines. They go before what you type next; Enter alone sends them.\n", path, strings.Count(text, "\n")+1)
	return nil
}

func (r *repl) saveTo(path string) error {
	path = expandHome(path)
	return r.busy(func(ctx context.Context) error {
		if err := r.save(ctx, path); err != nil {
			return err
		}
		fmt.Fprintf(r.err, "The chat is saved: %s\n", path)
		return nil
	})
}

func (r *repl) loadFrom(path string) error {
	path = expandHome(path)
	return r.busy(func(ctx context.Context) error {
		if err := r.load(ctx, path, func(string) bool { return false }); err != nil {
			return err
		}
		fmt.Fprintf(r.err, "The chat goes on after %d messages.\n", len(r.chat.messages))
		return nil
	})
}

// expandHome gives ~/ its meaning, which the shell has elsewhere.
func expandHome(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	return path
}
