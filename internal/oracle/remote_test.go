package oracle

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/store/remote"
)

// TestRemote: a model behind a URL is planned as the file is, and its weights stay there.
func TestRemote(t *testing.T) {
	for name, path := range models(t) {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(path))))
			defer server.Close()
			r, err := remote.Open(t.Context(), server.URL+"/"+filepath.Base(path), remote.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			f, err := gguf.Read(r, r.Size())
			if err != nil {
				t.Fatal(err)
			}
			there, err := Open(f)
			if err != nil {
				t.Fatal(err)
			}
			defer there.Close()
			here := open(t, path)
			for _, q := range requests() {
				got, gerr := there.Measure(t.Context(), nil, q)
				want, err := here.Measure(t.Context(), nil, q)
				if (gerr == nil) != (err == nil) || !reflect.DeepEqual(got, want) {
					t.Errorf("%+v:\n got %+v, %v\nwant %+v, %v", q, got, gerr, want, err)
				}
			}
			// What is read and not used lies in the buffers of the last read.
			if n, most := r.BytesRead(), f.Parts[0].HeaderSize+1<<20; n > most {
				t.Errorf("%d bytes were fetched, of a header of %d", n, f.Parts[0].HeaderSize)
			}
			t.Logf("%d bytes were fetched in %d requests, of a file of %d with a header of %d", r.BytesRead(), r.Requests(), r.Size(), f.Parts[0].HeaderSize)
		})
	}
}
