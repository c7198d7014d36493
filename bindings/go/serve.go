// SPDX-License-Identifier: Apache-2.0

package mecha

// #include "flat.h"
import "C"

import (
	"context"
	"sync"
	"time"
	"unsafe"
)

// Kind says what is served.
type Kind uint32

// What is served. Those beside topics and paths are reserved: ErrUnimplemented.
const (
	KindTopic   Kind = C.MECHA_SERVE_TOPIC
	KindRoute   Kind = C.MECHA_SERVE_ROUTE
	KindBinding Kind = C.MECHA_SERVE_BINDING
	KindConfig  Kind = C.MECHA_SERVE_CONFIG
	KindJob     Kind = C.MECHA_SERVE_JOB
	KindMethod  Kind = C.MECHA_SERVE_METHOD
	KindActor   Kind = C.MECHA_SERVE_ACTOR
)

// Ordering says which requests may be open side by side.
type Ordering uint32

// Which requests may be open side by side.
const (
	OrderNone   Ordering = C.MECHA_ORDER_NONE
	OrderPerKey Ordering = C.MECHA_ORDER_PER_KEY // one at a time for each ordering key
	OrderSerial Ordering = C.MECHA_ORDER_SERIAL  // one at a time
)

// ServeOptions says what to serve and how. Make it with Topics, Paths or Spec.
type ServeOptions struct {
	Kind      Kind     // 0 = KindTopic
	Component string   // the pubsub component of the topics
	Names     []string // topics, or paths: "/orders", "/orders/*", "*"
	// Spec is that of a v2alpha1 Subscription, in YAML or JSON: instead of Component, Names and
	// Settings.
	Spec string
	// Token comes back with each request.
	Token uint64
	// Credit is how many requests may be open: in handlers, and not answered. 0 = 64.
	Credit int
	Paused bool // begin without credit; see Registration.SetCredit
	// Snapshot is reserved.
	Snapshot     bool
	Ordering     Ordering
	Batch        bool          // requests hold several messages
	BatchMax     int           // messages per batch; 0 = 100
	BatchWait    time.Duration // how long one waits to fill; 0 = 1 s; negative = not at all
	ReplyTimeout time.Duration // without an answer by then the message comes again; 0 = 60 s
	Settings     []Entry       // of topics: the subscription's metadata
	CallOptions
}

// Topics subscribes to topics of a pubsub component.
func Topics(component string, topics ...string) ServeOptions {
	return ServeOptions{Component: component, Names: topics}
}

// Paths offers paths to the subscriptions that the resources declare.
func Paths(paths ...string) ServeOptions { return ServeOptions{Kind: KindRoute, Names: paths} }

// Spec subscribes as the spec of a v2alpha1 Subscription says, in YAML or JSON.
func Spec(spec string) ServeOptions { return ServeOptions{Spec: spec} }

// Handler handles a request. nil: done. An error: the message comes again after a pause, and the
// error is logged; Drop and RetryAfter make errors that say more. A panic is as an error. A handler
// that has answered by itself (Reply, ReplyEach) returns what it likes.
//
// The calls it makes with ctx belong to the request. ctx is cancelled when the message was taken back,
// or the time is over.
type Handler func(ctx context.Context, request *Request) error

// Registration is something that is served. Stop it, or close the runtime.
type Registration struct {
	rt       *Runtime
	queue    *queue
	context  context.Context
	handler  Handler
	requests chan *Request // without a handler
	stopping chan struct{}
	once     sync.Once

	handle *C.mecha_registration
	inUse  sync.RWMutex // for writing: to free it
	open   openRequests
}

// Serve registers what handler serves, and returns when it is live. Each request runs on a goroutine
// of its own, as many as Credit says. The values of ctx reach the handlers; its end does not end the
// registration.
func (rt *Runtime) Serve(ctx context.Context, options ServeOptions, handler Handler) (*Registration,
	error) {
	return rt.register(ctx, &options, &Registration{handler: handler})
}

// Subscribe is Serve with a channel instead of a handler: take requests from Requests and answer
// each of them.
func (rt *Runtime) Subscribe(ctx context.Context, options ServeOptions) (*Registration, error) {
	return rt.register(ctx, &options, &Registration{requests: make(chan *Request)})
}

// Receive serves until ctx is done, then stops in order: handlers may take up to a minute more.
func (rt *Runtime) Receive(ctx context.Context, options ServeOptions, handler Handler) error {
	registration, err := rt.Serve(ctx, options, handler)
	if err != nil {
		return err
	}
	<-ctx.Done()
	_, err = registration.Stop(context.WithoutCancel(ctx))
	return err
}

func (rt *Runtime) register(ctx context.Context, options *ServeOptions, r *Registration) (
	*Registration, error) {
	o, err := rt.enter()
	if err != nil {
		return nil, err
	}
	defer rt.leave(o)
	if err := rt.prepare(ctx, o, &options.CallOptions); err != nil {
		return nil, err
	}
	r.rt, r.stopping = rt, make(chan struct{})
	r.context = context.WithoutCancel(ctx)
	if r.queue, err = openQueue(rt.handle, 0, 0, r.take); err != nil {
		return nil, err
	}
	r.queue.start()
	options.put(&o.tape)
	words, text := o.tapePointers()
	if rt.await(ctx, o, func() C.int32_t {
		return C.flat_serve(r.queue.handle, &o.call, words, text, &o.out)
	}) {
		C.flat_take(o.out.result, &o.out)
	}
	_, err = o.reply(ctx)
	r.handle = (*C.mecha_registration)(handleAt(o.out.handle))
	if err != nil {
		r.free()
		return nil, err
	}
	rt.served.add(r)
	return r, nil
}

const (
	serveBatch    = C.MECHA_SERVE_BATCH
	serveSnapshot = C.MECHA_SERVE_SNAPSHOT
	servePaused   = C.MECHA_SERVE_PAUSED
)

func (options *ServeOptions) put(t *tape) {
	kind := options.Kind
	if kind == 0 {
		kind = KindTopic
	}
	flags := serveBatch*isSet(options.Batch) | serveSnapshot*isSet(options.Snapshot) |
		servePaused*isSet(options.Paused)
	t.number(uint64(kind))
	t.optional(options.Component)
	t.number(uint64(max(options.Credit, 0)))
	t.number(flags)
	t.number(uint64(options.Ordering))
	t.number(uint64(max(options.BatchMax, 0)))
	t.number(uint64(options.BatchWait))
	t.number(uint64(options.ReplyTimeout))
	t.number(options.Token)
	t.optional(options.Spec)
	t.strings(options.Names)
	t.entries(options.Settings)
}

// Requests is where Subscribe's requests come. It is closed when the registration has ended.
func (r *Registration) Requests() <-chan *Request { return r.requests }

// SetCredit changes how many requests may be open. 0 pauses: nothing more comes, open ones stay open.
func (r *Registration) SetCredit(credit int) error {
	r.inUse.RLock()
	defer r.inUse.RUnlock()
	o, err := r.rt.enter()
	if err != nil {
		return err
	}
	defer r.rt.leave(o)
	if r.handle == nil {
		return newError(ErrClosed, "the registration is stopped")
	}
	if status := Status(C.mecha_serve_credit(r.handle, C.uint32_t(max(credit, 0)))); status != OK {
		return newError(status, "the credit cannot be changed")
	}
	return nil
}

// Stop ends it, and returns when its handlers have answered, or at ctx's deadline (a minute without
// one): then open requests are cancelled, their messages come again, and the error is
// ErrDeadlineExceeded. The text is a report as JSON. Not from a handler of its own.
func (r *Registration) Stop(ctx context.Context, options ...CallOptions) (string, error) {
	report, err := r.drain(ctx, firstOf(options))
	if StatusOf(err) != ErrClosed {
		r.free()
	}
	return report, err
}

func (r *Registration) drain(ctx context.Context, options *CallOptions) (string, error) {
	r.inUse.RLock()
	defer r.inUse.RUnlock()
	o, err := r.rt.enter()
	if err != nil {
		return "", err
	}
	defer r.rt.leave(o)
	if r.handle == nil {
		return "", newError(ErrClosed, "the registration is stopped already")
	}
	if err := r.rt.prepare(ctx, o, options); err != nil {
		return "", err
	}
	r.once.Do(func() { close(r.stopping) })
	o.call.registration = C.uint64_t(uintptr(unsafe.Pointer(r.handle)))
	got, err := r.rt.submit(ctx, o, C.FLAT_SERVE_STOP)
	if err != nil || got.count() == 0 {
		return "", err
	}
	return got.text(itemWord(0) + C.FLAT_ITEM_VALUE), nil
}

// Close ends it without waiting for handlers.
func (r *Registration) Close() error {
	r.free()
	return nil
}

// free ends what is left of it. Twice does no harm.
func (r *Registration) free() {
	r.once.Do(func() { close(r.stopping) })
	r.inUse.Lock()
	defer r.inUse.Unlock()
	if r.queue == nil {
		return
	}
	C.mecha_registration_free(r.handle)
	r.queue.close()
	r.handle, r.queue = nil, nil
	if r.requests != nil {
		close(r.requests)
	}
	r.rt.served.remove(r)
}

// servedTable is what Close has to end.
type servedTable struct {
	mutex sync.Mutex
	all   map[*Registration]struct{}
}

func (table *servedTable) add(r *Registration) {
	table.mutex.Lock()
	defer table.mutex.Unlock()
	if table.all == nil {
		table.all = map[*Registration]struct{}{}
	}
	table.all[r] = struct{}{}
}

func (table *servedTable) remove(r *Registration) {
	table.mutex.Lock()
	defer table.mutex.Unlock()
	delete(table.all, r)
}

func (table *servedTable) closeAll() {
	table.mutex.Lock()
	all := make([]*Registration, 0, len(table.all))
	for r := range table.all {
		all = append(all, r)
	}
	table.mutex.Unlock()
	for _, r := range all {
		r.free()
	}
}
