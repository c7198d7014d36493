// SPDX-License-Identifier: Apache-2.0

package mecha

// #include "flat.h"
import "C"

import (
	"context"
	"encoding/json"
	"log/slog"
	"runtime"
	"runtime/cgo"
	"sync"
	"sync/atomic"
	"time"
)

// Options says what a runtime is made of.
type Options struct {
	// AppID is needed unless every store's keyPrefix is `none` or `name` and every pubsub component
	// has a consumerID.
	AppID     string
	Namespace string // empty = none
	// ResourcePaths are files, or folders of .yaml files, read in this order.
	ResourcePaths []string
	// ResourceTexts are YAML documents, read after the paths.
	ResourceTexts []string
	// Settings by name: docs/settings.md. An unknown one is an error.
	Settings map[string]string
	// UsesEnvironment: read NAMESPACE, POD_NAME and envRef values from the environment.
	UsesEnvironment bool
	// LendsThreads: the runtime starts no thread; call Run.
	LendsThreads bool
	// Logger gets what the library has to say, and what handlers did wrong; nil = slog.Default().
	Logger *slog.Logger
	// MaxInFlight is how many calls may wait at once; more of them wait for a place. 0 = 65536.
	MaxInFlight int
	// ThreadStarted and ThreadStopping are called on each thread of the library.
	ThreadStarted, ThreadStopping func(name string)
}

// Runtime is one app id, its components, and what serves them. A program may have several. Close it
// when it is not needed any more.
type Runtime struct {
	handle     *C.mecha_runtime
	number     C.uint64_t // the same
	queue      *queue
	logs       *queue
	logger     *slog.Logger
	hooks      cgo.Handle // 0 without hooks
	slots      *slots
	spares     spares
	operations sync.Pool
	isClosed   atomic.Bool
	closing    sync.Mutex
	served     servedTable
}

const (
	openUsesEnvironment = C.MECHA_OPEN_USE_ENVIRONMENT
	openLendsThreads    = C.MECHA_OPEN_HOST_THREADS
	suspendKeeps        = C.MECHA_SUSPEND_KEEP_CONNECTIONS
)

// Open reads and checks the resources. It starts and connects nothing. A mistake in YAML is an error
// with its file and line.
func Open(options Options) (*Runtime, error) {
	if err := checkVersion(uint32(C.mecha_version()), builtAgainst); err != nil {
		return nil, err
	}
	rt := &Runtime{slots: new(slots), logger: options.Logger}
	if rt.logger == nil {
		rt.logger = slog.Default()
	}
	if err := rt.open(&options); err != nil {
		return nil, err
	}
	if err := rt.openQueues(&options); err != nil {
		rt.Close()
		return nil, err
	}
	return rt, nil
}

// OpenAndStart is Open and Start in one.
func OpenAndStart(ctx context.Context, options Options) (*Runtime, error) {
	rt, err := Open(options)
	if err != nil {
		return nil, err
	}
	if err := rt.Start(ctx); err != nil {
		rt.Close()
		return nil, err
	}
	return rt, nil
}

func (rt *Runtime) open(options *Options) error {
	o := rt.spare()
	defer o.tape.reset()
	var flags, hooks uint64
	if options.UsesEnvironment {
		flags |= openUsesEnvironment
	}
	if options.LendsThreads {
		flags |= openLendsThreads
	}
	if options.ThreadStarted != nil {
		hooks |= 1
	}
	if options.ThreadStopping != nil {
		hooks |= 2
	}
	if hooks != 0 {
		rt.hooks = cgo.NewHandle(threadHooks{options.ThreadStarted, options.ThreadStopping})
	}
	o.tape.number(flags)
	o.tape.number(hooks)
	o.tape.optional(options.AppID)
	o.tape.optional(options.Namespace)
	o.tape.strings(options.ResourcePaths)
	o.tape.strings(options.ResourceTexts)
	o.tape.entries(sortedEntries(options.Settings))
	words, text := o.tapePointers()
	C.flat_open(words, text, C.uintptr_t(rt.hooks), &o.out)
	rt.handle, rt.number = (*C.mecha_runtime)(handleAt(o.out.handle)), o.out.handle
	err := o.ownError()
	if err != nil {
		rt.freeHooks()
	}
	return err
}

// spare is an operation for functions that are not submitted.
func (rt *Runtime) spare() *operation {
	return &operation{slot: new(slot)}
}

// ownError is the error that a function gave by itself.
func (o *operation) ownError() error {
	if o.out.status == C.MECHA_OK {
		return nil
	}
	got := reply{block: o.block(o.out.size), status: Status(o.out.status)}
	return got.failure()
}

func (rt *Runtime) openQueues(options *Options) (err error) {
	rt.queue, err = openQueue(rt.handle, 0, uint32(options.MaxInFlight), rt.slots.complete)
	if err != nil {
		return err
	}
	rt.logs, err = openQueue(rt.handle, queueLogs, 0, rt.log)
	if err != nil {
		return err
	}
	rt.logs.start()
	return nil
}

// Start starts every component, and returns when each is ready or has failed. It fails with the
// first broken component's error, and may then be called again. A component's initTimeout bounds it;
// ctx is asked before only.
func (rt *Runtime) Start(ctx context.Context) error {
	return rt.change(ctx, func(o *operation) {
		C.flat_start(rt.handle, &o.out)
	})
}

// Resume takes up work again after Suspend; it returns when the components are back.
func (rt *Runtime) Resume(ctx context.Context) error {
	return rt.change(ctx, func(o *operation) {
		C.flat_resume(rt.handle, &o.out)
	})
}

func (rt *Runtime) change(ctx context.Context, call func(*operation)) error {
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	o, err := rt.enter()
	if err != nil {
		return err
	}
	defer rt.leave(o)
	call(o)
	return o.ownError()
}

// SuspendOptions says how to suspend.
type SuspendOptions struct {
	KeepConnections bool // leave sockets and files open: for short freezes
}

// Suspend brings everything to rest before a freeze: no thread, socket or file of the library is
// left. Calls get ErrSuspended until Resume. What runs may take until ctx's deadline, or a minute.
// The text is a report as JSON.
func (rt *Runtime) Suspend(ctx context.Context, options ...SuspendOptions) (string, error) {
	var flags C.uint32_t
	if optionsOf(options).KeepConnections {
		flags |= suspendKeeps
	}
	return rt.report(ctx, func(o *operation) {
		C.flat_suspend(rt.handle, C.int64_t(timeLeft(ctx)), flags, &o.out)
	})
}

// Shutdown ends all work: new calls are refused, what runs and the handlers of messages may take
// until ctx's deadline, or a minute. The text is a report as JSON; on ErrDeadlineExceeded it is item
// 0 of the error. Close it afterwards.
func (rt *Runtime) Shutdown(ctx context.Context) (string, error) {
	return rt.report(ctx, func(o *operation) {
		C.flat_shutdown(rt.handle, C.int64_t(timeLeft(ctx)), &o.out)
	})
}

// Describe tells what there is as JSON: components, health, subscriptions, warnings, counters.
func (rt *Runtime) Describe() (string, error) {
	return rt.report(context.Background(), func(o *operation) {
		C.flat_describe(rt.handle, &o.out)
	})
}

// Metrics gives the counters of every operation, in Prometheus text form.
func (rt *Runtime) Metrics() (string, error) {
	return rt.report(context.Background(), func(o *operation) {
		C.flat_metrics(rt.handle, &o.out)
	})
}

// Warnings lists the warnings of Describe.
func (rt *Runtime) Warnings() ([]string, error) {
	text, err := rt.Describe()
	if err != nil {
		return nil, err
	}
	var described struct {
		Warnings []struct{ Message string }
	}
	if err := json.Unmarshal([]byte(text), &described); err != nil {
		return nil, newError(ErrInternal, "describe is not the JSON it should be: "+err.Error())
	}
	warnings := make([]string, len(described.Warnings))
	for i, warning := range described.Warnings {
		warnings[i] = warning.Message
	}
	return warnings, nil
}

func (rt *Runtime) report(ctx context.Context, call func(*operation)) (string, error) {
	o, err := rt.enter()
	if err != nil {
		return "", err
	}
	defer rt.leave(o)
	call(o)
	got, err := o.reply(ctx)
	if err != nil || got.count() == 0 {
		return "", err
	}
	return got.text(itemWord(0) + C.FLAT_ITEM_VALUE), nil
}

// ApplyResources adds resources while the runtime runs, or replaces those of their names. This version
// takes documents of kind Subscription.
func (rt *Runtime) ApplyResources(ctx context.Context, text string, options ...CallOptions) error {
	return rt.simple(ctx, options, C.FLAT_RESOURCE_APPLY, text)
}

// DeleteResource takes a resource away while the runtime runs; a subscription ends in order.
func (rt *Runtime) DeleteResource(ctx context.Context, kind, name string,
	options ...CallOptions) error {
	return rt.simple(ctx, options, C.FLAT_RESOURCE_DELETE, kind, name)
}

// Ping sends one real request to a component's back-end. It takes a thread until that answers.
func (rt *Runtime) Ping(ctx context.Context, component string, options ...CallOptions) error {
	return rt.simple(ctx, options, C.FLAT_COMPONENT_PING, component)
}

// simple makes a call that takes texts and returns nothing.
func (rt *Runtime) simple(ctx context.Context, options []CallOptions, verb C.uint32_t,
	texts ...string) error {
	o, err := rt.enter()
	if err != nil {
		return err
	}
	defer rt.leave(o)
	if err := rt.prepare(ctx, o, firstOf(options)); err != nil {
		return err
	}
	if verb == C.FLAT_COMPONENT_PING {
		o.call.blocks = 1
		o.call.flags &^= callInline
	}
	for _, text := range texts {
		o.tape.string(text)
	}
	_, err = rt.submit(ctx, o, verb)
	return err
}

// Run lends this goroutine's thread to the runtime for up to timeout (LendsThreads only); negative =
// for ever. It tells how many pieces of work ran.
func (rt *Runtime) Run(timeout time.Duration) (int, error) {
	o, err := rt.enter()
	if err != nil {
		return 0, err
	}
	defer rt.leave(o)
	count := C.mecha_runtime_run(rt.handle, C.int64_t(timeout))
	if count < 0 {
		return 0, newError(Status(count), "the runtime cannot run on this thread")
	}
	return int(count), nil
}

// FD is the descriptor that is readable when Run has work; -1 without LendsThreads. Do not close it.
func (rt *Runtime) FD() int {
	o, err := rt.enter()
	if err != nil {
		return -1
	}
	defer rt.leave(o)
	return int(C.mecha_runtime_fd(rt.handle))
}

// AdvanceClock moves the runtime's clock forward, for tests. Unstable: not promised.
func (rt *Runtime) AdvanceClock(by time.Duration) error {
	o, err := rt.enter()
	if err != nil {
		return err
	}
	defer rt.leave(o)
	if status := Status(C.mecha_clock_advance(rt.handle, C.int64_t(by))); status != OK {
		return newError(status, "the clock cannot be moved by "+by.String())
	}
	return nil
}

// Close shuts down at once, if Shutdown was not called, and frees everything. Calls that run get
// ErrClosed or ErrCancelled. It returns when they have. A second Close does nothing.
func (rt *Runtime) Close() error {
	rt.closing.Lock()
	defer rt.closing.Unlock()
	if rt.isClosed.Load() {
		return nil
	}
	C.mecha_runtime_shutdown(rt.handle, 0, nil)
	rt.isClosed.Store(true)
	rt.served.closeAll()
	rt.spares.dismiss()
	for pause := 10 * time.Microsecond; !rt.slots.areIdle(); pause = min(2*pause, time.Millisecond) {
		time.Sleep(pause)
		rt.spares.dismiss()
	}
	for _, q := range []*queue{rt.queue, rt.logs} {
		if q != nil {
			q.close()
		}
	}
	C.mecha_runtime_free(rt.handle)
	rt.freeHooks()
	runtime.KeepAlive(rt)
	return nil
}

func (rt *Runtime) freeHooks() {
	if rt.hooks != 0 {
		rt.hooks.Delete()
		rt.hooks = 0
	}
}

func timeLeft(ctx context.Context) time.Duration {
	if ctx.Err() != nil {
		return 0
	}
	if deadline, ok := ctx.Deadline(); ok {
		return max(time.Until(deadline), 0)
	}
	return time.Minute
}
