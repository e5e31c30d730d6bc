package remote

import "sync"

const (
	segmentSize = 256 << 10
	leastRead   = 16 << 10 // asked of a body at once, so that small reads are not each a system call
)

// front keeps the beginning of a file, in segments that never move. It grows with the
// bytes that came, never with what a server says will come. One goroutine may extend it
// (room, grow) while others read.
type front struct {
	mu       sync.RWMutex
	segments [][]byte // each segmentSize long, the last one filled in part
	length   int64
}

func (k *front) size() int64 {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.length
}

// readAt copies what is kept of the bytes from off, and says how many.
func (k *front) readAt(p []byte, off int64) (n int) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for n < len(p) && off < k.length {
		part := k.segments[off/segmentSize][off%segmentSize:]
		part = part[:min(int64(len(part)), k.length-off)]
		c := copy(p[n:], part)
		n, off = n+c, off+int64(c)
	}
	return n
}

// room is where the next bytes go: n of them or a little more, or what is left of the segment.
func (k *front) room(n int64) []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.length == int64(len(k.segments))*segmentSize {
		k.segments = append(k.segments, make([]byte, segmentSize))
	}
	free := k.segments[len(k.segments)-1][k.length%segmentSize:]
	return free[:min(int64(len(free)), max(n, leastRead))]
}

// grow adds the first n bytes of room.
func (k *front) grow(n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.length += int64(n)
}
