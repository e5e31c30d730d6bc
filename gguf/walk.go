package gguf

import "encoding/binary"

// An array of strings has no index: each says only where the next begins, and a walk
// from one to the next waits for memory at every step. Four walks at once wait together.
// Where three of them start is a guess, and each has to arrive exactly where the next
// one began; then the guess is proven, as there is one way only from the first string.
const lanes = 4

// maxString is of one string, in bytes: what the engine reads at most, and what makes a
// sum of a window's strings fit a number.
const maxString = 1 << 30

// walkStrings goes over at most n strings of an array from the start of b on. It
// returns how many it passed and where the next one begins: behind b when the last one
// ends there. It stops before a string longer than maxString and where b ends.
func walkStrings(b []byte, n uint64, order binary.ByteOrder) (count, pos uint64) {
	end := uint64(len(b))
	if order == binary.BigEndian {
		for ; count < n && pos+8 <= end; count++ {
			size := binary.BigEndian.Uint64(b[pos:])
			if size > maxString {
				break
			}
			pos += 8 + size
		}
		return count, pos
	}
	if len(b) >= 4096 && n >= 256 {
		count, pos = walkLanes(b, n)
	}
	for ; count < n && pos+8 <= end; count++ {
		size := binary.LittleEndian.Uint64(b[pos:])
		if size > maxString {
			break
		}
		pos += 8 + size
	}
	return count, pos
}

// walkLanes does most of the way: as many of the lanes as are proven.
func walkLanes(b []byte, n uint64) (count, pos uint64) {
	var from, to [lanes + 1]uint64
	part := uint64(len(b)) / lanes
	for i := uint64(1); i < lanes; i++ {
		from[i] = guess(b, i*part)
		if from[i] == 0 {
			return 0, 0
		}
	}
	from[lanes] = uint64(len(b)) - 8
	p0, p1, p2, p3 := from[0], from[1], from[2], from[3]
	e0, e1, e2, e3 := from[1], from[2], from[3], from[4]
	var counts [lanes]uint64
	var steps uint64
	for p0 < e0 && p1 < e1 && p2 < e2 && p3 < e3 {
		n0, n1 := binary.LittleEndian.Uint64(b[p0:]), binary.LittleEndian.Uint64(b[p1:])
		n2, n3 := binary.LittleEndian.Uint64(b[p2:]), binary.LittleEndian.Uint64(b[p3:])
		if (n0|n1|n2|n3)>>30 != 0 {
			break // a guess was wrong, or the array ends here, or the file is damaged
		}
		p0, p1, p2, p3 = p0+8+n0, p1+8+n1, p2+8+n2, p3+8+n3
		steps++
	}
	to = [lanes + 1]uint64{p0, p1, p2, p3}
	for i := range lanes {
		counts[i], to[i] = finish(b, to[i], from[i+1], steps)
	}
	for i := range lanes {
		if count+counts[i] > n || i > 0 && to[i-1] != from[i] {
			break
		}
		count, pos = count+counts[i], to[i]
	}
	return count, pos
}

// finish walks on to the end of a lane.
func finish(b []byte, pos, end, count uint64) (uint64, uint64) {
	for pos < end {
		size := binary.LittleEndian.Uint64(b[pos:])
		if size>>30 != 0 {
			break
		}
		pos += 8 + size
		count++
	}
	return count, pos
}

// guess is a place near from where a string seems to begin: four in a row are shorter
// than 256 bytes. The seven zeros of such a length stand at one place only. 0: none.
func guess(b []byte, from uint64) uint64 {
	for at := from; at < from+512; at++ {
		pos, hops := at, 0
		for ; hops < 4 && pos+8 <= uint64(len(b)); hops++ {
			size := binary.LittleEndian.Uint64(b[pos:])
			if size == 0 || size > 255 {
				break
			}
			pos += 8 + size
		}
		if hops == 4 {
			return at
		}
	}
	return 0
}
