// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"mecha.dev/mecha"
)

// serve hands on the ids of messages; handlers wait at the door until it is open.
func serve(rt *mecha.Runtime, door <-chan struct{}) <-chan string {
	ids := make(chan string, 100)
	options := mecha.Topics("messages", "work")
	options.Credit = 1
	_, err := rt.Serve(ctx, options, func(_ context.Context, q *mecha.Request) error {
		ids <- q.MessageID
		<-door
		return nil
	})
	fmt.Println("serve:", name(err))
	return ids
}

func shutDownInTheMiddle(folder string) error {
	rt, err := start(folder)
	if err != nil {
		return err
	}
	defer rt.Close()
	door := make(chan struct{})
	ids := serve(rt, door)
	for _, id := range []string{"w1", "w2", "w3"} {
		_, err := rt.PubSub("messages").Publish(ctx, "work",
			mecha.Message{ID: id, Data: []byte("work")})
		fmt.Printf("publish %s: %s\n", id, name(err))
	}
	fmt.Println("in hand:", take(ids, 1, time.Minute)[0])
	time.AfterFunc(300*time.Millisecond, func() { close(door) })
	fmt.Println("shutdown:", within(20*time.Second, rt.Shutdown))
	fmt.Println("begun after the shutdown was asked:", len(ids))
	_, err = rt.PubSub("messages").Publish(ctx, "work", mecha.Message{Data: []byte("late")})
	fmt.Println("publish after it:", name(err))
	return nil
}

// takeTheRest shows that what was not begun comes to the next process, where the broker outlives this
// one.
func takeTheRest(folder string) error {
	rt, err := start(folder)
	if err != nil {
		return err
	}
	defer rt.Close()
	door := make(chan struct{})
	close(door)
	ids := serve(rt, door)
	for range 2 {
		select {
		case id := <-ids:
			fmt.Println("then:", id)
		case <-time.After(5 * time.Second):
		}
	}
	time.Sleep(500 * time.Millisecond)
	fmt.Println("more:", len(ids))
	return nil
}

func runDrain(folder string) error {
	if err := shutDownInTheMiddle(folder); err != nil {
		return err
	}
	return takeTheRest(folder)
}
