package main

import (
	"bytes"
	"os"
	"strings"
	"sync/atomic"
)

// Within a line that is edited, these stand for what would end the line or ask for a
// completion.
const (
	newlineSign = "␤"
	tabSign     = "␉"
)

var (
	pasteStart = []byte("\x1b[200~")
	pasteEnd   = []byte("\x1b[201~")
	altEnter   = []byte("\x1b\r")
)

const ctrlC = 3

// keyFilter turns what a terminal sends into keys for the line editor, which knows
// no bracketed paste: a pasted text becomes part of the line, its newlines and tabs
// as signs. Alt-Enter is a newline too.
type keyFilter struct {
	paste   func(text string) string // what is put into the line for a pasted text
	rest    []byte                   // the beginning of a sequence
	pasting bool
	pasted  []byte
}

// feed takes what was read and returns the keys in it.
func (f *keyFilter) feed(b []byte) (keys []byte) {
	b = append(f.rest, b...)
	f.rest = nil
	for len(b) > 0 {
		if f.pasting {
			b = f.inPaste(b, &keys)
			continue
		}
		i := bytes.IndexByte(b, 0x1b)
		if i < 0 {
			return append(keys, b...)
		}
		keys, b = append(keys, b[:i]...), b[i:]
		switch {
		case bytes.HasPrefix(b, pasteStart):
			f.pasting, b = true, b[len(pasteStart):]
		case bytes.HasPrefix(b, altEnter):
			keys, b = append(keys, newlineSign...), b[len(altEnter):]
		case len(b) > 1 && bytes.HasPrefix(pasteStart, b): // Escape alone is a key
			f.rest = b
			return keys
		default:
			keys, b = append(keys, b[0]), b[1:]
		}
	}
	return keys
}

// inPaste collects a pasted text up to its end. Ctrl-C gives it up: a terminal that
// forgot the end would hold the keyboard for ever.
func (f *keyFilter) inPaste(b []byte, keys *[]byte) (rest []byte) {
	f.pasted = append(f.pasted, b...)
	if i := bytes.Index(f.pasted, pasteEnd); i >= 0 {
		rest = bytes.Clone(f.pasted[i+len(pasteEnd):])
		*keys = append(*keys, f.paste(plainText(f.pasted[:i]))...)
		f.pasting, f.pasted = false, nil
		return rest
	}
	if i := bytes.IndexByte(f.pasted, ctrlC); i >= 0 {
		rest = bytes.Clone(f.pasted[i:])
		f.pasting, f.pasted = false, nil
	}
	return rest
}

// plainText is a pasted text with \n as its newline and without control characters.
func plainText(b []byte) string {
	s := strings.ReplaceAll(strings.ToValidUTF8(string(b), "\ufffd"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case isCommand(r):
			return -1
		}
		return r
	}, s)
}

// oneLineSigns puts a text on one line, textOfSigns gives it back.
func oneLineSigns(text string) string {
	return strings.NewReplacer("\n", newlineSign, "\t", tabSign).Replace(text)
}

func textOfSigns(line string) string {
	return strings.NewReplacer(newlineSign, "\n", tabSign, "\t").Replace(line)
}

// keyPump moves keys from the terminal to the line editor: while a prompt is open,
// up to the key that ends it, so that what is typed ahead waits for its prompt, or
// for the program that comes next.
type keyPump struct {
	from    *os.File
	to      *os.File
	filter  keyFilter
	wanted  chan struct{} // a prompt is open
	pressed atomic.Bool   // since then a key was pressed besides Ctrl-C
}

func (p *keyPump) open() {
	p.pressed.Store(false)
	select {
	case p.wanted <- struct{}{}:
	default:
	}
}

func (p *keyPump) run() {
	defer p.to.Close()
	var keys []byte
	buffer := make([]byte, 4096)
	for range p.wanted {
		for done := false; !done; {
			if len(keys) == 0 {
				n, err := p.from.Read(buffer)
				if err != nil || n == 0 {
					return
				}
				keys = p.filter.feed(buffer[:n])
			}
			end := bytes.IndexAny(keys, "\r\n\x03") + 1
			if done = end > 0; !done {
				end = len(keys)
			}
			if string(keys[:end]) != string(rune(ctrlC)) {
				p.pressed.Store(true)
			}
			if done && keys[end-1] == '\r' {
				keys[end-1] = '\n' // where the screen is too narrow for liner, it wants this one
			}
			if _, err := p.to.Write(keys[:end]); err != nil {
				return
			}
			keys = keys[end:]
		}
	}
}
