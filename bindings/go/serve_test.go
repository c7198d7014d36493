// SPDX-License-Identifier: Apache-2.0

package mecha_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mecha.dev/mecha"
)

func brokers(t *testing.T, test func(t *testing.T, rt *mecha.Runtime, messages mecha.PubSub)) {
	for name, resources := range map[string]string{"memory": inMemory, "sqlite": sqlite(t.TempDir())} {
		t.Run(name, func(t *testing.T) {
			rt := open(t, resources)
			test(t, rt, rt.PubSub("messages"))
		})
	}
}

func TestHandler(t *testing.T) {
	brokers(t, func(t *testing.T, rt *mecha.Runtime, messages mecha.PubSub) {
		type order struct{ Cent int }
		got := make(chan *mecha.Request, 10)
		orders := make(chan order, 10)
		handler := mecha.HandleJSON(func(ctx context.Context, body order, q *mecha.Request) error {
			if mecha.TraceOf(ctx).Parent != q.Trace.Parent || q.Context() != ctx {
				return errors.New("the context has another trace")
			}
			got <- q
			orders <- body
			return nil
		})
		registration := must[*mecha.Registration](t)(rt.Serve(ctx, mecha.ServeOptions{
			Component: "messages", Names: []string{"orders"}, Token: 7, Credit: 5,
			ReplyTimeout: time.Minute, Ordering: mecha.OrderPerKey}, handler))
		trace := mecha.Trace{Parent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
		published := must[mecha.Published](t)(messages.Publish(mecha.WithTrace(ctx, trace), "orders",
			mecha.Message{Data: []byte(`{"Cent":12}`), ContentType: mecha.JSON, ID: "id-1", Key: "k",
				TTL: time.Hour, Metadata: []mecha.Entry{{Key: "cloudevent.type", Value: "placed"}}}))
		wantText(t, published.ID, "id-1")
		q := <-got
		if (<-orders).Cent != 12 || q.MessageID != "id-1" || q.Topic != "orders" ||
			q.Component != "messages" || q.Attempt != 1 || q.Token() != 7 || q.IsBatch() ||
			q.OrderingKey != "k" || q.Kind != mecha.KindTopic || q.Path != "orders" {
			t.Fatalf("%+v", q)
		}
		wantText(t, q.Trace.Parent, trace.Parent)
		kind, _ := q.Find("cloudevent.type")
		wantText(t, kind, "placed")
		await(t, "the answer", q.IsAnswered)
		wantError(t, q.Ack(), mecha.ErrGone)
		wantError(t, q.Check(), mecha.ErrGone)
		wantError(t, q.Extend(time.Second), mecha.ErrGone)
		wantError(t, q.Context().Err(), context.Canceled)

		must[mecha.Published](t)(mecha.PublishJSON(ctx, messages, "orders", order{13}))
		if (<-orders).Cent != 13 {
			t.Fatal("another order")
		}
		report := must[string](t)(registration.Stop(ctx))
		if !strings.Contains(report, "finished") {
			t.Fatal(report)
		}
		_, err := registration.Stop(ctx)
		wantError(t, err, mecha.ErrClosed)
		wantError(t, registration.SetCredit(3), mecha.ErrClosed)
	})
}

// Each way a handler can end, and what becomes of the message.
func TestHowHandlersEnd(t *testing.T) {
	rt, logged := openLogged(t, inMemory)
	ends := map[string]func(q *mecha.Request) error{
		"error":  func(*mecha.Request) error { return errors.New("out of order") },
		"panic":  func(*mecha.Request) error { panic("beyond repair") },
		"exit":   func(*mecha.Request) error { runtime.Goexit(); return nil },
		"pause":  func(*mecha.Request) error { return mecha.RetryAfter(time.Millisecond, nil) },
		"drop":   func(*mecha.Request) error { return mecha.Drop(errors.New("not for us")) },
		"itself": func(q *mecha.Request) error { return q.Drop() },
		"no JSON": func(q *mecha.Request) error {
			return mecha.HandleJSON(func(context.Context, int, *mecha.Request) error { return nil })(
				q.Context(), q)
		},
	}
	dead, seen := make(chan string, 20), make(chan string, 20)
	must[*mecha.Registration](t)(rt.Serve(ctx, mecha.Topics("messages", "dead"),
		func(_ context.Context, q *mecha.Request) error {
			dead <- string(q.Body)
			return nil
		}))
	spec := `{pubsubname: messages, topic: work, deadLetterTopic: dead,
		metadata: {redeliveryInterval: 1ms, redeliveryAttempts: "3"}}`
	must[*mecha.Registration](t)(rt.Serve(ctx, mecha.Spec(spec),
		func(_ context.Context, q *mecha.Request) error {
			seen <- fmt.Sprint(string(q.Body), q.Attempt)
			if q.Attempt > 1 {
				return nil
			}
			return ends[string(q.Body)](q)
		}))
	for how := range ends {
		must[mecha.Published](t)(rt.PubSub("messages").Publish(ctx, "work",
			mecha.Message{Data: []byte(how)}))
	}
	all := map[string]bool{}
	for range 2*len(ends) + 0 {
		select {
		case text := <-seen:
			all[text] = true
		case text := <-dead:
			all["dead "+text] = true
		case <-time.After(30 * time.Second):
			t.Fatalf("only %v", all)
		}
	}
	for _, want := range []string{"error2", "panic2", "exit2", "pause2", "dead drop", "dead itself",
		"dead no JSON"} {
		if !all[want] {
			t.Errorf("no %s in %v", want, all)
		}
	}
	wantNothingLeft(t, rt)
	logged.await(t, "beyond repair")
	logged.await(t, "TestHowHandlersEnd") // the stack of the panic
	logged.await(t, "out of order")
	logged.await(t, "not for us")
}

func TestChannel(t *testing.T) {
	brokers(t, func(t *testing.T, rt *mecha.Runtime, messages mecha.PubSub) {
		registration := must[*mecha.Registration](t)(rt.Subscribe(ctx, mecha.ServeOptions{
			Component: "messages", Names: []string{"a"}, Paused: true}))
		for i := range 5 {
			must[mecha.Published](t)(messages.Publish(ctx, "a", mecha.Message{Data: []byte{'0' + byte(i)}}))
		}
		select {
		case q := <-registration.Requests():
			t.Fatalf("came without credit: %s", q.Body)
		case <-time.After(20 * time.Millisecond):
		}
		if err := registration.SetCredit(10); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := (<-registration.Requests()).Ack(); err != nil {
				t.Fatal(err)
			}
		}
		// Two are left, and nobody takes them: they go back.
		must[string](t)(registration.Stop(ctx))
		if _, isOpen := <-registration.Requests(); isOpen {
			t.Fatal("a request after the end")
		}
	})
}

func TestBatch(t *testing.T) {
	rt := open(t, inMemory)
	messages := rt.PubSub("messages")
	counts := map[string]int{}
	var mutex sync.Mutex
	must[*mecha.Registration](t)(rt.Serve(ctx, mecha.ServeOptions{Spec: `{pubsubname: messages,
		topic: a, metadata: {redeliveryInterval: 1ms}}`, Batch: true, BatchMax: 10,
		BatchWait: 50 * time.Millisecond}, func(_ context.Context, q *mecha.Request) error {
		var verdicts []mecha.EntryVerdict
		mutex.Lock()
		defer mutex.Unlock()
		for i := range q.Batch {
			body := string(q.Batch[i].Body)
			counts[body]++
			verdict := mecha.EntryVerdict{Index: i}
			if body == "2" && counts[body] == 1 {
				verdict.Verdict, verdict.RetryAfter = mecha.VerdictRetry, time.Millisecond
			}
			verdicts = append(verdicts, verdict)
		}
		wantError(t, q.ReplyEach([]mecha.EntryVerdict{{Index: 99}}), mecha.ErrInvalidArgument)
		return q.ReplyEach(verdicts)
	}))
	var many []mecha.Message
	for i := range 5 {
		many = append(many, mecha.Message{Data: []byte{'0' + byte(i)}})
	}
	if done := must[[]mecha.Published](t)(messages.PublishMany(ctx, "a", many)); len(done) != 5 {
		t.Fatal(done)
	}
	await(t, "all of them, one twice", func() bool {
		mutex.Lock()
		defer mutex.Unlock()
		return len(counts) == 5 && counts["2"] == 2
	})
	_, err := messages.PublishMany(ctx, "a", []mecha.Message{{Data: []byte("x")},
		{Data: []byte("{"), ContentType: mecha.JSON}})
	wantError(t, err, mecha.ErrPartial)
}

// A declared subscription, from the resources and from a call.
func TestRoutes(t *testing.T) {
	rt := open(t, inMemory)
	got := make(chan string, 10)
	must[*mecha.Registration](t)(rt.Serve(ctx, mecha.Paths("/orders/*"),
		func(_ context.Context, q *mecha.Request) error {
			got <- q.Path + " " + q.Subscription + " " + string(q.Body)
			return nil
		}))
	subscription := `
apiVersion: dapr.io/v2alpha1
kind: Subscription
metadata: {name: placed}
spec: {pubsubname: messages, topic: placed, routes: {default: /orders/placed}}`
	if err := rt.ApplyResources(ctx, subscription); err != nil {
		t.Fatal(err)
	}
	must[mecha.Published](t)(rt.PubSub("messages").Publish(ctx, "placed", mecha.Message{Data: []byte("1")}))
	wantText(t, <-got, "/orders/placed placed 1")
	if err := rt.DeleteResource(ctx, "Subscription", "placed"); err != nil {
		t.Fatal(err)
	}
	wantError(t, rt.DeleteResource(ctx, "Subscription", "placed"), mecha.ErrNotFound)
	wantError(t, rt.ApplyResources(ctx, "kind: [}"), mecha.ErrInvalidArgument)
	_, err := rt.Serve(ctx, mecha.Topics("none", "a"), func(context.Context, *mecha.Request) error {
		return nil
	})
	wantError(t, err, mecha.ErrNotFound)
	_, err = rt.Serve(ctx, mecha.ServeOptions{Kind: mecha.KindActor, Names: []string{"a"}}, nil)
	wantError(t, err, mecha.ErrUnimplemented)
}

// A handler's context ends with its request, and calls with it belong to the request.
func TestHandlerContext(t *testing.T) {
	rt := open(t, inMemory)
	type key struct{}
	ended := make(chan error, 1)
	var attempts atomic.Int32
	registration := must[*mecha.Registration](t)(rt.Serve(context.WithValue(ctx, key{}, "kept"),
		mecha.ServeOptions{Component: "messages", Names: []string{"a"},
			ReplyTimeout: 100 * time.Millisecond},
		func(ctx context.Context, q *mecha.Request) error {
			if attempts.Add(1) > 1 {
				return nil
			}
			if ctx.Value(key{}) != "kept" {
				ended <- errors.New("the values of the registration's context are lost")
			}
			if _, err := rt.State("store").Set(ctx, "within", []byte("1")); err != nil {
				ended <- err
			}
			<-ctx.Done()
			_, err := rt.State("store").Set(ctx, "after", []byte("1"))
			if !errors.Is(err, mecha.ErrCancelled) {
				err = fmt.Errorf("a call after the end: %v", err)
				ended <- err
			}
			ended <- context.Cause(ctx)
			return nil
		}))
	must[mecha.Published](t)(rt.PubSub("messages").Publish(ctx, "a", mecha.Message{}))
	wantError(t, <-ended, mecha.ErrCancelled)
	if err := registration.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestReceive(t *testing.T) {
	rt := open(t, inMemory)
	until, stop := context.WithCancel(ctx)
	finished := make(chan error)
	inHandler := make(chan struct{})
	go func() {
		finished <- rt.Receive(until, mecha.Topics("messages", "a"),
			func(ctx context.Context, _ *mecha.Request) error {
				close(inHandler)
				stop() // the handler goes on, and its calls are let through
				_, err := rt.State("store").Set(ctx, "k", nil)
				return err
			})
	}()
	await(t, "the subscription", func() bool {
		return strings.Contains(must[string](t)(rt.Describe()), `"topic":"a"`)
	})
	must[mecha.Published](t)(rt.PubSub("messages").Publish(ctx, "a", mecha.Message{}))
	<-inHandler
	if err := <-finished; err != nil {
		t.Fatal(err)
	}
	if value := must[mecha.Value](t)(rt.State("store").Get(ctx, "k")); !value.Found {
		t.Fatal("the handler's call was not let through")
	}
}

// A handler that never returns holds up neither Close nor the process.
func TestHandlerThatNeverReturns(t *testing.T) {
	rt := open(t, inMemory)
	begun, forever := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(forever) })
	must[*mecha.Registration](t)(rt.Serve(ctx, mecha.Topics("messages", "a"),
		func(context.Context, *mecha.Request) error {
			close(begun)
			<-forever
			return nil
		}))
	must[mecha.Published](t)(rt.PubSub("messages").Publish(ctx, "a", mecha.Message{}))
	<-begun
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	_, err := rt.Shutdown(short)
	wantError(t, err, mecha.ErrDeadlineExceeded)
	var failure *mecha.Error
	if !errors.As(err, &failure) || len(failure.Items) != 1 ||
		!strings.Contains(failure.Items[0].String(), "abandoned") {
		t.Fatalf("%+v", failure)
	}
	if err := rt.Close(); err != nil {
		t.Fatal(err)
	}
}
