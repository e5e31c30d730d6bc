package gguf

import (
	"fmt"
	"math"
)

// memory is what the engine keeps of a conversation: llama_model::create_memory of
// src/llama-model.cpp@v0.5.0.
type memory uint8

const (
	memoryAttention     memory = iota
	memoryNone                 // nothing
	memoryRecurrent            // states
	memoryHybrid               // both
	memoryIndexer              // attention, and the keys of an indexer
	memoryHybridIndexer        // all three
	memoryCompressed           // several caches of compressed tokens
	memoryShared               // that of another model
)

// KVBytes is the size of the KV cache and of the states of one sequence, as the engine
// would make them for a context of so many tokens, with keys and values of these types;
// context 0 is what the model was trained on. It assumes what this engine assumes: one
// sequence, batches of 512, layers with a window keep only that, flash attention is not
// off, nothing that predicts ahead, no snapshots of states. What drafting models borrow
// of others does not count. It is of the tensors: devices may round each up. False: the
// engine could not make it, because the types do not fit the widths, or it is too large.
func (h *Hyper) KVBytes(context int, k, v TensorType) (int64, bool) {
	if context <= 0 {
		context = h.Context
	}
	if context > math.MaxInt32-256 {
		return 0, false
	}
	batch := 512
	if h.Causal {
		batch = min(batch, context)
	}
	cells := pad256(context)
	total := 0.0 // exact below 2^53, which no computer has
	for _, t := range h.Cache() {
		kind := F32
		switch t.Type {
		case CacheKey:
			kind = k
		case CacheValue:
			kind = v
		}
		block, size := kind.Block()
		if block == 0 || t.Width%block != 0 {
			return 0, false
		}
		total += float64(t.Width/block) * float64(size) * float64(t.Rows(cells, h.WindowCells(cells, batch, 1)))
	}
	return int64(total), total < math.MaxInt64
}

func pad256(n int) int { return (n + 255) &^ 255 }

// CacheTensor is a tensor of the memory that the engine makes for a context, for one
// sequence. Of the keys and values, sequences share one where the cache is unified.
type CacheTensor struct {
	Layer int
	Width int // numbers of a row
	Type  CacheType
	Span  CacheSpan
	Fixed int // rows of [CacheFixed], tokens of an entry of [CacheShared]
	// Own: each sequence has its own, also where the cache is unified.
	Own bool
}

// CacheType says which numbers a tensor holds; states are 32-bit floats.
type CacheType uint8

// What the memory of a context holds.
const (
	CacheKey CacheType = iota
	CacheValue
	CacheState
)

// CacheSpan says how many rows a tensor has.
type CacheSpan uint8

// Rows for each token of the context, of the window, of several tokens together, or so many.
const (
	CacheContext CacheSpan = iota
	CacheWindow
	CacheShared
	CacheFixed
)

// Rows is how many rows the tensor has, where the context has so many cells, and a window.
func (t CacheTensor) Rows(cells, window int) int {
	switch t.Span {
	case CacheWindow:
		return window
	case CacheShared:
		return pad256(max(1, (cells+t.Fixed-1)/t.Fixed))
	case CacheFixed:
		return t.Fixed
	}
	return cells
}

// WindowCells is how many tokens layers with a window keep, where the others keep cells,
// so many are computed at once and so many sequences share a cache:
// src/llama-kv-cache-iswa.cpp@v0.5.0.
func (h *Hyper) WindowCells(cells, ubatch, sequences int) int {
	return pad256(min(cells, h.Window.Size*sequences+ubatch))
}

// Cache lists the memory of a context of one sequence, layer by layer of each kind.
func (h *Hyper) Cache() []CacheTensor {
	c := cacheList{h: h, tensors: make([]CacheTensor, 0, 2*len(h.Layers))}
	switch h.memory {
	case memoryAttention:
		c.attention()
	case memoryRecurrent:
		c.states()
	case memoryHybrid:
		c.attention()
		c.states()
	case memoryHybridIndexer:
		c.attention()
		c.states()
		c.attentionIndexer()
	case memoryIndexer:
		c.attention()
		c.indexer()
	case memoryCompressed:
		c.compressed()
	}
	return c.tensors
}

type cacheList struct {
	h       *Hyper
	tensors []CacheTensor
}

func (c *cacheList) add(layer int, t CacheType, width int, s CacheSpan, fixed int) {
	c.tensors = append(c.tensors, CacheTensor{Layer: layer, Width: width, Type: t, Span: s, Fixed: fixed, Own: t == CacheState || c.h.memory == memoryCompressed})
}

// attention adds the layers that keep keys and values.
func (c *cacheList) attention() {
	h := c.h
	for i, l := range h.Layers {
		if !l.KV || !h.keepsKV(i) {
			continue
		}
		span := CacheContext
		if l.Window && h.Window.Kind != WindowNone {
			span = CacheWindow
		}
		c.add(i, CacheKey, l.KeyWidth(), span, 0)
		if !h.latent() {
			c.add(i, CacheValue, l.ValueWidth(), span, 0)
		}
	}
}

// latent caches have no values: they are made of the keys.
func (h *Hyper) latent() bool { return h.MLA.Key != 0 && h.MLA.Value != 0 }

// cacheRule says which layers have a place in the KV cache of the model itself.
type cacheRule uint8

const (
	cacheMain           cacheRule = iota // not those that predict ahead, unless there are no others
	cacheAll                             // all
	cacheAttention                       // those that are not recurrent
	cacheMainAttention                   // and do not predict ahead
	cacheAttentionAlone                  // and have no feed-forward
)

func (h *Hyper) keepsKV(i int) bool {
	l, ahead := h.Layers[i], i >= h.Main()
	switch h.cache {
	case cacheAll:
		return true
	case cacheAttention:
		return !l.Recurrent
	case cacheMainAttention:
		return !l.Recurrent && !ahead
	case cacheAttentionAlone:
		return !l.Recurrent && l.FeedForward == 0
	}
	return !ahead || h.Main() == 0 && h.memory == memoryAttention
}

// states adds those of recurrent layers.
func (c *cacheList) states() {
	h := c.h
	for i, l := range h.Layers[:h.Main()] {
		if !l.Recurrent {
			continue
		}
		c.add(i, CacheState, h.Recurrent.Rolling, CacheFixed, 1)
		c.add(i, CacheState, h.Recurrent.State, CacheFixed, 1)
		if i == h.Recurrent.PLELayer {
			c.add(i, CacheState, h.Recurrent.PLEConv, CacheFixed, 1)
		}
	}
}

// attentionIndexer adds the keys of an indexer on all layers that keep keys.
func (c *cacheList) attentionIndexer() {
	for i := range c.h.Layers {
		if c.h.keepsKV(i) {
			c.add(i, CacheKey, c.h.Indexer.KeyLength, CacheContext, 0)
		}
	}
}

// indexer adds its keys, one head; and values, which nobody reads, where the cache is
// not latent.
func (c *cacheList) indexer() {
	h := c.h
	for i, l := range h.Layers {
		if !l.Indexer {
			continue
		}
		width := h.Indexer.KeyLength
		if l.Window {
			width = l.KeyLength
		}
		c.add(i, CacheKey, width, CacheContext, 0)
		if !h.latent() {
			c.add(i, CacheValue, l.ValueLength, CacheContext, 0)
		}
	}
}

// How many tokens share an entry of the cache of DeepSeek 4, where they do.
const (
	compressFew  = 4
	compressMany = 128
)

// compressed is llama_kv_cache_dsv4: the window as it is, and one entry for 4 or 128
// tokens, each with the state of what is being compressed.
func (c *cacheList) compressed() {
	h, head := c.h, c.h.First().KeyLength
	state := func(i, width, rows int) {
		if i < h.Main() { // values and their scores
			c.add(i, CacheState, width, CacheFixed, rows)
			c.add(i, CacheState, width, CacheFixed, rows)
		}
	}
	for i, l := range h.Layers {
		c.add(i, CacheKey, l.KeyWidth(), CacheWindow, 0)
		switch l.Compress {
		case compressFew:
			c.add(i, CacheKey, l.KeyWidth(), CacheShared, compressFew)
			c.add(i, CacheKey, h.Indexer.KeyLength, CacheShared, compressFew)
			state(i, 2*head, 2*compressFew)
			state(i, 2*h.Indexer.KeyLength, 2*compressFew)
		case compressMany:
			c.add(i, CacheKey, l.KeyWidth(), CacheShared, compressMany)
			state(i, head, compressMany)
		}
	}
}

// blockTensor is the name of a layer's tensor.
func blockTensor(layer int, name string) string { return fmt.Sprintf("blk.%d.%s", layer, name) }
