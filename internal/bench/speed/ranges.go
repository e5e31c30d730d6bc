package speed

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// maxValues is how many values one list may have.
const maxValues = 1000

// RangeError is a list of numbers that cannot be read.
type RangeError struct {
	Text   string
	At     int // byte in Text
	Reason string
}

func (e *RangeError) Error() string {
	return fmt.Sprintf("%q, at character %d: %s; write numbers such as 512, 128,256 or ranges first-last, first-last+step, first-last*factor",
		e.Text, len([]rune(e.Text[:e.At]))+1, e.Reason)
}

// ParseRange reads numbers divided by commas, and ranges of them: 1-4, 128-512+128, 1-64*2.
// Numbers are at least lowest, which may be negative; ends of ranges are not.
func ParseRange(text string, lowest int) (values []int, err error) {
	r := &rangeReader{text: text, lowest: lowest}
	for {
		if values, err = r.item(values); err != nil {
			return nil, err
		}
		if r.at == len(text) {
			return values, nil
		}
		if !r.take(',') {
			return nil, r.fail(r.at, "%q is not expected", r.next())
		}
	}
}

type rangeReader struct {
	text   string
	at     int
	lowest int
}

func (r *rangeReader) fail(at int, format string, args ...any) error {
	return &RangeError{Text: r.text, At: at, Reason: fmt.Sprintf(format, args...)}
}

// next is the character at the place, for messages.
func (r *rangeReader) next() string {
	for _, c := range r.text[r.at:] {
		return string(c)
	}
	return ""
}

func (r *rangeReader) take(c byte) bool {
	if r.at < len(r.text) && r.text[r.at] == c {
		r.at++
		return true
	}
	return false
}

// number reads one of at least lowest.
func (r *rangeReader) number(lowest int) (int, error) {
	begin := r.at
	if lowest < 0 {
		r.take('-')
	}
	for r.at < len(r.text) && r.text[r.at] >= '0' && r.text[r.at] <= '9' {
		r.at++
	}
	digits := r.text[begin:r.at]
	if strings.Trim(digits, "-") == "" {
		r.at = begin
		if r.at == len(r.text) {
			return 0, r.fail(begin, "a number is missing")
		}
		return 0, r.fail(begin, "%q is not a number", r.next())
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n > math.MaxInt32 {
		return 0, r.fail(begin, "%s is above %d", digits, math.MaxInt32)
	}
	if n < int64(lowest) {
		return 0, r.fail(begin, "%s is below %d", digits, lowest)
	}
	return int(n), nil
}

// item appends a number or a range.
func (r *rangeReader) item(values []int) ([]int, error) {
	begin := r.at
	first, err := r.number(r.lowest)
	if err != nil {
		return nil, err
	}
	last, step, times := first, 1, false
	if r.take('-') {
		at := r.at
		if last, err = r.number(0); err != nil {
			return nil, err
		}
		if last < first {
			return nil, r.fail(at, "the range ends at %d, before its start at %d", last, first)
		}
		if times = r.take('*'); times || r.take('+') {
			at := r.at
			if step, err = r.number(0); err != nil {
				return nil, err
			}
			if times && (step < 2 || first < 1) {
				return nil, r.fail(at, "%d times %d is never more than %d", first, step, first)
			}
			if step < 1 {
				return nil, r.fail(at, "a step of 0 never ends")
			}
		}
	}
	for v := int64(first); v <= int64(last); {
		if len(values) == maxValues {
			return nil, r.fail(begin, "more than %d values", maxValues)
		}
		values = append(values, int(v))
		if times {
			v *= int64(step)
		} else {
			v += int64(step)
		}
	}
	return values, nil
}

// Pair is a prompt with a generation after it, measured together.
type Pair struct{ Prompt, Generation int }

// ParsePair reads PROMPT,GENERATION.
func ParsePair(text string) (p Pair, err error) {
	r := &rangeReader{text: text}
	if p.Prompt, err = r.number(0); err != nil {
		return p, err
	}
	if !r.take(',') {
		return p, r.fail(r.at, "a pair is two numbers with a comma between them, PROMPT,GENERATION")
	}
	if p.Generation, err = r.number(0); err != nil {
		return p, err
	}
	if r.at < len(text) {
		return p, r.fail(r.at, "%q is not expected after the second number of a pair", r.next())
	}
	return p, nil
}
