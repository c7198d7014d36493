// SPDX-License-Identifier: Apache-2.0

package mecha

// #include "flat.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

const eventRequest = C.MECHA_EVENT_REQUEST

// take hands a request to a goroutine of its own, or to the channel.
func (r *Registration) take(event *C.FlatEvent) {
	if event.kind != eventRequest {
		C.flat_release(event.result)
		return
	}
	q := readRequest(event)
	q.rt, q.owner = r.rt, r
	q.context, q.cancel = context.WithCancelCause(withRequest(r.context, r.rt, q.id, q.Trace))
	r.open.add(q)
	if r.handler != nil {
		go r.run(q)
		return
	}
	select {
	case r.requests <- q:
	case <-r.stopping:
		_ = q.Retry(0) // nobody has seen it
	}
}

// run runs the handler and answers as it says.
func (r *Registration) run(q *Request) {
	verdict, pause := VerdictRetry, time.Duration(0)
	defer func() {
		// Also when the handler has ended its goroutine.
		if cause := recover(); cause != nil {
			r.rt.logger.Error("a handler panicked; the message comes again", q.attributes(
				slog.Any("panic", cause), slog.String("stack", string(debug.Stack())))...)
		}
		if !q.IsAnswered() {
			_ = q.Reply(verdict, pause) // too late: somebody else has it now
		}
	}()
	err := r.handler(q.context, q)
	if err == nil {
		verdict = VerdictOK
		return
	}
	if q.IsAnswered() {
		return
	}
	verdict, pause = verdictOf(err)
	r.rt.logger.Warn("a handler failed", q.attributes(slog.Any("error", err),
		slog.Bool("dropped", verdict == VerdictDrop))...)
}

func (q *Request) attributes(more ...any) []any {
	return append([]any{slog.String("component", q.Component), slog.String("topic", q.Topic),
		slog.String("message", q.MessageID), slog.Int("attempt", q.Attempt)}, more...)
}

// handlerError is what a handler returns to say more than that it failed.
type handlerError struct {
	verdict Verdict
	pause   time.Duration
	cause   error
}

func (e *handlerError) Error() string {
	if e.cause != nil {
		return e.cause.Error()
	}
	if e.verdict == VerdictDrop {
		return "mecha: drop the message"
	}
	return fmt.Sprintf("mecha: try the message again in %s", e.pause)
}

func (e *handlerError) Unwrap() error { return e.cause }

// Drop is the error of a handler that never wants to see the message again: it goes to the
// dead-letter topic if there is one. cause may be nil.
func Drop(cause error) error { return &handlerError{verdict: VerdictDrop, cause: cause} }

// RetryAfter is the error of a handler that wants the message again after a pause. cause may be nil.
func RetryAfter(pause time.Duration, cause error) error {
	return &handlerError{verdict: VerdictRetry, pause: pause, cause: cause}
}

func verdictOf(err error) (Verdict, time.Duration) {
	var said *handlerError
	if errors.As(err, &said) {
		return said.verdict, said.pause
	}
	return VerdictRetry, 0
}

// openRequests are those without an answer. While there are any, a goroutine asks every so often
// which of them were taken back, and cancels their contexts.
type openRequests struct {
	mutex     sync.Mutex
	all       map[*Request]struct{}
	isWatched bool
}

const watchInterval = 50 * time.Millisecond

func (open *openRequests) add(q *Request) {
	open.mutex.Lock()
	defer open.mutex.Unlock()
	if open.all == nil {
		open.all = map[*Request]struct{}{}
	}
	open.all[q] = struct{}{}
	if !open.isWatched {
		open.isWatched = true
		go open.watch()
	}
}

func (open *openRequests) remove(q *Request) {
	open.mutex.Lock()
	defer open.mutex.Unlock()
	delete(open.all, q)
}

func (open *openRequests) watch() {
	for {
		time.Sleep(watchInterval)
		for _, q := range open.list() {
			if err := q.Check(); err != nil {
				open.remove(q)
				q.cancel(err)
			}
		}
		if open.mayRest() {
			return
		}
	}
}

func (open *openRequests) list() []*Request {
	open.mutex.Lock()
	defer open.mutex.Unlock()
	all := make([]*Request, 0, len(open.all))
	for q := range open.all {
		all = append(all, q)
	}
	return all
}

func (open *openRequests) mayRest() bool {
	open.mutex.Lock()
	defer open.mutex.Unlock()
	if len(open.all) > 0 {
		return false
	}
	open.isWatched = false
	return true
}
