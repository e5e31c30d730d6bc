package testplan

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/plan"
)

// TestEstimateOfDamage: whatever is missing of a model, or is of another size, ends nothing.
func TestEstimateOfDamage(t *testing.T) {
	files, err := TinyFiles()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		file, err := gguf.Open(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		for k := range 40 {
			tensors := slices.Clone(file.Tensors)
			damageTensors(tensors, k)
			tensors = slices.DeleteFunc(tensors, func(g gguf.Tensor) bool { return len(g.Dims) == 0 })
			survives(t, file, tensors, k, nil)
		}
		for k := range 100 {
			survives(t, file, file.Tensors, k, func(h *gguf.Hyper) { damageNumber(reflect.ValueOf(h).Elem(), &k) })
		}
		file.Close()
	}
}

// damageTensors changes the tensors of the k-th kind in all layers.
func damageTensors(tensors []gguf.Tensor, k int) {
	kind := func(name string) string { return strings.TrimLeft(name, "blk.0123456789") }
	which := kind(tensors[k*len(tensors)/40].Name)
	for i, g := range tensors {
		if kind(g.Name) != which {
			continue
		}
		d := slices.Clone(g.Dims)
		switch k % 4 {
		case 0:
			d = nil
		case 1:
			d[i%len(d)] = 1
		case 2:
			d[i%len(d)] = 1 << 40
		case 3:
			d[i%len(d)] += 33
		}
		tensors[i].Dims = d
	}
}

// damageNumber changes the k-th number of a structure, and counts k down.
func damageNumber(v reflect.Value, k *int) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			damageNumber(v.Field(i), k)
		}
	case reflect.Slice:
		if v.Len() > 0 {
			damageNumber(v.Index(v.Len()-1), k)
		}
	case reflect.Int:
		if *k == 0 {
			v.SetInt([]int64{0, 1, 7, 1 << 20}[v.Int()&3])
		}
		*k--
	case reflect.Bool:
		if *k == 0 {
			v.SetBool(!v.Bool())
		}
		*k--
	}
}

func survives(t *testing.T, file *gguf.File, tensors []gguf.Tensor, k int, damage func(*gguf.Hyper)) {
	h, err := file.Hyper()
	if err != nil {
		t.Fatal(err)
	}
	if damage != nil {
		damage(h)
	}
	r := plan.DefaultRequest()
	r.Context = 4096
	if k%3 == 0 {
		r.KeyType, r.ValueType = gguf.Q8_0, gguf.Q8_0
	}
	if k%5 == 0 {
		r.FlashAttention = plan.FlashAttentionOff
	}
	s := Settings()[k%len(Settings())]
	r.Outputs = s.Outputs
	_, _ = plan.NewEstimator(h, tensors, plan.RepackNone).Measure(t.Context(), s.Devices, r)
}
