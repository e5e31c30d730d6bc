package main

import "fmt"

// thinkMode says what becomes of what a model thinks before it answers.
type thinkMode string

const (
	thinkShow thinkMode = "show" // printed
	thinkHide thinkMode = "hide" // left out
	thinkOff  thinkMode = "off"  // the model is asked not to
)

var thinkModes = []string{string(thinkShow), string(thinkHide), string(thinkOff)}

// thoughtPrinter prints thoughts on standard error, grey on a terminal, or a note
// that there are some.
type thoughtPrinter struct {
	*app
	mode   thinkMode
	open   bool // what was written last is a thought, or the note
	hidden bool // some were left out
}

func (p *thoughtPrinter) print(text string) {
	s := styleOf(p.err)
	p.hidden = p.hidden || p.mode == thinkHide
	switch {
	case p.mode != thinkHide:
		fmt.Fprint(p.err, s.dim(s.safe(text)))
		p.open = true
	case s.terminal && !p.open:
		fmt.Fprint(p.err, s.dim("thinking…"))
		p.open = true
	}
}

// end sets what follows off from the thoughts.
func (p *thoughtPrinter) end() {
	if !p.open {
		return
	}
	p.open = false
	if p.mode == thinkHide {
		fmt.Fprint(p.err, styleOf(p.err).erase())
		return
	}
	fmt.Fprint(p.err, "\n\n")
}
