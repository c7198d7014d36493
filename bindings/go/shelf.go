// SPDX-License-Identifier: Apache-2.0

package mecha

// #include "flat.h"
import "C"

import "unsafe"

// shelf is memory for values that come at once: C writes each where it is to stay. A value of 1 KB
// would cost more to allocate than to read. Shorter values are allocated by themselves: little is
// gained there, and one that is kept would keep much more than itself.
type shelf struct {
	free []byte
	came int // values so far; those who get few need no shelf
}

const (
	shelfBytes = 16 << 10
	shelfFrom  = 512             // bytes of a value
	shelfAfter = 8               // values
	shelfLeft  = blockBytes + 64 // for a value and its etag
)

// room says where C may put a value: the caller's buffer, or the shelf, or nowhere.
func (o *operation) room(buffer []byte) *C.char {
	if cap(buffer) > 0 {
		o.call.room_from, o.call.room_size = 0, C.uint64_t(cap(buffer))
		return (*C.char)(unsafe.Pointer(unsafe.SliceData(buffer)))
	}
	if len(o.free) < shelfLeft {
		if o.came < shelfAfter {
			o.came++
			return o.noRoom()
		}
		o.free = make([]byte, shelfBytes)
	}
	o.call.room_from, o.call.room_size = shelfFrom, blockBytes
	return (*C.char)(unsafe.Pointer(unsafe.SliceData(o.free)))
}

func (o *operation) noRoom() *C.char {
	o.call.room_from, o.call.room_size = 1, 0
	return nil
}

// take gives away the value of that size which C put at the front, and copies its etag behind it.
func (s *shelf) take(size int, etag []byte) ([]byte, string) {
	all := size + copy(s.free[size:], etag)
	taken := s.free[:all]
	s.free = s.free[(all+7)&^7:]
	return taken[:size:size], textAt(taken, size)
}

// textAt is the end of bytes as text, in the same memory: nobody else may write there.
func textAt(bytes []byte, start int) string {
	return unsafe.String(unsafe.SliceData(bytes[start:]), len(bytes)-start)
}
