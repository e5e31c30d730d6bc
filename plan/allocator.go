package plan

// maxChunks is GGML_VBUFFER_MAX_CHUNKS.
const maxChunks = 16

const endless = int64(1) << 62

type block struct{ offset, size int64 }

// chunk is one buffer of a device.
type chunk struct {
	free []block // by offset
	top  int64
}

// arena hands out memory of one backend in the order in which a graph is computed, and takes
// it back: ggml_dyn_tallocr of ggml/src/ggml-alloc.c@v0.5.0, a best-fit allocator.
type arena struct {
	alignment int64
	largest   int64
	chunks    []chunk
}

func (a *arena) reset(alignment int, largest uint64) {
	a.alignment, a.largest = int64(alignment), endless
	if largest > 0 && largest < uint64(endless) {
		a.largest = int64(largest)
	}
	a.chunks = a.chunks[:0]
}

func (a *arena) round(n int64) int64 { return (n + a.alignment - 1) / a.alignment * a.alignment }

// size is what has been needed at most.
func (a *arena) size() uint64 {
	n := uint64(0)
	for i := range a.chunks {
		n += uint64(a.chunks[i].top)
	}
	return n
}

func (a *arena) take(size int64) (in int, offset int64) {
	size = a.round(size)
	in, at := a.fit(size)
	if at < 0 {
		in, at = a.grow(size), 0
	}
	c := &a.chunks[in]
	b := &c.free[at]
	offset = b.offset
	b.offset += size
	b.size -= size
	if b.size == 0 {
		c.free = append(c.free[:at], c.free[at+1:]...)
	}
	c.top = max(c.top, offset+size)
	return in, offset
}

// fit looks for the smallest gap that is large enough, and then at the ends of the chunks.
func (a *arena) fit(size int64) (in, at int) {
	at = -1
	for c := range a.chunks {
		best, free := endless, a.chunks[c].free
		for i := 0; i < len(free)-1; i++ {
			if s := free[i].size; s >= size && s <= best {
				in, at, best = c, i, s
			}
		}
	}
	if at >= 0 {
		return in, at
	}
	reuse := -endless
	for c := range a.chunks {
		k := &a.chunks[c]
		if len(k.free) == 0 {
			continue
		}
		b := k.free[len(k.free)-1]
		left := k.top - b.offset - size
		if b.size >= size && (reuse < 0 && left > reuse || left >= 0 && left < reuse) {
			in, at, reuse = c, len(k.free)-1, left
		}
	}
	return in, at
}

func (a *arena) grow(size int64) int {
	room := max(size, a.largest)
	if len(a.chunks) >= maxChunks-1 {
		room = endless
	}
	if len(a.chunks) < cap(a.chunks) { // use its memory again
		a.chunks = a.chunks[:len(a.chunks)+1]
		c := &a.chunks[len(a.chunks)-1]
		c.free, c.top = append(c.free[:0], block{0, room}), 0
	} else {
		a.chunks = append(a.chunks, chunk{free: append(make([]block, 0, 32), block{0, room})})
	}
	return len(a.chunks) - 1
}

func (a *arena) give(in int, offset, size int64) {
	size = a.round(size)
	c := &a.chunks[in]
	for i := range c.free {
		b := &c.free[i]
		if b.offset+b.size == offset {
			b.size += size
			if i < len(c.free)-1 && b.offset+b.size == c.free[i+1].offset {
				b.size += c.free[i+1].size
				c.free = append(c.free[:i+1], c.free[i+2:]...)
			}
			return
		}
		if offset+size == b.offset {
			b.offset = offset
			b.size += size
			if i > 0 && c.free[i-1].offset+c.free[i-1].size == b.offset {
				c.free[i-1].size += b.size
				c.free = append(c.free[:i], c.free[i+1:]...)
			}
			return
		}
	}
	at := 0
	for at < len(c.free) && c.free[at].offset < offset {
		at++
	}
	c.free = append(c.free, block{})
	copy(c.free[at+1:], c.free[at:])
	c.free[at] = block{offset, size}
}
