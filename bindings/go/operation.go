// SPDX-License-Identifier: Apache-2.0

package mecha

// #include "flat.h"
import "C"

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

const blockBytes = C.FLAT_BLOCK_SIZE // replies up to this size need no second call

// operation is what one call needs: its C structs, its tape, and room for a short reply. They are
// kept and used again. One goroutine has it at a time.
type operation struct {
	*slot
	call C.FlatCall
	out  C.FlatOut
	tape tape
	shelf
	place uint64 // among the spares
}

// slot is the part of an operation that the dispatcher finds by the call's token.
type slot struct {
	// isBusy while an operation is between enter and leave, or among the spares: Close dismisses
	// those and waits for the others.
	isBusy atomic.Bool
	done   chan completion // one per pending call
	index  uint32
	_      [40]byte // a cache line each
}

// completion is how a pending call ended. It goes through the channel, so that whoever waits finds it
// in memory of its own. With this size channels do not share cache lines.
type completion struct {
	result C.uint64_t
	status C.int32_t
	_      [20]byte
}

// slots are all of a runtime's. A slot's index never changes; what the garbage collector takes from
// the pool of operations comes back as a free slot.
type slots struct {
	all   atomic.Pointer[[]*slot]
	mutex sync.Mutex
	free  []*slot
}

func (table *slots) take() *slot {
	table.mutex.Lock()
	defer table.mutex.Unlock()
	if last := len(table.free) - 1; last >= 0 {
		taken := table.free[last]
		table.free = table.free[:last]
		return taken
	}
	var before []*slot
	if all := table.all.Load(); all != nil {
		before = *all
	}
	made := &slot{index: uint32(len(before)), done: make(chan completion, 1)}
	after := append(before, made) // readers of the shorter one do not see the new place
	table.all.Store(&after)
	return made
}

func (table *slots) putBack(s *slot) {
	table.mutex.Lock()
	defer table.mutex.Unlock()
	table.free = append(table.free, s)
}

func (table *slots) at(index uint64) *slot { return (*table.all.Load())[index] }

// areIdle says that no operation is between enter and leave.
func (table *slots) areIdle() bool {
	if all := table.all.Load(); all != nil {
		for _, s := range *all {
			if s.isBusy.Load() {
				return false
			}
		}
	}
	return true
}

// spares are operations at hand, so that most calls take one and put it back with one atomic step
// each. What finds no room goes to the pool.
type spares struct {
	places [64]struct {
		operation atomic.Pointer[operation]
		_         [56]byte // a cache line each
	}
}

// ownPlace is mostly the same for one goroutine's calls, and another's for another's: by the stack.
func ownPlace() uint64 {
	var here byte
	hash := uint64(uintptr(unsafe.Pointer(&here))>>11) * 0x9e3779b97f4a7c15
	return hash >> 58
}

// dismiss takes all out, for good.
func (s *spares) dismiss() {
	for i := range s.places {
		if o := s.places[i].operation.Swap(nil); o != nil {
			o.isBusy.Store(false)
		}
	}
}

// enter gives an operation to whoever is about to call C, or ErrClosed. The handle stays valid until
// leave.
func (rt *Runtime) enter() (*operation, error) {
	place := ownPlace()
	o := rt.spares.places[place].operation.Swap(nil)
	if o == nil {
		o = rt.another()
	}
	o.place = place
	if rt.isClosed.Load() {
		rt.leave(o)
		return nil, newError(ErrClosed, "the runtime is closed")
	}
	return o, nil
}

// another is one from the pool, or a new one.
func (rt *Runtime) another() *operation {
	o, _ := rt.operations.Get().(*operation)
	if o == nil {
		o = &operation{slot: rt.slots.take()}
		o.call.rt, o.call.queue, o.call.token = rt.number, rt.queue.number, C.uint64_t(o.index)
		table := rt.slots
		runtime.SetFinalizer(o, func(o *operation) { table.putBack(o.slot) })
	}
	o.isBusy.Store(true)
	return o
}

func (rt *Runtime) leave(o *operation) {
	o.tape.reset()
	if !rt.spares.places[o.place].operation.CompareAndSwap(nil, o) {
		o.isBusy.Store(false)
		rt.operations.Put(o)
	}
}

// newCall forgets the call before. What of C.FlatCall is not named here belongs to one verb.
func (o *operation) newCall() *C.FlatCall {
	o.call.within, o.call.timeout_ns, o.call.flags = 0, 0, callInline
	o.call.has_retry, o.call.has_extras, o.call.blocks = 0, 0, 0
	return &o.call
}

func (o *operation) putRetry(retry *RetryPolicy) {
	o.call.has_retry = 1
	o.call.retry_pattern = C.uint32_t(retry.Pattern)
	o.call.retry_interval_ns = C.int64_t(retry.Interval)
	o.call.retry_max_interval_ns = C.int64_t(retry.MaxInterval)
	o.call.retry_limit = C.int32_t(retry.Limit)
}

func (o *operation) putTrace(trace Trace, idempotencyKey string, metadata []Entry) {
	if trace.isEmpty() && idempotencyKey == "" && len(metadata) == 0 {
		return
	}
	o.call.has_extras = 1
	o.tape.optional(trace.Parent)
	o.tape.optional(trace.State)
	o.tape.optional(trace.Baggage)
	o.tape.optional(idempotencyKey)
	o.tape.entries(metadata)
}

// block is the beginning of what C wrote.
func (o *operation) block(size C.uint64_t) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(&o.out.block)), blockBytes)[:min(size, blockBytes)]
}

func (o *operation) tapePointers() (*C.uint64_t, *C.char) {
	words, text := o.tape.pointers()
	return (*C.uint64_t)(unsafe.Pointer(words)), (*C.char)(unsafe.Pointer(text))
}

// submit makes the call that the tape describes and waits for its reply. The reply's block is the
// operation's own and ends with leave, unless it is large: see reply.
func (rt *Runtime) submit(ctx context.Context, o *operation, verb C.uint32_t) (reply, error) {
	if rt.await(ctx, o, func() C.int32_t {
		words, text := o.tapePointers()
		return C.flat_submit(verb, &o.call, words, text, &o.out)
	}) {
		C.flat_take(o.out.result, &o.out)
	}
	return o.reply(ctx)
}

// await calls once, again while there is no room for it, and waits for the event that follows. True:
// there was one, and its result is to be taken.
func (rt *Runtime) await(ctx context.Context, o *operation, call func() C.int32_t) bool {
	status := call()
	if status == C.MECHA_BUSY {
		status = rt.awaitRoom(ctx, o, call)
	}
	if status != C.MECHA_PENDING {
		return false
	}
	rt.queue.start()
	rt.awaitEvent(ctx, o)
	return true
}

// awaitRoom tries again until the queue has room or the call's time is over.
func (rt *Runtime) awaitRoom(ctx context.Context, o *operation, call func() C.int32_t) C.int32_t {
	limit := time.Duration(o.call.timeout_ns)
	if limit == 0 {
		limit = time.Minute
	}
	started := time.Now()
	for pause := 50 * time.Microsecond; ; pause = min(2*pause, 5*time.Millisecond) {
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return C.MECHA_BUSY
		case <-timer.C:
		}
		if limit > 0 && time.Since(started) > limit {
			return C.MECHA_BUSY
		}
		if status := call(); status != C.MECHA_BUSY {
			return status
		}
	}
}

// awaitEvent parks until the operation's event is there. A context that is done cancels it; the
// event comes all the same, and says what became of it.
func (rt *Runtime) awaitEvent(ctx context.Context, o *operation) {
	var done completion
	if end := ctx.Done(); end == nil {
		done = <-o.done
	} else {
		select {
		case done = <-o.done:
		case <-end:
			C.mecha_runtime_cancel(rt.handle, C.mecha_op(o.out.op))
			done = <-o.done
		}
	}
	o.out.status, o.out.result = done.status, done.result
}

// complete hands an event to the goroutine that waits for it.
func (table *slots) complete(event *C.FlatEvent) {
	if event.kind != C.MECHA_EVENT_COMPLETION {
		C.flat_release(event.result)
		return
	}
	table.at(uint64(event.token)).done <- completion{result: event.result, status: event.status}
}
