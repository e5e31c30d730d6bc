//go:build skynet

package skynet

// #include "../native/llm.h"
import "C"

import (
	"errors"
	"fmt"
	"reflect"
	"unsafe"

	old "github.com/go-skynet/go-llama.cpp"

	"github.com/seed-f87006eb/llm"
)

// Wrap opens the weights that l holds as a model of package llm, with a context of its own: chat,
// log-probabilities, cancelling, concurrent callers. Both may be used at the same time, and each
// must be closed (l.Free); the last of them frees the weights. The file must still be there: its
// header is checked, as llm.Open does. Options of the load and of placement have no effect, and a
// LoRA adapter of l has none on the model.
func Wrap(l *old.LLama, options ...llm.Option) (*llm.Model, error) {
	if l == nil {
		return nil, errors.New("wrap: there is no model")
	}
	// The module has no accessor; this version's name of the field is held by a test.
	state := reflect.ValueOf(l).Elem().FieldByName("state").UnsafePointer()
	var id C.uint64_t
	var path, cerr *C.char
	code := C.llm_skynet_model(state, &id, &path, &cerr)
	if code != C.LLM_OK {
		return nil, fmt.Errorf("wrap: %s", take(cerr))
	}
	return llm.Open(take(path), append([]llm.Option{llm.SharedWeights(uint64(id))}, options...)...)
}

// New is the old API over the weights of m, with a context of its own: as llama.New, but nothing
// is loaded. Both may be used at the same time, and each must be closed; the last of them frees
// the weights. Options of the load have no effect. A model that is isolated is refused.
func New(m *llm.Model, options ...old.ModelOption) (*old.LLama, error) {
	id := m.WeightsID()
	if id == 0 {
		return nil, errors.New("the old API needs a model in this process: this one is closed, or isolated")
	}
	// What load_model takes for a name (llama/native/skynet_model.cpp).
	return old.New(fmt.Sprintf("llm-model:%d:%s", id, m.Info().Path), options...)
}

// take is a C string, which is freed.
func take(s *C.char) string {
	defer C.llm_free(unsafe.Pointer(s))
	return C.GoString(s)
}
