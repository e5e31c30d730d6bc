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
	c := cacheSize{h: h, k: k, v: v, cells: pad256(context), ok: true}
	batch := 512
	if h.Causal {
		batch = min(batch, context)
	}
	c.window = pad256(min(c.cells, h.Window.Size+batch))
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
	return int64(c.bytes), c.ok && c.bytes < math.MaxInt64
}

func pad256(n int) int { return (n + 255) &^ 255 }

// cacheSize adds up.
type cacheSize struct {
	h             *Hyper
	k, v          TensorType
	cells, window int     // tokens that layers without and with a window keep
	bytes         float64 // exact below 2^53, which no computer has
	ok            bool
}

// add adds a tensor of rows, each of so many numbers.
func (c *cacheSize) add(t TensorType, width, rows int) {
	block, size := t.Block()
	if block == 0 || width%block != 0 {
		c.ok = false
		return
	}
	c.bytes += float64(width/block) * float64(size) * float64(rows)
}

// attention adds the layers that keep keys and values.
func (c *cacheSize) attention() {
	h := c.h
	for i, l := range h.Layers {
		if !l.KV || !h.keepsKV(i) {
			continue
		}
		cells := c.cells
		if l.Window && h.Window.Kind != WindowNone {
			cells = c.window
		}
		c.add(c.k, l.KeyWidth(), cells)
		if !h.latent() {
			c.add(c.v, l.ValueWidth(), cells)
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
func (c *cacheSize) states() {
	h := c.h
	for i, l := range h.Layers[:h.Main()] {
		if !l.Recurrent {
			continue
		}
		c.add(F32, h.Recurrent.Rolling+h.Recurrent.State, 1)
		if i == h.Recurrent.PLELayer {
			c.add(F32, h.Recurrent.PLEConv, 1)
		}
	}
}

// attentionIndexer adds the keys of an indexer on all layers that keep keys.
func (c *cacheSize) attentionIndexer() {
	for i := range c.h.Layers {
		if c.h.keepsKV(i) {
			c.add(c.k, c.h.Indexer.KeyLength, c.cells)
		}
	}
}

// indexer adds its keys, one head; and values, which nobody reads, where the cache is
// not latent.
func (c *cacheSize) indexer() {
	h := c.h
	for _, l := range h.Layers {
		if !l.Indexer {
			continue
		}
		width := h.Indexer.KeyLength
		if l.Window {
			width = l.KeyLength
		}
		c.add(c.k, width, c.cells)
		if !h.latent() {
			c.add(c.v, l.ValueLength, c.cells)
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
func (c *cacheSize) compressed() {
	h, head := c.h, c.h.First().KeyLength
	entries := func(ratio int) int { return pad256(max(1, (c.cells+ratio-1)/ratio)) }
	for i, l := range h.Layers {
		c.add(c.k, l.KeyWidth(), c.window)
		switch l.Compress {
		case compressFew:
			c.add(c.k, l.KeyWidth(), entries(compressFew))
			c.add(c.k, h.Indexer.KeyLength, entries(compressFew))
			if i < h.Main() {
				c.add(F32, 2*head, 2*2*compressFew)
				c.add(F32, 2*h.Indexer.KeyLength, 2*2*compressFew)
			}
		case compressMany:
			c.add(c.k, l.KeyWidth(), entries(compressMany))
			if i < h.Main() {
				c.add(F32, head, 2*compressMany)
			}
		}
	}
}

// blockTensor is the name of a layer's tensor.
func blockTensor(layer int, name string) string { return fmt.Sprintf("blk.%d.%s", layer, name) }
