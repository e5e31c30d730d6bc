package task

import (
	"encoding/json"
	"regexp"
)

// read reads the check of a case, and the schema that it has, if any.
func (c *Check) read(n *node) (json.RawMessage, error) {
	o, err := asObject(n, "a check", "exact", "regex", "number", "tolerance", "json_schema", "fields", "words")
	if err != nil {
		return nil, err
	}
	kind := ""
	for _, name := range []string{"exact", "regex", "number", "json_schema", "words"} {
		m, ok := o.fields[name]
		if ok && kind != "" {
			return nil, wrongAt(m.at, "a check has one of exact, regex, number, json_schema and words, not %s and %s", kind, name)
		}
		if ok {
			kind = name
		}
	}
	if kind == "" {
		return nil, wrongAt(n.at, "a check needs one of exact, regex, number, json_schema and words")
	}
	if m, ok := o.fields["tolerance"]; ok && kind != "number" {
		return nil, wrongAt(m.at, "\"tolerance\" goes with \"number\"")
	}
	if m, ok := o.fields["fields"]; ok && kind != "json_schema" {
		return nil, wrongAt(m.at, "\"fields\" goes with \"json_schema\"")
	}
	switch kind {
	case "exact":
		return nil, c.readExact(o)
	case "regex":
		return nil, c.readRegex(o)
	case "number":
		return nil, c.readNumber(o)
	case "words":
		return nil, c.readWords(o.fields["words"].node)
	}
	return c.readSchema(o)
}

func (c *Check) readExact(o *object) error {
	texts, err := o.texts("exact")
	if err != nil {
		return err
	}
	for _, t := range texts {
		if Normalize(t) == "" {
			return wrongAt(o.place("exact"), "nothing of the text \"exact\" counts; see how answers are normalised")
		}
	}
	*c = Exact(texts...)
	return nil
}

func (c *Check) readRegex(o *object) error {
	text, err := o.text("regex", maxRegex)
	if err != nil {
		return err
	}
	r, err := regexp.Compile(*text)
	if err != nil {
		return wrongAt(o.place("regex"), "the expression cannot be used: %v (RE2, without look-around and back references)", err)
	}
	*c = Regex(r)
	return nil
}

func (c *Check) readNumber(o *object) error {
	want, err := o.number("number")
	if err != nil {
		return err
	}
	tolerance, err := o.number("tolerance")
	if err != nil {
		return err
	}
	if tolerance == nil {
		tolerance = new(float64)
	}
	if *tolerance < 0 {
		return wrongAt(o.place("tolerance"), "\"tolerance\" is 0 or more")
	}
	*c = Number(*want, *tolerance)
	return nil
}

func (c *Check) readSchema(o *object) (json.RawMessage, error) {
	schema := json.RawMessage(o.fields["json_schema"].node.raw) // as it stands: a grammar keeps the order of properties
	if len(schema) > maxSchema {
		return nil, wrongAt(o.place("json_schema"), "the schema may have %d bytes", maxSchema)
	}
	var fields map[string]any
	if m, ok := o.fields["fields"]; ok {
		if fields, ok = m.node.plain().(map[string]any); !ok {
			return nil, wrongAt(m.node.at, "\"fields\" is an object, not %s", m.node.what())
		}
	}
	made, err := JSON(schema, fields)
	if err != nil {
		return nil, wrongAt(o.place("json_schema"), "%v", err)
	}
	*c = made
	return schema, nil
}

func (c *Check) readWords(n *node) error {
	o, err := asObject(n, "\"words\"", "exactly", "at_least", "at_most", "starts_with", "ends_with", "contains", "omits", "omits_letters", "upper", "lower")
	if err != nil {
		return err
	}
	if len(o.fields) == 0 {
		return wrongAt(n.at, "\"words\" needs a constraint")
	}
	var w Words
	if err := w.readCounts(o); err != nil {
		return err
	}
	if err := w.readTexts(o); err != nil {
		return err
	}
	if w.AtMost > 0 && w.AtLeast > w.AtMost || w.Exactly > 0 && (w.AtLeast > w.Exactly || w.AtMost > 0 && w.AtMost < w.Exactly) || w.Upper && w.Lower {
		return wrongAt(n.at, "no answer can keep to these constraints")
	}
	*c = Constraints(w)
	return nil
}

func (w *Words) readCounts(o *object) (err error) {
	if w.Exactly, err = o.count("exactly", maxTokens); err != nil {
		return err
	}
	if w.AtLeast, err = o.count("at_least", maxTokens); err != nil {
		return err
	}
	if w.AtMost, err = o.count("at_most", maxTokens); err != nil {
		return err
	}
	if w.Upper, err = o.flag("upper"); err != nil {
		return err
	}
	w.Lower, err = o.flag("lower")
	return err
}

func (w *Words) readTexts(o *object) (err error) {
	if w.Contains, err = o.phrases("contains"); err != nil {
		return err
	}
	if w.Omits, err = o.phrases("omits"); err != nil {
		return err
	}
	if w.StartsWith, err = o.phrase("starts_with"); err != nil {
		return err
	}
	if w.EndsWith, err = o.phrase("ends_with"); err != nil {
		return err
	}
	w.OmitsLetters, err = o.phrase("omits_letters")
	return err
}

// phrases is a field of texts with words in them; nil if it is not there.
func (o *object) phrases(name string) ([]string, error) {
	all, err := o.texts(name)
	for _, s := range all {
		if len(wordsOf(s)) == 0 {
			return nil, wrongAt(o.place(name), "%q has a text without a letter or digit", name)
		}
	}
	return all, err
}

// phrase is a field that is such a text; "" if it is not there.
func (o *object) phrase(name string) (string, error) {
	s, err := o.text(name, maxLine)
	switch {
	case err != nil || s == nil:
		return "", err
	case len(wordsOf(*s)) == 0:
		return "", wrongAt(o.place(name), "%q has no letter or digit", name)
	}
	return *s, nil
}
