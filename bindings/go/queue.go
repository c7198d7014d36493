// SPDX-License-Identifier: Apache-2.0

package mecha

// #include "flat.h"
import "C"

import (
	"os"
	"sync"
	"syscall"
	"unsafe"
)

const batch = 256 // events taken at once

// queue is a completion queue and the goroutine that drains it. The goroutine sleeps in Go's network
// poller, so that it takes no thread.
type queue struct {
	handle  *C.mecha_queue
	number  C.uint64_t // the same
	once    sync.Once
	file    *os.File // a duplicate of the queue's descriptor
	ended   chan struct{}
	handler func(*C.FlatEvent)
}

const queueLogs = C.MECHA_QUEUE_LOGS

func openQueue(rt *C.mecha_runtime, flags, maxInFlight uint32, handler func(*C.FlatEvent)) (*queue,
	error) {
	var out C.FlatOut
	status := Status(C.flat_queue_open(rt, C.uint32_t(flags), C.uint32_t(maxInFlight), &out))
	if status != OK {
		return nil, newError(status, "no completion queue could be opened")
	}
	q := &queue{handle: (*C.mecha_queue)(handleAt(out.handle)), number: out.handle, ended: make(chan struct{}),
		handler: handler}
	descriptor, err := syscall.Dup(int(C.mecha_queue_fd(q.handle)))
	if err != nil {
		C.mecha_queue_free(q.handle)
		return nil, newError(ErrResourceExhausted, "no descriptor is left for a queue: "+err.Error())
	}
	syscall.CloseOnExec(descriptor)
	q.file = os.NewFile(uintptr(descriptor), "mecha queue")
	return q, nil
}

// start begins to drain it, at the first event that is waited for.
func (q *queue) start() {
	q.once.Do(func() { go q.drain() })
}

func (q *queue) drain() {
	defer close(q.ended)
	connection, err := q.file.SyscallConn()
	if err != nil {
		return
	}
	events := make([]C.FlatEvent, batch)
	// An error says that the file is closed, which close does.
	_ = connection.Read(func(uintptr) bool { return q.takeAll(events) })
}

// takeAll handles what waits; true when the queue is closed, false when it is empty.
func (q *queue) takeAll(events []C.FlatEvent) bool {
	for {
		count := C.flat_queue_poll(q.handle, &events[0], batch)
		if count <= 0 {
			return count < 0
		}
		for i := range events[:count] {
			q.handler(&events[i])
		}
	}
}

// close ends the goroutine after the events that wait, then frees the queue. Nothing may be pending.
func (q *queue) close() {
	C.mecha_queue_close(q.handle)
	q.file.Close()
	q.once.Do(func() { close(q.ended) })
	<-q.ended
	C.mecha_queue_free(q.handle)
}

// handleAt turns a number that C gave for a pointer of its own into one.
func handleAt(number C.uint64_t) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&number))
}
