package main

import (
	"encoding/json"
	"io"
)

// report prints what a command found, as JSON or as a screen, and fails when it is not good.
func (a *app) report(found any, asJSON bool, screen func(style) string, good bool) error {
	var err error
	if asJSON {
		e := json.NewEncoder(a.out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		err = e.Encode(found)
	} else {
		_, err = io.WriteString(a.out, screen(styleOf(a.out)))
	}
	if err == nil && !good {
		err = errReported
	}
	return err
}
