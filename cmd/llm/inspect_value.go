package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/seed-f87006eb/llm/gguf"
)

// printKey prints a value whole: a list one element a line, or all of it as JSON.
func (a *app) printKey(file *gguf.File, key string, asJSON bool) error {
	v, ok := file.Lookup(key)
	if !ok {
		var names []string
		for _, k := range file.Keys {
			if len(k.Name) < 100 && showsAsItIs(k.Name) {
				names = append(names, k.Name)
			}
		}
		return fmt.Errorf("the file has no key %q%s", key, nearest(key, names, ""))
	}
	w := bufio.NewWriter(a.out)
	var err error
	if asJSON {
		err = writeJSON(w, v)
		w.WriteByte('\n')
	} else {
		err = writeLines(w, v, styleOf(a.out))
	}
	if flush := w.Flush(); err == nil {
		err = flush
	}
	return err
}

// each calls back with each element of an array, as something that json knows.
func each(v gguf.Value, yield func(any) error) error {
	switch {
	case v.Elem == gguf.String:
		all, err := v.Strings()
		if err != nil {
			return err
		}
		for _, s := range all.All() {
			if err := yield(s); err != nil {
				return err
			}
		}
		return nil
	case v.Elem == gguf.Array:
		all, err := v.Arrays()
		if err != nil {
			return err
		}
		return eachOf(all, yield)
	case v.Elem == gguf.Float32:
		return eachNumber[float32](v, yield)
	case v.Elem == gguf.Float64:
		return eachNumber[float64](v, yield)
	case v.Elem == gguf.Uint64:
		return eachNumber[uint64](v, yield)
	}
	all, err := v.Ints()
	if err != nil {
		return err
	}
	return eachOf(all, func(n any) error {
		if v.Elem == gguf.Bool {
			n = n != int64(0)
		}
		return yield(n)
	})
}

func eachNumber[T gguf.Number](v gguf.Value, yield func(any) error) error {
	all, err := gguf.Numbers[T](v)
	if err != nil {
		return err
	}
	return eachOf(all, yield)
}

func eachOf[T any](all []T, yield func(any) error) error {
	for _, one := range all {
		if err := yield(one); err != nil {
			return err
		}
	}
	return nil
}

// scalar is a value that is no array, as something that json knows.
func scalar(v gguf.Value) any {
	if text, ok := v.Text(); ok {
		return text
	}
	if b, ok := v.Bool(); ok {
		return b
	}
	if n, ok := v.Uint(); ok {
		return n
	}
	if n, ok := v.Int(); ok {
		return n
	}
	if n, ok := v.Float(); ok {
		if v.Type == gguf.Float32 {
			return float32(n)
		}
		return n
	}
	return nil
}

func writeLines(w io.Writer, v gguf.Value, s style) error {
	if v.Type != gguf.Array {
		_, err := fmt.Fprintln(w, s.safe(fmt.Sprint(scalar(v))))
		return err
	}
	return each(v, func(one any) error {
		if nested, ok := one.(gguf.Value); ok {
			if err := writeJSON(w, nested); err != nil {
				return err
			}
			_, err := io.WriteString(w, "\n")
			return err
		}
		text := fmt.Sprint(one)
		if _, ok := one.(string); ok {
			text = strconv.Quote(text) // a token may be a line break
		}
		_, err := fmt.Fprintln(w, s.safe(text))
		return err
	})
}

// writeJSON writes a value; numbers that JSON has not are texts.
func writeJSON(w io.Writer, v gguf.Value) error {
	if v.Type != gguf.Array {
		return encode(w, scalar(v))
	}
	between := "["
	err := each(v, func(one any) error {
		if _, err := io.WriteString(w, between); err != nil {
			return err
		}
		between = ","
		if nested, ok := one.(gguf.Value); ok {
			return writeJSON(w, nested)
		}
		return encode(w, one)
	})
	if between == "[" {
		between = "[]"
	} else {
		between = "]"
	}
	if err == nil {
		_, err = io.WriteString(w, between)
	}
	return err
}

func encode(w io.Writer, one any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(one); err != nil { // NaN and the infinities
		b.Reset()
		if err := e.Encode(fmt.Sprint(one)); err != nil {
			return err
		}
	}
	_, err := w.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	return err
}
