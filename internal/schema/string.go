package schema

import (
	"strconv"
)

var formats = map[string]bool{
	"date": true, "time": true, "date-time": true,
	"uuid": true, "uuid1": true, "uuid2": true, "uuid3": true, "uuid4": true, "uuid5": true,
}

// string reads the keywords of strings: a pattern hides a format, and a format hides
// the lengths.
func (c *checker) string(v *value, p place) *Error {
	lo, hi, err := c.bounds(v, p.at, "minLength", "maxLength", MaxLength)
	if err != nil {
		return err
	}
	pattern, format := v.get("pattern"), v.get("format")
	if format != nil {
		switch {
		case format.kind != text:
			return wrong(p.at, "format", "must be a string")
		case !formats[format.text]:
			return wrong(p.at, "format", "%q is not known to the converter, which knows date, time, date-time and uuid; use pattern, or take it out and check the reply", format.text)
		case pattern != nil:
			return wrong(p.at, "format", "has no effect beside pattern; keep one of them")
		}
	}
	if (pattern != nil || format != nil) && (lo >= 0 || hi >= 0) {
		return wrong(p.at, "minLength", "minLength and maxLength have no effect beside pattern or format; put {min,max} into the pattern")
	}
	if pattern != nil {
		return c.pattern(pattern, p)
	}
	if format != nil && format.text == "date-time" {
		if c.dateTimeTaken != "" {
			return wrong(c.dateTimeTaken, "", "the converter needs the name date-time for itself; rename the property")
		}
		c.dateTime = true
	}
	return nil
}

func (c *checker) pattern(pattern *value, p place) *Error {
	if pattern.kind != text {
		return wrong(p.at, "pattern", "must be a string")
	}
	if c.patterns++; c.patterns > MaxPatterns {
		return wrong(p.at, "pattern", "more than %d patterns; split the schema", MaxPatterns)
	}
	parser, err := parsePattern(pattern.text)
	if err != nil {
		return wrong(p.at, "pattern", "%v", err)
	}
	for i := range parser.braces {
		c.names[ruleName(p.in("", strconv.Itoa(i)).name)] = true
	}
	return c.repeat(p.at, "pattern", parser.repetitions)
}
