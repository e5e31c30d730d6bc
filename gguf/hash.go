package gguf

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Hash is of the tensors of a model.
type Hash struct {
	Sum     [sha256.Size]byte
	Tensors []TensorHash // in the order of their names
}

// TensorHash is the SHA-256 of the data of a tensor.
type TensorHash struct {
	Tensor
	Sum [sha256.Size]byte
}

// hashStart names what is hashed, so that it never is mistaken for something else.
const hashStart = "GGUF tensors 1\n"

// Hash is the SHA-256 of all tensors: in the order of their names, of each its name,
// its type, its dimensions (without ones at the end) and the SHA-256 of its data, with
// lengths, little-endian. Keys, order, place and padding do not count: a model, the
// same split, and the same with other keys have one hash. Several tensors are read at
// once. Errors: a tensor that does not lie in its file or has a name twice; those of
// reading, and the context's.
func (f *File) Hash(ctx context.Context, progress Progress) (*Hash, error) {
	h := &Hash{Tensors: make([]TensorHash, len(f.Tensors))}
	var total int64
	for i, t := range f.Tensors {
		data, err := f.Data(t)
		if err != nil {
			return nil, err
		}
		h.Tensors[i].Tensor = t
		total += data.Size()
	}
	slices.SortFunc(h.Tensors, func(a, b TensorHash) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(h.Tensors); i++ {
		if name := h.Tensors[i].Name; name == h.Tensors[i-1].Name {
			return nil, fmt.Errorf("hash the tensors: there are two of the name %s", Quote(name))
		}
	}
	if err := f.hashData(ctx, h.Tensors, total, progress); err != nil {
		return nil, err
	}
	h.Sum = sum(h.Tensors)
	return h, nil
}

func sum(tensors []TensorHash) [sha256.Size]byte {
	b := []byte(hashStart)
	order := binary.LittleEndian
	for _, t := range tensors {
		b = order.AppendUint64(b, uint64(len(t.Name)))
		b = append(b, t.Name...)
		b = order.AppendUint32(b, uint32(t.Type))
		dims := t.Dims
		for len(dims) > 0 && dims[len(dims)-1] == 1 {
			dims = dims[:len(dims)-1]
		}
		b = order.AppendUint32(b, uint32(len(dims)))
		for _, d := range dims {
			b = order.AppendUint64(b, d)
		}
		b = append(b, t.Sum[:]...)
	}
	return sha256.Sum256(b)
}

// hashData fills the sums, some tensors at once.
func (f *File) hashData(ctx context.Context, tensors []TensorHash, total int64, progress Progress) error {
	const most = 8 // a disk gains nothing by more
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	done := copier{ctx: ctx, total: total, progress: progress}
	next := 0
	work := func() {
		buffer := make([]byte, bufferSize)
		for {
			mu.Lock()
			i := next
			next++
			mu.Unlock()
			if i >= len(tensors) {
				return
			}
			err := f.hashTensor(&tensors[i], buffer, func(n int64) error {
				mu.Lock()
				defer mu.Unlock()
				return done.add(n)
			})
			if err != nil {
				cancel(err)
				return
			}
		}
	}
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), most) {
		workers.Go(work)
	}
	workers.Wait()
	return context.Cause(ctx)
}

func (f *File) hashTensor(t *TensorHash, buffer []byte, add func(int64) error) error {
	data, err := f.Data(t.Tensor)
	if err != nil {
		return err
	}
	s := sha256.New()
	for left := data.Size(); left > 0; {
		b := buffer[:min(left, int64(len(buffer)))]
		if _, err := io.ReadFull(data, b); err != nil {
			return fmt.Errorf("read tensor %s: %w", Quote(t.Name), err)
		}
		s.Write(b)
		left -= int64(len(b))
		if err := add(int64(len(b))); err != nil {
			return err
		}
	}
	s.Sum(t.Sum[:0])
	return nil
}
