// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"mecha.dev/mecha"
)

// report prints the status of a failure, whether it may be tried again, and whether its text names
// word.
func report(what string, err error, word string) {
	var failure *mecha.Error
	if !errors.As(err, &failure) {
		fmt.Printf("%s: %s\n", what, name(err))
		return
	}
	retryable := map[mecha.Retryable]string{mecha.RetryableNo: "never",
		mecha.RetryableSafe: "safe", mecha.RetryableOnlyIfIdempotent: "if idempotent"}
	fmt.Printf("%s: %s, retry %s, names %s %s\n", what, failure.Status, retryable[failure.Retryable],
		word, yesNo(strings.Contains(failure.Message, word)))
}

func openBadly() {
	_, err := mecha.Open(mecha.Options{AppID: "golden", ResourcePaths: []string{"no-such-folder"}})
	report("open a folder that is not there", err, "no-such-folder")
	_, err = mecha.Open(mecha.Options{AppID: "golden", ResourceTexts: []string{
		"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: x}\n" +
			"spec: {type: state.nothing, version: v1}\n"}})
	report("open an unknown component type", err, "state.nothing")
	_, err = mecha.Open(mecha.Options{AppID: "golden", Settings: map[string]string{"colour": "blue"}})
	report("open with an unknown setting", err, "colour")
}

// within runs a call that takes its time limit from the context.
func within(limit time.Duration, call func(context.Context) (string, error)) string {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	_, err := call(limited)
	return name(err)
}

func runErrors(folder string) error {
	openBadly()
	rt, err := start(folder)
	if err != nil {
		return err
	}
	defer rt.Close()
	store := rt.State("store")
	_, err = rt.State("elsewhere").Get(ctx, "a")
	report("get of another store", err, "elsewhere")
	_, err = store.Get(ctx, "")
	report("get without a key", err, "key")
	_, err = store.Set(ctx, "a", []byte("{"), mecha.SetOptions{ContentType: mecha.JSON})
	report("set of JSON that is none", err, "JSON")
	_, err = store.Apply(ctx, nil)
	report("transaction without a write", err, "store")
	_, err = store.Query(ctx, `{"filter": {}}`)
	report("query", err, "query")
	_, err = rt.PubSub("elsewhere").Publish(ctx, "t", mecha.Message{Data: []byte("x")})
	report("publish to another broker", err, "elsewhere")
	_, err = rt.PubSub("messages").Publish(ctx, "", mecha.Message{Data: []byte("x")})
	report("publish to no topic", err, "topic")
	_, err = rt.PubSub("messages").Publish(ctx, "t",
		mecha.Message{Data: []byte("{"), ContentType: mecha.JSON})
	report("publish JSON that is none", err, "JSON")
	fmt.Println("suspend:", within(5*time.Second, func(ctx context.Context) (string, error) {
		return rt.Suspend(ctx)
	}))
	_, err = store.Get(ctx, "a")
	report("get while suspended", err, "suspend")
	fmt.Println("resume:", name(rt.Resume(ctx)))
	value, err := store.Get(ctx, "a")
	fmt.Printf("get after resume: %s, found %s\n", nameFound(value.Found, err), yesNo(value.Found))
	fmt.Println("shutdown:", within(5*time.Second, rt.Shutdown))
	_, err = store.Get(ctx, "a")
	report("get after shutdown", err, "shut")
	return nil
}
