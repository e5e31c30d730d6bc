package state

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/seed-f87006eb/llm/internal/chat"
)

func sample() *State {
	memory := make([]byte, 3<<20)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range memory {
		memory[i] = byte(r.Uint32())
		if i > 2<<20 {
			memory[i] = 7
		}
	}
	return &State{
		Origin: Origin{Engine: "tree", Model: "model", KeyType: "f16", ValueType: "q8_0", Adapters: []string{"a*1"}},
		Note:   []byte(`{"messages":[]}`), Tokens: []int32{1, -1, 1 << 30}, Memory: memory,
	}
}

func save(t testing.TB, s *State) (path string, raw []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "state")
	if err := Write(path, s); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, raw
}

func TestRoundTrip(t *testing.T) {
	for _, s := range []*State{sample(), {Note: []byte{}, Tokens: []int32{}, Memory: []byte{}}} {
		path, raw := save(t, s)
		got, err := Read(path)
		if err != nil || !reflect.DeepEqual(got.Origin, s.Origin) || !bytes.Equal(got.Note, s.Note) ||
			!reflect.DeepEqual(got.Tokens, s.Tokens) || !bytes.Equal(got.Memory, s.Memory) {
			t.Errorf("%v: something came back that was not saved", err)
		}
		if note, err := ReadNote(path); err != nil || !bytes.Equal(note, s.Note) {
			t.Errorf("%q, %v", note, err)
		}
		if len(raw) > len(s.Memory)+4096 {
			t.Errorf("%d bytes for %d", len(raw), len(s.Memory))
		}
	}
}

// TestDamage cuts a file at many places and flips bits all over it.
func TestDamage(t *testing.T) {
	s := sample()
	s.Memory = s.Memory[:5000]
	path, raw := save(t, s)
	try := func(b []byte) {
		t.Helper()
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Read(path)
		if !errors.Is(err, chat.ErrState) || got == nil || got.Memory != nil {
			t.Fatalf("%v; want ErrState and no memory", err)
		}
	}
	for n := 0; n < len(raw); n += 7 {
		try(raw[:n])
	}
	for i := 0; i < len(raw); i += 3 {
		b := bytes.Clone(raw)
		b[i] ^= 1 << (i % 8)
		try(b)
	}
	try(append(bytes.Clone(raw), 0))
}

// TestNoteSurvives: the conversation can be read from a file whose memory is damaged.
func TestNoteSurvives(t *testing.T) {
	path, raw := save(t, sample())
	raw[len(raw)-1000] ^= 1
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Read(path); !errors.Is(err, chat.ErrState) || string(s.Note) != `{"messages":[]}` {
		t.Errorf("%q, %v", s.Note, err)
	}
}

// TestClaims: a checksum that is right does not make the sizes right.
func TestClaims(t *testing.T) {
	path, raw := save(t, sample())
	for at := 12; at < 36; at++ { // the lengths
		b := bytes.Clone(raw[:len(raw)-sha256.Size])
		b[at] = 0xff
		sum := sha256.Sum256(b)
		if err := os.WriteFile(path, append(b, sum[:]...), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); !errors.Is(err, chat.ErrState) {
			t.Errorf("byte %d: %v", at, err)
		}
	}
}

func TestWriteFails(t *testing.T) {
	if err := Write(filepath.Join(t.TempDir(), "no", "such", "folder"), sample()); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if err := Write("/dev/full", sample()); err == nil {
		t.Error("a full device took it")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, sample()); err == nil {
		t.Error("a folder took it")
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("something was left behind: %v", files)
	}
}

func FuzzRead(f *testing.F) {
	s := sample()
	s.Memory = s.Memory[:100]
	_, raw := save(f, s)
	body := raw[:len(raw)-sha256.Size]
	f.Add(body)
	f.Add(body[:40])
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, body []byte) {
		path := filepath.Join(t.TempDir(), "state")
		sum := sha256.Sum256(body)
		if err := os.WriteFile(path, append(body, sum[:]...), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := Read(path); s == nil || err != nil && !errors.Is(err, chat.ErrState) {
			t.Errorf("%v", err)
		}
	})
}
