package report

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"github.com/seed-f87006eb/llm/internal/bench/record"
)

// clean is a copy of a record in which each text is one line without what a terminal would obey
// or what turns the direction of writing: names come from files of strangers.
func clean(r *record.Record) *record.Record {
	text, err := json.Marshal(r)
	var c record.Record
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil { // it has a number that is none, which Check refuses
		return &record.Record{Choice: record.Choice{Sentence: fmt.Sprint(err)}}
	}
	cleanValue(&c)
	return &c
}

// cleanValue cleans all texts behind a pointer.
func cleanValue(to any) { cleanTexts(reflect.ValueOf(to).Elem()) }

func cleanTexts(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(printable(v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			cleanTexts(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			cleanTexts(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				cleanTexts(v.Field(i))
			}
		}
	}
}

// printable is a text on one line. What cannot be seen is shown as such.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r) || unicode.Is(unicode.Bidi_Control, r):
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(text, string(unicode.ReplacementChar)))
}
