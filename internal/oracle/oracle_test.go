package oracle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testheader"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/plan"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if n := llama.Live(); n > 0 && code == 0 {
		fmt.Println(n, "handles of the engine are open")
		code = 1
	}
	os.Exit(code)
}

// models are the real ones, by name.
func models(t testing.TB) map[string]string {
	return map[string]string{"SmolLM2": testmodel.SmolLM2(t), "Gemma": testmodel.Gemma3(t)}
}

func header(t testing.TB, path string) *gguf.File {
	t.Helper()
	f, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// open opens an oracle until the test ends.
func open(t testing.TB, path string) *Oracle {
	t.Helper()
	o, err := Open(header(t, path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	})
	return o
}

// request is for a context with caches of this type.
func request(context int, kv gguf.TensorType, flash plan.FlashAttention) plan.Request {
	r := plan.DefaultRequest()
	r.Context, r.KeyType, r.ValueType, r.FlashAttention = context, kv, kv, flash
	return r
}

// requests are a matrix of them.
func requests() (all []plan.Request) {
	for _, context := range []int{512, 4096, 8192} {
		for _, kv := range []gguf.TensorType{gguf.F16, gguf.Q8_0, gguf.Q4_0} {
			for _, flash := range []plan.FlashAttention{plan.FlashAttentionOff, plan.FlashAttentionOn} {
				all = append(all, request(context, kv, flash))
			}
		}
	}
	server := request(4096, gguf.F16, plan.FlashAttentionAuto)
	server.Sequences, server.Unified = 4, true
	apart := server
	apart.Unified, apart.FullWindow = false, true
	embeddings := request(512, gguf.F16, plan.FlashAttentionAuto)
	embeddings.Embeddings = true
	return append(all, server, apart, embeddings)
}

// TestRealLoads: what is planned for the CPU is what the engine takes when it reads the
// weights, and when it maps them.
func TestRealLoads(t *testing.T) {
	for name, path := range models(t) {
		for mode, load := range map[string]llama.LoadMode{"read": llama.LoadRead, "mapped": llama.LoadMmap} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				o := open(t, path)
				p := llama.DefaultModelParams()
				p.LoadMode, p.Placement.Devices = load, []string{llama.NoDevice}
				real, err := llama.LoadModel(path, p)
				if err != nil {
					t.Fatal(err)
				}
				defer real.Close()
				for _, r := range requests() {
					compareReal(t, o, real, r, load == llama.LoadMmap)
				}
			})
		}
	}
}

// compareReal makes the context of a request with the weights in memory.
func compareReal(t *testing.T, o *Oracle, real *llama.Model, r plan.Request, mapped bool) {
	t.Helper()
	got, err := o.Measure(t.Context(), nil, r)
	q, qerr := newQuestion(nil, &r)
	if qerr != nil {
		t.Fatal(qerr)
	}
	want, werr := measure(real, nil, q.context)
	if err != nil || werr != nil {
		if err == nil || werr == nil || err.Error() != werr.Error() {
			t.Errorf("%+v: %v, the engine: %v", r, err, werr)
		}
		return
	}
	if mapped {
		// What is mapped is the file, of which a part was rearranged as well.
		want.Host.Weights, want.Host.Repacked = got.Host.Weights, got.Host.Repacked
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v:\n got %+v\nwant %+v", r, got, want)
	}
}

// TestStripped: the vocabulary makes no difference but to the time.
func TestStripped(t *testing.T) {
	for name, path := range models(t) {
		t.Run(name, func(t *testing.T) {
			f := header(t, path)
			b := make([]byte, f.Parts[0].DataOffset)
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if _, err := file.ReadAt(b, 0); err != nil {
				t.Fatal(err)
			}
			full, err := New(&Header{b, f.Size()})
			if err != nil {
				t.Fatal(err)
			}
			defer full.Close()
			stripped := open(t, path)
			if info, err := stripped.file.file.Stat(); err != nil || info.Size() < f.Size()-f.Parts[0].DataOffset {
				t.Errorf("a header of %d bytes (%v) for a model of %d", info.Size(), err, f.Size())
			}
			for _, r := range requests() {
				got, err := stripped.Measure(t.Context(), nil, r)
				want, werr := full.Measure(t.Context(), nil, r)
				if fmt.Sprint(err) != fmt.Sprint(werr) || !reflect.DeepEqual(got, want) {
					t.Errorf("%+v:\n got %+v (%v)\nwant %+v (%v)", r, got, err, want, werr)
				}
			}
		})
	}
}

// TestSplit: a model in parts is planned as a whole, or not at all.
func TestSplit(t *testing.T) {
	f := header(t, testgguf.Decoder(1).Write(t, "whole"))
	folder := t.TempDir()
	parts, err := f.Split(gguf.SplitOptions{MaxTensors: 8})
	if err != nil {
		t.Fatal(err)
	}
	path := func(i int) string { return filepath.Join(folder, gguf.PartName("model", i, len(parts))) }
	for i, w := range parts {
		if err := gguf.Create(t.Context(), []gguf.Output{{Path: path(i), Content: w}}, false, nil); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := Open(f)
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	r := request(256, gguf.F16, plan.FlashAttentionAuto)
	want, err := whole.Measure(t.Context(), nil, r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := open(t, path(1)).Measure(t.Context(), nil, r)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v (%v), want %+v", got, err, want)
	}
	one, err := os.Open(path(0))
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	info, err := one.Stat()
	if err != nil {
		t.Fatal(err)
	}
	alone, err := gguf.Read(one, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	alone.Parts[0].Name = filepath.Base(path(0))
	if _, err := Open(alone); !errors.Is(err, gguf.ErrMissingPart) || !strings.Contains(err.Error(), filepath.Base(path(1))) {
		t.Errorf("a part alone: %v", err)
	}
}

// TestRefusals: what cannot be planned, and how it is said.
func TestRefusals(t *testing.T) {
	decoder, pair := testgguf.Decoder(1).Write(t, "decoder"), testgguf.EncoderDecoder(1).Write(t, "pair")
	basic := request(256, gguf.F16, plan.FlashAttentionAuto)
	for name, c := range map[string]struct {
		path   string
		change func(*plan.Request)
		want   string
	}{
		"two sequences":    {pair, func(r *plan.Request) { r.Sequences = 2 }, "one sequence at a time, not 2"},
		"no such cache":    {decoder, func(r *plan.Request) { r.KeyType = gguf.Q4_K }, "no KV cache is of type Q4_K"},
		"cache and flash":  {decoder, func(r *plan.Request) { r.ValueType, r.FlashAttention = gguf.Q8_0, plan.FlashAttentionOff }, "needs flash attention"},
		"cache and heads":  {decoder, func(r *plan.Request) { r.KeyType = gguf.Q8_0 }, "block size 32 does not divide n_embd_head_k=16"},
		"negative":         {decoder, func(r *plan.Request) { r.Context = -1 }, "context of -1"},
		"too long":         {decoder, func(r *plan.Request) { r.Context = 1 << 30 }, "the limits are"},
		"sequences":        {decoder, func(r *plan.Request) { r.Sequences = 300 }, "300 sequences"},
		"sequences, batch": {decoder, func(r *plan.Request) { r.Sequences, r.Batch = 8, 4 }, "does not hold a token of each"},
		"split mode":       {decoder, func(r *plan.Request) { r.SplitMode = "diagonal" }, "diagonal"},
		"override":         {decoder, func(r *plan.Request) { r.Overrides = []plan.Override{{Pattern: "x", Buffer: "GPU7"}} }, "GPU7"},
		"pattern":          {decoder, func(r *plan.Request) { r.Overrides = []plan.Override{{Pattern: "(", Buffer: "CPU"}} }, "not a regular expression"},
	} {
		t.Run(name, func(t *testing.T) {
			r := basic
			c.change(&r)
			_, err := open(t, c.path).Measure(t.Context(), nil, r)
			var no *plan.Impossible
			if !errors.As(err, &no) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v, want an Impossible with %q", err, c.want)
			}
			t.Log(err)
		})
	}
}

// TestOtherKinds: models of other kinds have a plan as well, also beyond their training.
func TestOtherKinds(t *testing.T) {
	for name, path := range map[string]string{
		"encoder-decoder": testgguf.EncoderDecoder(1).Write(t, "pair"), "encoder": testgguf.Encoder(1, 1).Write(t, "encoder"), "recurrent": testgguf.Recurrent(1).Write(t, "recurrent"),
	} {
		for _, context := range []int{0, 4 * testgguf.Context} {
			m, err := open(t, path).Measure(t.Context(), nil, request(context, gguf.F16, plan.FlashAttentionAuto))
			if err != nil || m.Host.Weights == 0 || m.Host.Compute == 0 || m.Host.Output == 0 || (m.Host.KV == 0) != (name == "encoder") {
				t.Errorf("%s: %+v, %v", name, m, err)
			}
		}
	}
}

// TestNoModel: files that are none are refused before the engine sees them.
func TestNoModel(t *testing.T) {
	for name, change := range map[string]func(*testgguf.File){
		"adapter":      func(f *testgguf.File) { f.Set("general.type", "adapter") },
		"projector":    func(f *testgguf.File) { f.Set("general.architecture", "clip") },
		"architecture": func(f *testgguf.File) { f.Set("general.architecture", "llama9") },
		"invalid":      func(f *testgguf.File) { f.Set("llama.attention.head_count", uint32(0)) },
	} {
		f := testgguf.Decoder(1)
		change(f)
		if o, err := Open(header(t, f.Write(t, name))); err == nil {
			o.Close()
			t.Errorf("%s: no error", name)
		} else {
			t.Log(err)
		}
	}
}

// TestManyGoroutines: they share the loads, and get what one gets.
func TestManyGoroutines(t *testing.T) {
	o := open(t, testmodel.SmolLM2(t))
	want := map[int]*plan.Memory{}
	for _, context := range []int{512, 1024} {
		var err error
		if want[context], err = o.Measure(t.Context(), nil, request(context, gguf.F16, plan.FlashAttentionAuto)); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 6 {
				context := 512 << (j % 2)
				r := request(context, gguf.F16, plan.FlashAttentionAuto)
				r.GPULayers = i + j // more placements than are kept, all the same on the CPU
				got, err := o.Measure(t.Context(), nil, r)
				if err != nil || !reflect.DeepEqual(got, want[context]) {
					t.Errorf("%+v (%v), want %+v", got, err, want[context])
				}
			}
		})
	}
	wg.Wait()
	if n := len(o.models); n > keep {
		t.Errorf("%d models are loaded, %d are kept", n, keep)
	}
}

// TestLoadsOnce: another context of the same placement needs no load.
func TestLoadsOnce(t *testing.T) {
	o := open(t, testgguf.Decoder(1).Write(t, "model"))
	for _, context := range []int{256, 512, 768} {
		if _, err := o.Measure(t.Context(), nil, request(context, gguf.F16, plan.FlashAttentionAuto)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(o.models); n != 1 {
		t.Errorf("%d loads", n)
	}
}

func TestCancelAndClose(t *testing.T) {
	f := header(t, testgguf.Decoder(1).Write(t, "model"))
	o, err := Open(f)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	if _, err := o.Measure(ctx, nil, plan.DefaultRequest()); !errors.Is(err, why) {
		t.Error(err)
	}
	for range 2 {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := o.Measure(t.Context(), nil, plan.DefaultRequest()); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// BenchmarkMeasure has the first context of a placement, which needs a load, and another one,
// for models with vocabularies of 49, 128 and 262 thousand tokens.
func BenchmarkMeasure(b *testing.B) {
	for name, path := range map[string]string{
		"SmolLM2": testmodel.SmolLM2(b), "Gemma": testmodel.Gemma3(b),
		"8B": testheader.WriteWithVocabulary(b, "llama-3.1-8b", "Q4_K_M"), "70B": testheader.WriteWithVocabulary(b, "llama-3.1-70b", "Q4_K_M"),
	} {
		o := open(b, path)
		r := request(4096, gguf.F16, plan.FlashAttentionAuto)
		measure := func(device plan.Device) {
			if _, err := o.Measure(b.Context(), []plan.Device{device}, r); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(name+"/load", func(b *testing.B) {
			device := card("24 GiB", 24*gib)
			for b.Loop() {
				device.Free-- // another placement
				measure(device)
			}
		})
		b.Run(name+"/context", func(b *testing.B) {
			for b.Loop() {
				measure(card("24 GiB", 24*gib))
			}
		})
	}
}
