package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// completeLine completes commands, settings and file names of a chat. pos counts
// characters. A line that is no command has nothing to complete.
func completeLine(line string, pos int) (head string, completions []string, tail string) {
	runes := []rune(line)
	before, tail := string(runes[:pos]), string(runes[pos:])
	if !strings.HasPrefix(before, "/") {
		return before, nil, tail
	}
	name, argument, isArgument := strings.Cut(before, " ")
	if !isArgument {
		return "", startingWith(before, commandNames(), " "), tail
	}
	c, err := commandNamed(name)
	if err != nil || c.complete == nil {
		return before, nil, tail
	}
	return name + " ", c.complete(argument), tail
}

// startingWith are the names that begin with a prefix; one alone is given an end.
func startingWith(prefix string, names []string, end string) (list []string) {
	for _, name := range names {
		if strings.HasPrefix(name, prefix) {
			list = append(list, name)
		}
	}
	if len(list) == 1 {
		list[0] += end
	}
	return list
}

func completeSetting(argument string) (list []string) {
	name, value, isValue := strings.Cut(argument, " ")
	if !isValue {
		return startingWith(name, append(settingNames(), "system"), " ")
	}
	one, _ := settingNamed(name)
	for _, v := range startingWith(value, one.values, "") {
		list = append(list, name+" "+v)
	}
	return list
}

// mostFiles is how many file names are offered: the list must fit a screen.
const mostFiles = 100

func completeFile(argument string) (list []string) {
	dir, base := filepath.Split(argument)
	entries, err := os.ReadDir(filepath.Clean("./" + dir))
	if filepath.IsAbs(dir) || strings.HasPrefix(dir, "~/") {
		entries, err = os.ReadDir(expandHome(dir))
	}
	if err != nil {
		return nil
	}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, base) || base == "" && strings.HasPrefix(name, ".") || slices.ContainsFunc([]rune(name), isCommand) {
			continue
		}
		if info, err := os.Stat(filepath.Join(expandHome(dir), name)); err == nil && info.IsDir() {
			name += "/"
		}
		if list = append(list, dir+name); len(list) == mostFiles {
			break
		}
	}
	return list
}
