package quantize

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/llama"
)

// Cache keeps the files that were made of models, each under a key of what went into it: the
// source's keys and tensors, the type that each tensor gets, the importance matrix, the engine.
// Several processes may share the folder: one makes a file, the others wait for it. A file
// that is not whole never has its name. Its methods may be called from any goroutine.
type Cache struct {
	Dir string
	// Limit is how many bytes the folder may have; where it has more, files that were not used
	// for the longest time are removed, none that a Cache is open on. 0: no limit.
	Limit int64
	// Progress, where it is not nil, is told how far the work on a file is, in bytes: hashing
	// its source, then making it.
	Progress func(what string, done, total int64)

	mu     sync.Mutex
	hashes map[string]sum // of sources, by their path, size and time
	held   []*os.File     // files that were returned, which others must not remove
}

// Make returns the path of the file that the spec makes of source, which is made where it is
// not there. It stays until Close at least, and is not to be changed. Errors are those of
// [Prepare] and [Job.Write].
func (c *Cache) Make(ctx context.Context, source string, s Spec) (string, error) {
	j, err := Prepare(source, s)
	if err != nil {
		return "", err
	}
	path, err := c.make(ctx, j)
	if err != nil {
		return "", fmt.Errorf("cache of levels %s: %w", c.Dir, err)
	}
	return path, nil
}

func (c *Cache) make(ctx context.Context, j *Job) (string, error) {
	if err := os.MkdirAll(c.Dir, 0o777); err != nil {
		return "", err
	}
	key, err := c.key(ctx, j)
	if err != nil {
		return "", err
	}
	unlock, err := lockWithin(ctx, filepath.Join(c.Dir, "."+key+".lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	const tries = 3 // another process may remove it before it is held
	for i := 1; ; i++ {
		path, err := c.find(ctx, j, key)
		if err == nil {
			err = c.hold(path)
		}
		if err == nil || i == tries || !errors.Is(err, fs.ErrNotExist) {
			return path, err
		}
	}
}

// find returns the file, which it makes where it is not there.
func (c *Cache) find(ctx context.Context, j *Job, key string) (string, error) {
	path := filepath.Join(c.Dir, levelName(j, key))
	if found, _ := filepath.Glob(filepath.Join(escapeGlob(c.Dir), "*-"+key+modelEnd)); len(found) > 0 {
		path = found[0] // of a source with another name
	}
	info, err := os.Stat(path)
	if err == nil && info.Size() == j.Recipe.Size {
		return path, nil
	}
	if err == nil { // damaged
		err = os.Remove(path)
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = c.evict(j.Recipe.Size)
	}
	if err == nil {
		_, err = j.Write(ctx, path, c.report("making "+j.Kind.Name))
	}
	return path, err
}

// Close lets others remove the files that Make returned.
func (c *Cache) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, f := range c.held {
		errs = append(errs, f.Close())
	}
	c.held = nil
	return errors.Join(errs...)
}

// hold keeps others from removing a file, and notes that it was used.
func (c *Cache) hold(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	err = share(f)
	var mine, there fs.FileInfo
	if err == nil {
		mine, err = f.Stat()
	}
	if err == nil {
		there, err = os.Stat(path)
	}
	if err == nil && !os.SameFile(mine, there) {
		err = fs.ErrNotExist
	}
	if err != nil {
		f.Close()
		return err
	}
	now := time.Now()
	os.Chtimes(path, now, now) // where it cannot, another goes first some day
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = append(c.held, f)
	return nil
}

// modelEnd is how the name of a level ends.
const modelEnd = ".gguf"

// keyDigits of a key stand in a name.
const keyDigits = 24

// levelName is a name that people understand, with the key.
func levelName(j *Job, key string) string {
	const most = 120 // bytes, of the 255 that a name has
	base := strings.TrimSuffix(filepath.Base(j.Source), modelEnd)
	base = strings.ToValidUTF8(base[:min(len(base), most)], "")
	return base + "-" + j.Kind.Name + "-" + key + modelEnd
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// evict makes room for size bytes more.
func (c *Cache) evict(size int64) error {
	levels, total, err := c.levels()
	if err != nil || c.Limit <= 0 {
		return err
	}
	for _, l := range levels {
		if total+size <= c.Limit {
			return nil
		}
		if removeUnused(filepath.Join(c.Dir, l.Name())) {
			total -= l.Size()
		}
	}
	if total+size > c.Limit {
		return fmt.Errorf("%w: %d bytes are to be added to %d that are in use, and the limit is %d", ErrNoSpace, size, total, c.Limit)
	}
	return nil
}

// levels are the files of the cache, the one first that was not used for the longest time,
// and how many bytes they have.
func (c *Cache) levels() (list []fs.FileInfo, total int64, err error) {
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return nil, 0, err
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && isLevel(info) {
			list = append(list, info)
			total += info.Size()
		}
	}
	slices.SortFunc(list, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	return list, total, nil
}

// isLevel tells whether a file has the name of a level: nothing else is removed.
func isLevel(info fs.FileInfo) bool {
	rest, ok := strings.CutSuffix(info.Name(), modelEnd)
	i := strings.LastIndexByte(rest, '-')
	if !ok || i < 1 || !info.Mode().IsRegular() {
		return false
	}
	key, err := hex.DecodeString(rest[i+1:])
	return err == nil && 2*len(key) == keyDigits
}

// Size is how many bytes the levels in the folder have; 0 where there is none yet.
func (c *Cache) Size() (int64, error) {
	_, total, err := c.levels()
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return total, err
}

type sum = [sha256.Size]byte

// key is of all that the file depends on.
func (c *Cache) key(ctx context.Context, j *Job) (string, error) {
	source, err := c.hash(ctx, j)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "llm level 1\n%s\n%d %t\n", llama.BuildInfo().Tree, j.spec.FileType, j.spec.Pure)
	h.Write(source[:])
	for i := range j.Recipe.Tensors {
		t := &j.Recipe.Tensors[i]
		fmt.Fprintf(h, "%q %d\n", t.Name, t.To)
	}
	if m := j.matrix; m != nil {
		fmt.Fprintf(h, "%q %q %d\n", m.File, m.Dataset, m.Chunks)
		for _, name := range slices.Sorted(maps.Keys(m.Weights)) {
			fmt.Fprintf(h, "%q %d\n", name, len(m.Weights[name]))
			binary.Write(h, binary.LittleEndian, m.Weights[name])
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:keyDigits], nil
}

// hash is of the source: its headers and the data of its tensors. It is made once while the
// files stay as they are.
func (c *Cache) hash(ctx context.Context, j *Job) (sum, error) {
	id := ""
	for _, part := range j.parts {
		info, err := os.Stat(part)
		if err != nil {
			return sum{}, err
		}
		id += fmt.Sprintf("%q %d %d\n", part, info.Size(), info.ModTime().UnixNano())
	}
	c.mu.Lock()
	known, ok := c.hashes[id]
	c.mu.Unlock()
	if ok {
		return known, nil
	}
	f, err := gguf.Open(j.Source)
	if err != nil {
		return sum{}, err
	}
	defer f.Close()
	tensors, err := f.Hash(ctx, c.report("hashing "+filepath.Base(j.Source)))
	if err != nil {
		return sum{}, err
	}
	h := sha256.New()
	h.Write(tensors.Sum[:])
	for i, part := range j.parts {
		if err := hashStart(h, part, f.Parts[i].DataOffset); err != nil {
			return sum{}, err
		}
	}
	made := sum(h.Sum(nil))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hashes == nil {
		c.hashes = map[string]sum{}
	}
	c.hashes[id] = made
	return made, nil
}

// hashStart adds the first bytes of a file.
func hashStart(to io.Writer, path string, n int64) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.CopyN(to, f, n)
	return err
}

func (c *Cache) report(what string) func(done, total int64) {
	if c.Progress == nil {
		return nil
	}
	return func(done, total int64) { c.Progress(what, done, total) }
}
