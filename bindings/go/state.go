// SPDX-License-Identifier: Apache-2.0

package mecha

// #include "flat.h"
import "C"

import (
	"context"
	"encoding/json"
	"time"
	"unsafe"
)

// JSON is the content type of values stored as JSON; they must be JSON.
const JSON = "application/json"

// NeverExpires is a time to live that never ends, also where the component has a default.
const NeverExpires time.Duration = -1

// Consistency says how fresh a read must be, and how widely a write must have spread.
type Consistency uint32

// How fresh a read must be, and how widely a write must have spread.
const (
	ConsistencyDefault Consistency = C.MECHA_STATE_CONSISTENCY_DEFAULT
	Eventual           Consistency = C.MECHA_STATE_EVENTUAL
	Strong             Consistency = C.MECHA_STATE_STRONG
)

// State is a handle to one state store. Copy it as you like.
type State struct {
	rt   *Runtime
	name string
}

// State gives a handle to a state store. An unknown name shows at the first call.
func (rt *Runtime) State(name string) State { return State{rt, name} }

// Name is the store's name.
func (s State) Name() string { return s.name }

// Value is the bytes of one key. The zero Value is that of an absent key.
type Value struct {
	// Bytes are yours. Those of 512 B to 2 KB may share 16 KB of memory with values that were read
	// before and after: of many such values keep a few for long as bytes.Clone.
	Bytes   []byte
	ETag    string    // names this version; give it back to write only if nobody else has
	Expires time.Time // zero: never, or the store cannot tell
	IsJSON  bool      // it was stored as JSON
	Found   bool      // false for an absent key
}

// String is the bytes as text.
func (v Value) String() string { return string(v.Bytes) }

// Decode reads the bytes as JSON into what `into` points to.
func (v Value) Decode(into any) error { return json.Unmarshal(v.Bytes, into) }

// Item is one of several things that a call returned.
type Item struct {
	Status Status // OK, ErrNotFound for an absent key, or why it failed
	Err    error  // an *Error when it failed; nil for an absent key
	Group  string // a secret's name
	Key    string
	Number uint64
	Value
	ContentType string
}

// GetOptions says how to read.
type GetOptions struct {
	Consistency Consistency
	// Buffer, if it is large enough, is where the bytes go, so that nothing is allocated for them.
	Buffer []byte
	CallOptions
}

// SetOptions says how to set.
type SetOptions struct {
	ETag string // write only over this version (with FirstWrite)
	// FirstWrite: with an ETag it must match; without one the key must be absent.
	FirstWrite  bool
	ContentType string        // JSON, or anything else for bytes
	TTL         time.Duration // 0 = the component's default; NeverExpires; else at least this long
	Consistency Consistency
	CallOptions
}

// DeleteOptions says how to delete.
type DeleteOptions struct {
	ETag        string // delete only this version (with FirstWrite)
	FirstWrite  bool   // the ETag, if given, must match
	Consistency Consistency
	CallOptions
}

const stateFirstWrite = C.MECHA_STATE_FIRST_WRITE

func firstWrite(is bool) uint64 {
	if is {
		return stateFirstWrite
	}
	return 0
}

// Get reads one key. An absent key is no error: Value.Found is false.
func (s State) Get(ctx context.Context, key string, options ...GetOptions) (value Value, err error) {
	o, err := s.rt.enter()
	if err != nil {
		return value, err
	}
	defer s.rt.leave(o)
	var call *CallOptions
	var consistency Consistency
	var buffer []byte
	if len(options) > 0 {
		call, consistency = &options[0].CallOptions, options[0].Consistency
		buffer = options[0].Buffer
	}
	if err = s.rt.prepare(ctx, o, call); err != nil {
		return value, err
	}
	got, err := s.get(ctx, o, key, consistency, buffer)
	if err != nil {
		return value, err
	}
	if o.out.value_place == C.FLAT_VALUE_NONE {
		return got.value(0), nil
	}
	o.fill(&value, buffer)
	return value, nil
}

func (s State) get(ctx context.Context, o *operation, key string, consistency Consistency,
	buffer []byte) (reply, error) {
	o.out.value_place = C.FLAT_VALUE_NONE
	if o.call.has_extras != 0 {
		o.tape.string(s.name)
		o.tape.string(key)
		o.tape.number(uint64(consistency))
		return s.rt.submit(ctx, o, C.FLAT_STATE_GET)
	}
	o.call.store_size, o.call.key_size = C.uint64_t(len(s.name)), C.uint64_t(len(key))
	o.call.consistency = C.uint32_t(consistency)
	room := o.room(buffer)
	status := C.flat_state_get(&o.call, textStart(s.name), textStart(key), room, &o.out)
	if status == C.MECHA_PENDING || status == C.MECHA_BUSY {
		s.awaitGet(ctx, o, status, key)
	}
	if o.out.value_place != C.FLAT_VALUE_NONE {
		return reply{}, nil
	}
	return o.reply(ctx)
}

// fill reads what flat_state_get left. The value is filled where it stays: it is large.
func (o *operation) fill(value *Value, buffer []byte) {
	value.Found = true
	value.IsJSON = o.out.item_flags&itemJSON != 0
	if o.out.expires_unix_ms != 0 {
		value.Expires = time.UnixMilli(int64(o.out.expires_unix_ms))
	}
	size := int(o.out.value_size)
	if o.out.value_place == C.FLAT_VALUE_IN_ROOM {
		etag := o.block(o.out.etag_size)
		if cap(buffer) > 0 {
			value.Bytes, value.ETag = buffer[:size], string(etag)
			return
		}
		value.Bytes, value.ETag = o.shelf.take(size, etag)
		return
	}
	block := o.block(o.out.value_size + o.out.etag_size)
	if cap(buffer) >= size && cap(buffer) > 0 {
		value.Bytes, value.ETag = append(buffer[:0], block[:size]...), string(block[size:])
		return
	}
	both := append([]byte(nil), block...) // one allocation for the two
	value.Bytes, value.ETag = both[:size:size], textAt(both, size)
}

// awaitGet is for a get that was not over at once.
func (s State) awaitGet(ctx context.Context, o *operation, status C.int32_t, key string) {
	if s.rt.await(ctx, o, func() C.int32_t {
		if status != C.MECHA_PENDING {
			return C.flat_state_get(&o.call, textStart(s.name), textStart(key), o.noRoom(), &o.out)
		}
		return status
	}) {
		C.flat_take_value(o.out.result, &o.out)
	}
}

func textStart(text string) *C.char {
	return (*C.char)(unsafe.Pointer(unsafe.StringData(text)))
}

// call runs a verb whose arguments `put` writes onto the tape, and gives the reply to `read`.
func call[T any](ctx context.Context, rt *Runtime, options *CallOptions, verb C.uint32_t,
	put func(*operation), read func(*reply) T) (T, error) {
	var nothing T
	o, err := rt.enter()
	if err != nil {
		return nothing, err
	}
	defer rt.leave(o)
	if err := rt.prepare(ctx, o, options); err != nil {
		return nothing, err
	}
	put(o)
	got, err := rt.submit(ctx, o, verb)
	if err != nil && (!got.status.hasItems() || len(got.block) == 0) {
		return nothing, err
	}
	return read(&got), err
}

// hasItems: what comes with this status is worth reading.
func (status Status) hasItems() bool { return status == ErrPartial || status == ErrAborted }

func etagOf(got *reply) string {
	if got.count() == 0 {
		return ""
	}
	return got.text(itemWord(0) + C.FLAT_ITEM_ETAG)
}

// Set writes one key and gives its new etag. ErrAborted when an etag did not match, or the key exists
// already.
func (s State) Set(ctx context.Context, key string, value []byte, options ...SetOptions) (string,
	error) {
	set := optionsOf(options)
	return call(ctx, s.rt, &set.CallOptions, C.FLAT_STATE_SET, func(o *operation) {
		o.tape.string(s.name)
		o.tape.string(key)
		o.tape.bytes(value)
		o.tape.number(firstWrite(set.FirstWrite))
		o.tape.number(uint64(set.Consistency))
		o.tape.optional(set.ETag)
		o.tape.optional(set.ContentType)
		o.tape.number(milliseconds(set.TTL))
		o.borrow()
	}, etagOf)
}

// borrow lets the library use what is pinned until the event, instead of copying it; the tape itself
// is pinned, too. Not with arrays, which last for the call alone.
func (o *operation) borrow() {
	if !o.tape.isPinned || o.call.has_extras != 0 {
		return
	}
	o.tape.pins.Pin(unsafe.SliceData(o.tape.text))
	o.call.flags |= callBorrow
}

// milliseconds rounds up, so that something to live 1 ns lives.
func milliseconds(ttl time.Duration) uint64 {
	if ttl < 0 {
		return ^uint64(0) // -1
	}
	return uint64((ttl + time.Millisecond - 1) / time.Millisecond)
}

// Delete deletes one key. An absent key is success, unless an etag was to match.
func (s State) Delete(ctx context.Context, key string, options ...DeleteOptions) error {
	how := optionsOf(options)
	_, err := call(ctx, s.rt, &how.CallOptions, C.FLAT_STATE_DELETE, func(o *operation) {
		o.tape.string(s.name)
		o.tape.string(key)
		o.tape.number(firstWrite(how.FirstWrite))
		o.tape.number(uint64(how.Consistency))
		o.tape.optional(how.ETag)
	}, etagOf)
	return err
}

// GetMany reads several keys: item i belongs to key i. Keys may repeat. When some could not be read
// the items come with ErrPartial, and each says why in Err.
func (s State) GetMany(ctx context.Context, keys []string, options ...GetOptions) ([]Item, error) {
	how := optionsOf(options)
	return call(ctx, s.rt, &how.CallOptions, C.FLAT_STATE_GET_MANY, func(o *operation) {
		o.tape.string(s.name)
		o.tape.number(uint64(how.Consistency))
		o.tape.strings(keys)
	}, (*reply).items)
}
