// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	"mecha.dev/mecha"
)

// take waits for so many lines, and tells when they do not come.
func take(lines <-chan string, count int, patience time.Duration) []string {
	var taken []string
	for range count {
		select {
		case line := <-lines:
			taken = append(taken, line)
		case <-time.After(patience):
			return append(taken, "(nothing came)")
		}
	}
	return taken
}

func printAll(lines []string) {
	for _, line := range lines {
		fmt.Println(" ", line)
	}
}

// handle makes one line of one handling, and decides by the message's data what becomes of it.
func handle(lines chan<- string) mecha.Handler {
	return func(_ context.Context, q *mecha.Request) error {
		data := string(q.Body)
		verdict, answer := "OK", error(nil)
		switch {
		case data == "poison" && q.Topic != "dead", data == "second try" && q.Attempt == 1:
			verdict, answer = "RETRY", errors.New("again")
		case data == "unwanted" && q.Topic != "dead":
			verdict, answer = "DROP", mecha.Drop(nil)
		}
		kind, ok := q.Find("cloudevent.type")
		if !ok {
			kind = "none"
		}
		again := ""
		if q.IsRedelivered {
			again = " (again)"
		}
		if q.IsLastAttempt {
			again += " (last)"
		}
		lines <- fmt.Sprintf("%s of %s: %s type %s as %s, attempt %d%s: %s -> %s", q.Path, q.Topic,
			q.MessageID, kind, q.ContentType, q.Attempt, again, data, verdict)
		return answer
	}
}

func runPubSub(folder string) error {
	rt, err := start(folder)
	if err != nil {
		return err
	}
	defer rt.Close()
	messages := rt.PubSub("messages")
	lines := make(chan string, 100)
	for _, served := range []struct {
		what    string
		options mecha.ServeOptions
	}{
		{"the paths", mecha.Paths("/plain", "/urgent")},
		{"topic dead", mecha.Topics("messages", "dead")},
		{"topic many", mecha.Topics("messages", "many")},
	} {
		_, err := rt.Serve(ctx, served.options, handle(lines))
		fmt.Printf("serve %s: %s\n", served.what, name(err))
	}
	publish := func(id, data string, handlings int, metadata ...mecha.Entry) {
		published, err := messages.Publish(ctx, "news",
			mecha.Message{ID: id, Data: []byte(data), Metadata: metadata})
		fmt.Printf("publish %s: %s as %s\n", data, name(err), published.ID)
		printAll(take(lines, handlings, time.Minute))
	}
	publish("m1", "hello", 1)
	publish("m2", "fire", 1, mecha.Entry{Key: "cloudevent.type", Value: "urgent"})
	publish("m3", "second try", 2)
	publish("m4", "unwanted", 2)
	publish("m5", "poison", 4)

	_, err = messages.Publish(ctx, "news",
		mecha.Message{ID: "j1", Data: []byte(`{"n": 1}`), ContentType: mecha.JSON})
	fmt.Println("publish JSON:", name(err))
	printAll(take(lines, 1, time.Minute))

	var batch []mecha.Message
	for _, id := range []string{"b1", "b2", "b3"} {
		batch = append(batch, mecha.Message{ID: id, Data: []byte("one of many")})
	}
	published, err := messages.PublishMany(ctx, "many", batch)
	fmt.Printf("publish three: %s, %d\n", name(err), len(published))
	many := take(lines, 3, time.Minute)
	sort.Strings(many)
	printAll(many)
	return nil
}
