// SPDX-License-Identifier: Apache-2.0

package mecha

// #include "flat.h"
import "C"

import (
	"context"
	"time"
)

// Entry is a name and its value: metadata, or a setting.
type Entry struct{ Key, Value string }

// RetryPattern says how the pauses between tries grow.
type RetryPattern uint32

// How the pauses between tries grow.
const (
	RetryConstant    RetryPattern = C.MECHA_RETRY_CONSTANT
	RetryLinear      RetryPattern = C.MECHA_RETRY_LINEAR
	RetryExponential RetryPattern = C.MECHA_RETRY_EXPONENTIAL
)

// RetryPolicy says when to try a failed operation again; it replaces the resource's policy for one
// call. Only failures that surely changed nothing are retried, unless the call is Idempotent.
type RetryPolicy struct {
	Pattern     RetryPattern
	Interval    time.Duration // the first pause; 0 = 100 ms
	MaxInterval time.Duration // no pause is longer; 0 = 10 s
	Limit       int           // tries after the first one; negative = until the deadline
}

// NoTimeout is a CallOptions.Timeout that never passes; the context's deadline holds all the same.
const NoTimeout time.Duration = -1

// CallOptions says how to run one call. It is part of the options of every verb.
type CallOptions struct {
	// Timeout covers all retries; 0 = the context's deadline, or else the runtime's default (60 s).
	Timeout time.Duration
	// Retry replaces the resource's policy; nil = that one.
	Retry *RetryPolicy
	// Idempotent: doing it twice is harmless, so ambiguous failures are retried.
	Idempotent bool
	// NeverInline: always by the queue, also where the answer is at hand. For measuring.
	NeverInline    bool
	Metadata       []Entry
	IdempotencyKey string
	// Trace replaces the context's.
	Trace Trace
}

// Trace is the W3C trace context that goes along with a call.
type Trace struct {
	Parent  string // traceparent
	State   string // tracestate
	Baggage string
}

type contextKey struct{}

// carried is what a context has for a call.
type carried struct {
	rt     *Runtime
	within uint64
	trace  Trace
}

func carriedBy(ctx context.Context) *carried {
	found, _ := ctx.Value(contextKey{}).(*carried)
	return found
}

// WithTrace gives a context whose calls carry trace.
func WithTrace(ctx context.Context, trace Trace) context.Context {
	next := &carried{trace: trace}
	if before := carriedBy(ctx); before != nil {
		next.rt, next.within = before.rt, before.within
	}
	return context.WithValue(ctx, contextKey{}, next)
}

// TraceOf tells the trace that calls with ctx carry: WithTrace's, or that of the request that a
// handler got ctx with.
func TraceOf(ctx context.Context) Trace {
	if found := carriedBy(ctx); found != nil {
		return found.trace
	}
	return Trace{}
}

// withRequest gives a context whose calls belong to a request.
func withRequest(ctx context.Context, rt *Runtime, id uint64, trace Trace) context.Context {
	return context.WithValue(ctx, contextKey{}, &carried{rt, id, trace})
}

const (
	callInline     = C.MECHA_CALL_INLINE
	callBorrow     = C.MECHA_CALL_BORROW
	callIdempotent = C.MECHA_CALL_IDEMPOTENT
)

// prepare fills an operation's call from the context and the options; the tape is empty before, and
// begins with what of it is text.
func (rt *Runtime) prepare(ctx context.Context, o *operation, options *CallOptions) error {
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	call := rt.newCall(o)
	trace := Trace{}
	if found := carriedBy(ctx); found != nil {
		if found.rt == rt {
			call.within = C.uint64_t(found.within)
		}
		trace = found.trace
	}
	var timeout time.Duration
	if deadline, ok := ctx.Deadline(); ok {
		if timeout = time.Until(deadline); timeout <= 0 {
			return contextError(ctx)
		}
	}
	if options == nil {
		call.timeout_ns = C.int64_t(timeout)
		o.putTrace(trace, "", nil)
		return nil
	}
	if timeout == 0 || (options.Timeout > 0 && options.Timeout < timeout) {
		timeout = options.Timeout
	}
	call.timeout_ns = C.int64_t(timeout)
	if options.NeverInline {
		call.flags = 0
	}
	if options.Idempotent {
		call.flags |= callIdempotent
	}
	if retry := options.Retry; retry != nil {
		o.putRetry(retry)
	}
	if options.Trace != (Trace{}) {
		trace = options.Trace
	}
	o.putTrace(trace, options.IdempotencyKey, options.Metadata)
	return nil
}
