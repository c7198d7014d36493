// SPDX-License-Identifier: Apache-2.0

package mecha

import (
	"runtime"
	"unsafe"
)

// A tape is what a call takes, as flat.h says: words, and one slab of text. It holds no pointer, so
// that cgo has nothing to check. Bytes of pinnedBytes and more are pinned instead of copied.
type tape struct {
	words []uint64
	text  []byte
	pins  runtime.Pinner
	// isPinned: there are pins to take out.
	isPinned bool
}

const (
	absent      = ^uint64(0)
	pinned      = uint64(1) << 63
	pinnedBytes = 16 << 10
	keptBytes   = 64 << 10 // a tape that has grown larger is not kept
)

func (t *tape) reset() {
	if t.isPinned {
		t.pins.Unpin()
		t.isPinned = false
	}
	if cap(t.text) > keptBytes || cap(t.words) > keptBytes/8 {
		t.words, t.text = nil, nil
	}
	t.words, t.text = t.words[:0], t.text[:0]
}

func (t *tape) number(value uint64) { t.words = append(t.words, value) }

func (t *tape) string(text string) {
	t.words = append(t.words, uint64(len(t.text)), uint64(len(text)))
	t.text = append(t.text, text...)
}

// optional puts an empty text as absent.
func (t *tape) optional(text string) {
	if text == "" {
		t.words = append(t.words, 0, absent)
		return
	}
	t.string(text)
}

func (t *tape) bytes(data []byte) {
	if len(data) < pinnedBytes {
		t.words = append(t.words, uint64(len(t.text)), uint64(len(data)))
		t.text = append(t.text, data...)
		return
	}
	first := unsafe.SliceData(data)
	t.pins.Pin(first)
	t.isPinned = true
	t.words = append(t.words, uint64(uintptr(unsafe.Pointer(first))), uint64(len(data))|pinned)
}

func (t *tape) entries(entries []Entry) {
	t.number(uint64(len(entries)))
	for _, entry := range entries {
		t.string(entry.Key)
		t.string(entry.Value)
	}
}

func (t *tape) strings(texts []string) {
	t.number(uint64(len(texts)))
	for _, text := range texts {
		t.string(text)
	}
}

// The pointers for C. The text is never empty, so that an offset of 0 is an address.
func (t *tape) pointers() (words *uint64, text *byte) {
	if cap(t.words) == 0 {
		t.words = make([]uint64, 0, 16)
	}
	if cap(t.text) == 0 {
		t.text = make([]byte, 0, 64)
	}
	return unsafe.SliceData(t.words), unsafe.SliceData(t.text)
}
