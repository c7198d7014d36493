// SPDX-License-Identifier: Apache-2.0

package mecha_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mecha.dev/mecha"
)

func descriptors(t *testing.T) int {
	t.Helper()
	return len(must[[]os.DirEntry](t)(os.ReadDir("/proc/self/fd")))
}

func TestUseAfterClose(t *testing.T) {
	rt := open(t, inMemory+"---"+secretFile(t))
	store := rt.State("store")
	registration := must[*mecha.Registration](t)(rt.Subscribe(ctx, mecha.Topics("messages", "a")))
	must[mecha.Published](t)(rt.PubSub("messages").Publish(ctx, "a", mecha.Message{}))
	q := <-registration.Requests()
	for range 2 {
		if err := rt.Close(); err != nil {
			t.Fatal(err)
		}
	}
	uses := map[string]func() error{
		"get":      func() error { _, err := store.Get(ctx, "k"); return err },
		"set":      func() error { _, err := store.Set(ctx, "k", nil); return err },
		"delete":   func() error { return store.Delete(ctx, "k") },
		"apply":    func() error { _, err := store.Apply(ctx, nil); return err },
		"secret":   func() error { _, err := rt.Secrets("vault").Get(ctx, "token"); return err },
		"publish":  func() error { _, err := rt.PubSub("messages").Publish(ctx, "a", mecha.Message{}); return err },
		"serve":    func() error { _, err := rt.Subscribe(ctx, mecha.Topics("messages", "a")); return err },
		"stop":     func() error { _, err := registration.Stop(ctx); return err },
		"credit":   func() error { return registration.SetCredit(1) },
		"reply":    q.Ack,
		"check":    q.Check,
		"extend":   func() error { return q.Extend(1) },
		"start":    func() error { return rt.Start(ctx) },
		"suspend":  func() error { _, err := rt.Suspend(ctx); return err },
		"resume":   func() error { return rt.Resume(ctx) },
		"shutdown": func() error { _, err := rt.Shutdown(ctx); return err },
		"describe": func() error { _, err := rt.Describe(); return err },
		"metrics":  func() error { _, err := rt.Metrics(); return err },
		"ping":     func() error { return rt.Ping(ctx, "store") },
		"run":      func() error { _, err := rt.Run(0); return err },
		"clock":    func() error { return rt.AdvanceClock(1) },
	}
	for name, use := range uses {
		if err := use(); !errors.Is(err, mecha.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if registration.Close() != nil || rt.FD() != -1 {
		t.Error("closing a registration of a closed runtime")
	}
	await(t, "the end of the request's context", func() bool { return q.Context().Err() != nil })
}

// Calls of many goroutines while the runtime is closed under them: each ends, with an error that
// says so, and nothing is left.
func TestCloseDuringCalls(t *testing.T) {
	folder := t.TempDir()
	before := descriptors(t)
	for _, resources := range []string{inMemory, sqlite(folder)} {
		for round := range 10 {
			rt := open(t, resources)
			must[*mecha.Registration](t)(rt.Serve(ctx, mecha.Topics("messages", "a"),
				func(ctx context.Context, _ *mecha.Request) error {
					_, err := rt.State("store").Get(ctx, "k")
					return err
				}))
			var all sync.WaitGroup
			for worker := range 16 {
				all.Add(1)
				go func() {
					defer all.Done()
					callUntilClosed(t, rt, worker)
				}()
			}
			time.Sleep(time.Duration(rand.IntN(10+round)) * time.Millisecond)
			rt.Close()
			all.Wait()
		}
	}
	await(t, "every descriptor to be closed", func() bool { return descriptors(t) <= before+2 })
}

func callUntilClosed(t *testing.T, rt *mecha.Runtime, worker int) {
	store := rt.State("store")
	key := "k" + strconv.Itoa(worker)
	for {
		var err error
		switch rand.IntN(4) {
		case 0:
			_, err = store.Get(ctx, key)
		case 1:
			_, err = store.Get(ctx, key, mecha.GetOptions{CallOptions: viaQueue})
		case 2:
			_, err = store.Set(ctx, key, make([]byte, 40000))
		case 3:
			_, err = rt.PubSub("messages").Publish(ctx, "a", mecha.Message{})
		}
		switch mecha.StatusOf(err) {
		case mecha.OK:
		case mecha.ErrClosed, mecha.ErrCancelled:
			return
		default:
			t.Error(err)
			return
		}
	}
}

// A context that is cancelled a thousand times: each call ends, as it says, and none is left.
func TestCancelling(t *testing.T) {
	for name, resources := range map[string]string{"memory": inMemory, "sqlite": sqlite(t.TempDir())} {
		t.Run(name, func(t *testing.T) {
			rt := open(t, resources)
			store := rt.State("store")
			must[string](t)(store.Set(ctx, "k", []byte("v")))
			var cancelled atomic.Int32
			for i := range 1000 {
				short, cancel := context.WithCancelCause(ctx)
				go cancel(errors.New("enough"))
				var err error
				if i%2 == 0 {
					_, err = store.Get(short, "k", mecha.GetOptions{CallOptions: viaQueue})
				} else {
					_, err = store.Set(short, "k", make([]byte, 20000), mecha.SetOptions{CallOptions: viaQueue})
				}
				if err != nil {
					cancelled.Add(1)
					wantError(t, err, context.Canceled)
					wantError(t, err, mecha.ErrCancelled)
				}
			}
			t.Log(cancelled.Load(), "of 1000 were cancelled")
			if got := must[mecha.Value](t)(store.Get(ctx, "k")); !got.Found {
				t.Fatal("the value is gone")
			}
			wantNothingLeft(t, rt)
		})
	}
	before, cancel := context.WithCancel(ctx)
	cancel()
	_, err := open(t, inMemory).State("store").Get(before, "k")
	wantError(t, err, context.Canceled)
}

// What waits for a long time ends when its context does.
func TestDeadlines(t *testing.T) {
	rt := open(t, inMemory)
	registration := must[*mecha.Registration](t)(rt.Subscribe(ctx, mecha.Topics("messages", "a")))
	must[mecha.Published](t)(rt.PubSub("messages").Publish(ctx, "a", mecha.Message{}))
	q := <-registration.Requests()
	short, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
	defer cancel()
	_, err := registration.Stop(short) // the request is not answered
	wantError(t, err, mecha.ErrDeadlineExceeded)
	wantError(t, err, context.DeadlineExceeded)
	wantError(t, q.Ack(), mecha.ErrGone)
	_, err = rt.State("store").Get(short, "k")
	wantError(t, err, context.DeadlineExceeded)
	var failure *mecha.Error
	if !errors.As(err, &failure) || !failure.Timeout() {
		t.Fatal(err)
	}

	waiting := must[*mecha.Registration](t)(rt.Subscribe(ctx, mecha.Topics("messages", "b")))
	must[mecha.Published](t)(rt.PubSub("messages").Publish(ctx, "b", mecha.Message{}))
	unanswered := <-waiting.Requests()
	long, stop := context.WithCancel(ctx)
	time.AfterFunc(30*time.Millisecond, stop)
	_, err = waiting.Stop(long)
	wantError(t, err, context.Canceled)
	_ = unanswered.Ack()

	// The time of one call, on a store that is locked.
	folder := t.TempDir()
	locked := open(t, sqlite(folder)).State("store")
	_, err = locked.Get(ctx, "k", mecha.GetOptions{CallOptions: mecha.CallOptions{
		Timeout: time.Nanosecond, Retry: &mecha.RetryPolicy{Pattern: mecha.RetryExponential}}})
	wantError(t, err, mecha.ErrDeadlineExceeded)
}

// With room for few calls the others wait for a place.
func TestMoreThanFit(t *testing.T) {
	rt, err := mecha.OpenAndStart(ctx, mecha.Options{AppID: "test", MaxInFlight: 2,
		ResourceTexts: []string{sqlite(t.TempDir())}})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	var all sync.WaitGroup
	for i := range 100 {
		all.Add(1)
		go func() {
			defer all.Done()
			_, err := rt.State("store").Set(ctx, strconv.Itoa(i), nil, mecha.SetOptions{CallOptions: viaQueue})
			if err != nil {
				t.Error(err)
			}
		}()
	}
	all.Wait()
}

func TestLife(t *testing.T) {
	rt := must[*mecha.Runtime](t)(mecha.Open(mecha.Options{AppID: "test",
		ResourceTexts: []string{inMemory}, Settings: map[string]string{"default_timeout": "5s"}}))
	defer rt.Close()
	_, err := rt.State("store").Get(ctx, "k")
	wantError(t, err, mecha.ErrFailedPrecondition)
	if err := rt.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := rt.Ping(ctx, "store"); err != nil {
		t.Fatal(err)
	}
	must[string](t)(rt.State("store").Set(ctx, "k", []byte("v"), mecha.SetOptions{TTL: time.Minute}))
	must[string](t)(rt.Suspend(ctx, mecha.SuspendOptions{KeepConnections: true}))
	_, err = rt.State("store").Get(ctx, "k")
	wantError(t, err, mecha.ErrSuspended)
	if err := rt.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	if value := must[mecha.Value](t)(rt.State("store").Get(ctx, "k")); !value.Found {
		t.Fatal("what was in memory is gone")
	}
	if err := rt.AdvanceClock(2 * time.Minute); err != nil {
		t.Fatal(err)
	}
	if value := must[mecha.Value](t)(rt.State("store").Get(ctx, "k")); value.Found {
		t.Fatal("the value has not expired")
	}
	if text := must[string](t)(rt.Metrics()); !strings.Contains(text, "mecha_") {
		t.Fatal(text)
	}
	if text := must[string](t)(rt.Describe()); !strings.Contains(text, `"store"`) {
		t.Fatal(text)
	}
	if _, err := rt.Run(0); !errors.Is(err, mecha.ErrFailedPrecondition) {
		t.Fatal(err)
	}
	wantError(t, rt.AdvanceClock(-1), mecha.ErrInvalidArgument)
	must[string](t)(rt.Shutdown(ctx))
	_, err = rt.Shutdown(ctx)
	wantError(t, err, mecha.ErrClosed)
}

// A runtime on the host's threads, with hooks around those there are.
func TestLentThreads(t *testing.T) {
	rt := must[*mecha.Runtime](t)(mecha.OpenAndStart(ctx, mecha.Options{AppID: "test",
		ResourceTexts: []string{sqlite(t.TempDir())}, LendsThreads: true}))
	stop := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-stop:
				return
			default:
				_, _ = rt.Run(time.Millisecond)
			}
		}
	}()
	if rt.FD() < 0 {
		t.Fatal("no descriptor")
	}
	must[string](t)(rt.State("store").Set(ctx, "k", []byte("v")))
	close(stop)
	<-ended
	rt.Close()

	var started, stopping atomic.Int32
	hooked := must[*mecha.Runtime](t)(mecha.OpenAndStart(ctx, mecha.Options{AppID: "test",
		ResourceTexts:  []string{sqlite(t.TempDir())},
		ThreadStarted:  func(string) { started.Add(1) },
		ThreadStopping: func(name string) { stopping.Add(1) }}))
	must[string](t)(hooked.State("store").Set(ctx, "k", nil, mecha.SetOptions{CallOptions: viaQueue}))
	hooked.Close()
	if started.Load() == 0 || started.Load() != stopping.Load() {
		t.Fatal(started.Load(), "threads began and", stopping.Load(), "ended")
	}
}

// Opened and closed many times: no goroutine, descriptor or thread stays.
func TestManyRuntimes(t *testing.T) {
	goroutines, files := runtime.NumGoroutine(), descriptors(t)
	for range 100 {
		rt := must[*mecha.Runtime](t)(mecha.OpenAndStart(ctx, mecha.Options{AppID: "test",
			ResourceTexts: []string{inMemory}}))
		must[mecha.Value](t)(rt.State("store").Get(ctx, "k", mecha.GetOptions{CallOptions: viaQueue}))
		must[*mecha.Registration](t)(rt.Subscribe(ctx, mecha.Topics("messages", "a")))
		rt.Close()
	}
	await(t, "every goroutine to end", func() bool { return runtime.NumGoroutine() <= goroutines })
	await(t, "every descriptor to be closed", func() bool { return descriptors(t) <= files+2 })
	threads := must[[]os.DirEntry](t)(os.ReadDir("/proc/self/task"))
	if len(threads) > 100 {
		t.Fatal(len(threads), "threads")
	}
}

// Goroutines that wait take no thread.
func TestWaitingTakesNoThread(t *testing.T) {
	rt := open(t, inMemory)
	registration := must[*mecha.Registration](t)(rt.Subscribe(ctx, mecha.ServeOptions{
		Component: "messages", Names: []string{"a"}, Credit: 300}))
	for range 300 {
		must[mecha.Published](t)(rt.PubSub("messages").Publish(ctx, "a", mecha.Message{}))
	}
	var requests []*mecha.Request
	for range 300 {
		requests = append(requests, <-registration.Requests())
	}
	long, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	for range 300 {
		all.Add(1)
		go func() {
			defer all.Done()
			_, _ = registration.Stop(long)
		}()
	}
	time.Sleep(50 * time.Millisecond)
	threads := must[[]os.DirEntry](t)(os.ReadDir("/proc/self/task"))
	cancel()
	all.Wait()
	if len(threads) > 60 {
		t.Fatal(len(threads), "threads for 300 goroutines that wait")
	}
	for _, q := range requests {
		_ = q.Ack()
	}
}

// Memory of C that calls leave behind would show here: errors, large replies, requests.
func TestNothingIsKept(t *testing.T) {
	rt := open(t, inMemory)
	store, messages := rt.State("store"), rt.PubSub("messages")
	registration := must[*mecha.Registration](t)(rt.Subscribe(ctx, mecha.Topics("messages", "a")))
	large := make([]byte, 100_000)
	round := func() {
		for i := range 200 {
			_, _ = rt.State("none").Get(ctx, "k")
			must[string](t)(store.Set(ctx, "k", large))
			must[mecha.Value](t)(store.Get(ctx, "k"))
			must[mecha.Value](t)(store.Get(ctx, "k", mecha.GetOptions{CallOptions: viaQueue}))
			_, _ = store.Set(ctx, "k", nil, mecha.SetOptions{FirstWrite: true, CallOptions: viaQueue})
			must[mecha.Published](t)(messages.Publish(ctx, "a", mecha.Message{Data: large}))
			q := <-registration.Requests()
			if i%2 == 0 {
				_ = q.Ack()
			} else {
				_ = q.Drop()
			}
		}
		runtime.GC()
	}
	round()
	before := resident(t)
	for range 5 {
		round()
	}
	// Any of these kept would be 100 MB and more.
	if after := resident(t); after > before+50<<20 {
		t.Fatal("from", before>>20, "to", after>>20, "MB")
	}
	wantNothingLeft(t, rt)
}

// resident is this process's memory in bytes.
func resident(t *testing.T) int {
	t.Helper()
	fields := strings.Fields(string(must[[]byte](t)(os.ReadFile("/proc/self/statm"))))
	return must[int](t)(strconv.Atoi(fields[1])) * os.Getpagesize()
}

func TestMistakesWhenOpening(t *testing.T) {
	_, err := mecha.Open(mecha.Options{AppID: "test", ResourcePaths: []string{"no-such-folder"}})
	wantError(t, err, mecha.ErrNotFound)
	_, err = mecha.Open(mecha.Options{AppID: "test", Settings: map[string]string{"colour": "blue"}})
	wantError(t, err, mecha.ErrInvalidArgument)
	folder := t.TempDir()
	path := filepath.Join(folder, "broken.yaml")
	if err := os.WriteFile(path, []byte("kind: Component\nspec: [\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = mecha.Open(mecha.Options{AppID: "test", ResourcePaths: []string{folder}})
	var failure *mecha.Error
	if !errors.As(err, &failure) || !strings.Contains(failure.Message, path) ||
		failure.Detail("none") != "" {
		t.Fatalf("%+v %q", failure, failure.Detail("file"))
	}
	// One that opens and does not start.
	_, err = mecha.OpenAndStart(ctx, mecha.Options{AppID: "test",
		ResourceTexts: []string{sqlite(filepath.Join(folder, "no", "such", "folder"))}})
	if mecha.StatusOf(err) == mecha.OK {
		t.Fatal("a store in a folder that is not there has started")
	}
	if mecha.StatusOf(nil) != mecha.OK || mecha.StatusOf(os.ErrExist) != mecha.ErrUnknown ||
		mecha.StatusOf(mecha.ErrBusy) != mecha.ErrBusy {
		t.Fatal("StatusOf")
	}
	if mecha.Version() == "" || mecha.ErrAborted.String() != "ABORTED" || !mecha.ErrAborted.IsFailure() {
		t.Fatal(mecha.Version())
	}
}

var (
	_ io.Closer = (*mecha.Runtime)(nil)
	_ io.Closer = (*mecha.Registration)(nil)
)

// What the library has to say reaches the logger, with the component it is about.
func TestLog(t *testing.T) {
	logged := new(logText)
	listener := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	address := listener.Addr().String()
	listener.Close()
	rt := must[*mecha.Runtime](t)(mecha.OpenAndStart(ctx, mecha.Options{AppID: "test",
		Logger:   slog.New(slog.NewTextHandler(logged, nil)),
		Settings: map[string]string{"start": "lazy"},
		ResourceTexts: []string{fmt.Sprintf(`
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: far}
spec:
  type: state.redis
  version: v1
  metadata: [{name: redisHost, value: %q}]
`, address)}}))
	defer rt.Close()
	logged.await(t, "component=far")
	_, err := rt.State("far").Get(ctx, "k")
	wantError(t, err, mecha.ErrUnavailable)
	var failure *mecha.Error
	if !errors.As(err, &failure) || failure.Retryable != mecha.RetryableSafe {
		t.Fatalf("%v: %v", failure, failure.Retryable)
	}
}
