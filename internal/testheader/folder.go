package testheader

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"os"
	"path/filepath"
	"sync"

	"github.com/seed-f87006eb/llm/internal/testmodel"
)

//go:embed model.go tensors.go write.go retyped.go tiny.go
var sources embed.FS

// folder is where the files stay: build/headers, below a name that changes with what they
// are made from, this package and the engine.
var folder = sync.OnceValues(func() (string, error) {
	sum := sha256.New()
	entries, err := sources.ReadDir(".")
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		text, err := sources.ReadFile(e.Name())
		if err != nil {
			return "", err
		}
		sum.Write(text)
	}
	sum.Write(modelsFile)
	root := testmodel.Root()
	for _, path := range []string{"third_party/llama.cpp.lock", "llama/native/reference/tensors.cpp"} {
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			return "", err
		}
		sum.Write(text)
	}
	path := filepath.Join(root, "build", "headers", hex.EncodeToString(sum.Sum(nil)[:6]))
	return path, os.MkdirAll(path, 0o755)
})
