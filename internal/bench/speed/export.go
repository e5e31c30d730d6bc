package speed

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Formats are the names that Write knows; table is for terminals.
var Formats = []string{"table", "md", "csv", "json", "jsonl"}

// Write writes the result in a format of Formats.
func (r *Result) Write(w io.Writer, format string) error {
	switch format {
	case "table":
		_, err := io.WriteString(w, r.Table())
		return err
	case "md":
		_, err := io.WriteString(w, r.Markdown())
		return err
	case "csv":
		return r.writeCSV(w)
	case "json":
		e := encoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	case "jsonl":
		e := encoder(w)
		for i := range r.Rows {
			if err := e.Encode(r.line(&r.Rows[i])); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("%q is none of the formats %s", format, strings.Join(Formats, ", "))
}

func encoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

// line is a row with what llama-bench repeats in each.
type line struct {
	Commit   string `json:"build_commit"`
	CPU      string `json:"cpu_info"`
	Devices  string `json:"gpu_info"`
	Backends string `json:"backends"`
	*Row
}

func (r *Result) line(row *Row) line {
	return line{r.Build.Tree, r.System.CPU, strings.Join(r.System.Devices, ", "), r.Build.Backend, row}
}

// writeCSV writes a table with all fields that are one value. What is not known is empty.
func (r *Result) writeCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	fields := scalars(reflect.TypeFor[line](), nil)
	var names []string
	for _, f := range fields {
		names = append(names, f.name)
	}
	out.Write(names)
	for i := range r.Rows {
		v := reflect.ValueOf(r.line(&r.Rows[i]))
		var values []string
		for _, f := range fields {
			values = append(values, scalar(v, f))
		}
		out.Write(values)
	}
	out.Flush()
	return out.Error()
}

// field is one value of a struct with those that are embedded in it.
type field struct {
	name     string
	index    []int
	optional bool // 0 stands for what is not known
}

func scalars(t reflect.Type, before []int) (fields []field) {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(append([]int(nil), before...), i)
		kind := f.Type
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		switch name, options, _ := strings.Cut(f.Tag.Get("json"), ","); {
		case f.Anonymous:
			fields = append(fields, scalars(kind, index)...)
		case kind.Kind() != reflect.Slice && kind.Kind() != reflect.Struct:
			fields = append(fields, field{name, index, options == "omitempty"})
		}
	}
	return fields
}

// scalar is the text of a value; empty behind a nil pointer.
func scalar(v reflect.Value, f field) string {
	for _, i := range f.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return ""
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	} else if f.optional && v.IsZero() {
		return ""
	}
	return fmt.Sprint(v.Interface())
}
