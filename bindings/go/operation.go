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
}

// slot is the part of an operation that the dispatcher finds by the call's token.
type slot struct {
	// isBusy while an operation is between enter and leave: Close waits for that to end.
	isBusy atomic.Bool
	done   chan struct{} // one event per pending call
	index  uint32
	status int32
	result uint64
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
	made := &slot{index: uint32(len(before)), done: make(chan struct{}, 1)}
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

// enter gives an operation to whoever is about to call C, or ErrClosed. The handle stays valid until
// leave.
func (rt *Runtime) enter() (*operation, error) {
	o, _ := rt.operations.Get().(*operation)
	if o == nil {
		o = &operation{slot: rt.slots.take()}
		table := rt.slots
		runtime.SetFinalizer(o, func(o *operation) { table.putBack(o.slot) })
	}
	o.isBusy.Store(true)
	if rt.isClosed.Load() {
		rt.leave(o)
		return nil, newError(ErrClosed, "the runtime is closed")
	}
	return o, nil
}

func (rt *Runtime) leave(o *operation) {
	o.tape.reset()
	o.isBusy.Store(false)
	rt.operations.Put(o)
}

func (rt *Runtime) newCall(o *operation) *C.FlatCall {
	o.call = C.FlatCall{rt: rt.number, queue: rt.queue.number, token: C.uint64_t(o.index),
		flags: callInline}
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
	if trace == (Trace{}) && idempotencyKey == "" && len(metadata) == 0 {
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
		C.flat_take(C.uint64_t(o.result), &o.out)
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
	if end := ctx.Done(); end == nil {
		<-o.done
	} else {
		select {
		case <-o.done:
		case <-end:
			C.mecha_runtime_cancel(rt.handle, C.mecha_op(o.out.op))
			<-o.done
		}
	}
	o.out.status = C.int32_t(o.slot.status)
}

// complete hands an event to the goroutine that waits for it.
func (table *slots) complete(event *C.FlatEvent) {
	s := table.at(uint64(event.token))
	s.status = int32(event.status)
	s.result = uint64(event.result)
	s.done <- struct{}{}
}
