package gguf

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// TestParseValue: texts of each kind are the values that Go has for them.
func TestParseValue(t *testing.T) {
	for _, c := range []struct {
		kind, text string
		want       any // a string in an error, or a value
	}{
		{"u8", "255", uint8(255)},
		{"u8", "256", errors.New(`"256" is no number of type u8`)},
		{"i8", "-128", int8(-128)},
		{"i8", "128", errors.New("no number of type i8")},
		{"u16", "65535", uint16(65535)},
		{"i16", "-1", int16(-1)},
		{"u32", "4294967295", uint32(1<<32 - 1)},
		{"u32", "-1", errors.New("no number of type u32")},
		{"u32", "1.5", errors.New("no number of type u32")},
		{"i32", "-2147483648", int32(-1 << 31)},
		{"u64", "18446744073709551615", uint64(1<<64 - 1)},
		{"i64", "-9223372036854775808", int64(-1 << 63)},
		{"f32", "1e-5", float32(1e-5)},
		{"f32", "1e39", errors.New("no number of type f32")},
		{"f64", "1e39", 1e39},
		{"bool", "true", true},
		{"bool", "false", false},
		{"bool", "1", errors.New(`"1" is neither true nor false`)},
		{"str", "", ""},
		{"str", "[1]", "[1]"},
		{"arr:str", `["a","\u00e9"]`, []string{"a", "é"}},
		{"arr:str", `[1]`, errors.New("no JSON array of texts")},
		{"arr:str", `a`, errors.New("no JSON array of texts")},
		{"arr:u8", ` [1, 2]`, []uint8{1, 2}},
		{"arr:u8", `[1, 300]`, errors.New("element 1: ")},
		{"arr:i32", `[]`, []int32{}},
		{"arr:i32", `[1`, errors.New("no JSON array")},
		{"arr:f32", `[1, 2.5]`, []float32{1, 2.5}},
		{"arr:bool", `[true]`, []bool{true}},
		{"u33", "", errors.New(`there is no type "u33": it must be one of u8 `)},
		{"arr", "", errors.New("there is no type")},
		{"arr:arr", "", errors.New("there is no type")},
	} {
		k, err := ParseValueType(c.kind)
		var v Value
		if err == nil {
			v, err = ParseValue(c.text, k)
		}
		if want, ok := c.want.(error); ok {
			if err == nil || !strings.Contains(err.Error(), want.Error()) {
				t.Errorf("%s %s: %v, want %v", c.kind, c.text, err, want)
			}
			continue
		}
		want, _ := NewValue(c.want)
		if same, _ := v.Equal(want); err != nil || !same || k.String() != c.kind {
			t.Errorf("%s %s: %v, %v", c.kind, c.text, v, err)
		}
	}
}

func TestGuessValueType(t *testing.T) {
	for text, want := range map[string]string{
		"true": "bool", "True": "str", "0": "u32", "4294967296": "u64", "-1": "i32", "-2147483649": "i64",
		"18446744073709551616": "f32", "1.5": "f32", "1e-5": "f32", "0x10": "str", "1_000": "str", "nan": "str", "inf": "str", "": "str",
		"hello": "str", "[": "str", "[]": "str", "[1,2]": "arr:i32", "[1,2.5]": "arr:f32", "[2.5,1]": "arr:f32",
		`["a"]`: "arr:str", `["a",1]`: "str", "[true]": "arr:bool", "[null]": "str", "[[1]]": "str", "[4294967295]": "arr:u32", `{"a":1}`: "str",
	} {
		k := GuessValueType(text)
		if k.String() != want {
			t.Errorf("%s: %v, want %s", text, k, want)
		}
		if _, err := ParseValue(text, k); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestKeyValueType(t *testing.T) {
	for key, want := range map[string]string{
		"general.name": "str", "general.file_type": "u32", "general.tags": "arr:str", "general.base_model.count": "u32",
		"general.base_model.0.name": "str", "general.sampling.temp": "f32", "general.sampling.top_k": "i32",
		"tokenizer.chat_template": "str", "tokenizer.chat_template.tool_use": "str", "tokenizer.ggml.bos_token_id": "u32",
		"tokenizer.ggml.add_bos_token": "bool", "llama.rope.freq_base": "f32", "gemma3.attention.sliding_window": "u32",
		"llama.attention.layer_norm_rms_epsilon": "f32", "qwen2.rope.scaling.factor": "f32", "qwen2.rope.scaling.original_context_length": "u32",
		"split.no": "u16", "split.tensors.count": "i32", "my.own.key": "", "llama.attention.head_count": "u32", "alone": "",
	} {
		v, ok := KeyValueType(key, false)
		if ok != (want != "") || ok && v.String() != want {
			t.Errorf("%s: %v, %v", key, v, ok)
		}
	}
	if v, ok := KeyValueType("llama.attention.head_count", true); !ok || v.String() != "arr:u32" {
		t.Errorf("head counts: %v, %v", v, ok)
	}
	for _, path := range []string{testmodel.SmolLM2(t), testmodel.Gemma3(t)} {
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for _, k := range f.Keys {
			if v, ok := KeyValueType(k.Name, k.Type == Array); ok && !v.Is(k.ValueType()) {
				t.Errorf("%s is %v, not %v", k.Name, k.ValueType(), v)
			}
		}
	}
}
