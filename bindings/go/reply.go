// SPDX-License-Identifier: Apache-2.0

package mecha

// #include "flat.h"
import "C"

import (
	"context"
	"encoding/binary"
	"time"
	"unsafe"
)

// reply reads the block that C wrote: flat.h says what is where.
type reply struct {
	block []byte
	// isOwned: the block is nobody else's, so that what is read from it may stay in it.
	isOwned bool
	status  Status
}

// reply gives what a call left in the operation, and its error. A block that did not fit is fetched
// into memory of its own.
func (o *operation) reply(ctx context.Context) (reply, error) {
	got := reply{block: o.block(o.out.size), status: Status(o.out.status)}
	if o.out.result != 0 {
		got.block = make([]byte, o.out.needed)
		got.isOwned = true
		C.flat_take_large(&o.out, (*C.char)(unsafe.Pointer(unsafe.SliceData(got.block))))
	}
	if got.status == OK {
		return got, nil
	}
	if got.status == ErrNotFound && len(got.block) > 0 && got.word(C.FLAT_HEAD_ERROR) == 0 {
		return got, nil // an absent key
	}
	return got, got.failure().blame(ctx)
}

func (r *reply) word(index uint64) uint64 { return binary.NativeEndian.Uint64(r.block[8*index:]) }

// view is the text of two words; nil when it is absent.
func (r *reply) view(index uint64) []byte {
	at, size := r.word(index), r.word(index+1)
	if size == absent {
		return nil
	}
	return r.block[at : at+size : at+size]
}

// text is a string of two words, shared with the block if that is owned.
func (r *reply) text(index uint64) string {
	view := r.view(index)
	if !r.isOwned || len(view) == 0 {
		return string(view)
	}
	return unsafe.String(&view[0], len(view))
}

// bytes are those of two words, shared with the block if that is owned.
func (r *reply) bytes(index uint64) []byte {
	view := r.view(index)
	if r.isOwned || view == nil {
		return view
	}
	return append(make([]byte, 0, len(view)), view...)
}

func (r *reply) count() int {
	if len(r.block) == 0 {
		return 0
	}
	return int(r.word(C.FLAT_HEAD_ITEMS))
}

func (r *reply) page() string { return r.text(C.FLAT_HEAD_PAGE) }

// own makes the block the reply's, before many things are read from it.
func (r *reply) own() {
	if !r.isOwned {
		r.block = append(make([]byte, 0, len(r.block)), r.block...)
		r.isOwned = true
	}
}

func itemWord(index int) uint64 {
	return C.FLAT_HEAD_WORDS + uint64(index)*C.FLAT_ITEM_WORDS
}

func (r *reply) itemStatus(index int) Status {
	if index >= r.count() {
		return r.status
	}
	return Status(int32(r.word(itemWord(index) + C.FLAT_ITEM_STATUS)))
}

// value reads an item as a value.
func (r *reply) value(index int) Value {
	if index >= r.count() {
		return Value{}
	}
	word := itemWord(index)
	value := Value{
		Found:  r.itemStatus(index) == OK,
		IsJSON: uint32(r.word(word+C.FLAT_ITEM_STATUS)>>32)&itemJSON != 0,
	}
	if expires := int64(r.word(word + C.FLAT_ITEM_EXPIRES)); expires != 0 {
		value.Expires = time.UnixMilli(expires)
	}
	value.Bytes, value.ETag = r.valueAndETag(word)
	return value
}

// valueAndETag reads the two with one allocation.
func (r *reply) valueAndETag(word uint64) ([]byte, string) {
	if r.isOwned {
		return r.view(word + C.FLAT_ITEM_VALUE), r.text(word + C.FLAT_ITEM_ETAG)
	}
	bytes, etag := r.view(word+C.FLAT_ITEM_VALUE), r.view(word+C.FLAT_ITEM_ETAG)
	if bytes == nil && len(etag) == 0 {
		return nil, ""
	}
	both := make([]byte, len(bytes)+len(etag))
	copy(both, bytes)
	if len(etag) == 0 {
		return both, ""
	}
	copy(both[len(bytes):], etag)
	return both[:len(bytes):len(bytes)], unsafe.String(&both[len(bytes)], len(etag))
}

// items reads all of them; the block becomes the reply's.
func (r *reply) items() []Item {
	if r.count() == 0 {
		return nil
	}
	r.own()
	items := make([]Item, r.count())
	for i := range items {
		word := itemWord(i)
		items[i] = Item{
			Status: r.itemStatus(i),
			Group:  r.text(word + C.FLAT_ITEM_GROUP),
			Key:    r.text(word + C.FLAT_ITEM_KEY),
			Number: r.word(word + C.FLAT_ITEM_NUMBER),
			Value:  r.value(i),
		}
		items[i].ContentType = r.text(word + C.FLAT_ITEM_CONTENT_TYPE)
		if at := r.word(word + C.FLAT_ITEM_ERROR); at != 0 {
			items[i].Err = r.errorAt(at, items[i].Status)
		} else if items[i].Status.IsFailure() && items[i].Status != ErrNotFound {
			items[i].Err = &Error{Status: items[i].Status}
		}
	}
	return items
}

// failure is the error of the whole.
func (r *reply) failure() *Error {
	if len(r.block) == 0 {
		return &Error{Status: r.status}
	}
	failure := &Error{Status: r.status}
	if at := r.word(C.FLAT_HEAD_ERROR); at != 0 {
		failure = r.errorAt(at, r.status)
	}
	failure.MaybeApplied = uint32(r.word(C.FLAT_HEAD_STATUS)>>32)&resultMaybeApplied != 0
	failure.Tries = r.word(C.FLAT_HEAD_NUMBER)
	failure.Items = r.items()
	if failure.Message == "" && r.status == ErrPartial {
		failure.Message = "some items failed; each of them says why"
	}
	return failure
}

func (r *reply) errorAt(position uint64, status Status) *Error {
	word := position / 8
	failure := &Error{
		Status:    status,
		Message:   string(r.view(word + C.FLAT_ERROR_MESSAGE)),
		Retryable: Retryable(int32(r.word(word+C.FLAT_ERROR_STATUS) >> 32)),
	}
	for i := range failure.details {
		failure.details[i] = string(r.view(word + C.FLAT_ERROR_DETAILS + 2*uint64(i)))
	}
	return failure
}

const (
	itemJSON           = C.MECHA_ITEM_JSON
	resultMaybeApplied = C.MECHA_RESULT_MAYBE_APPLIED
)
