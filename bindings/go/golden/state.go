// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"mecha.dev/mecha"
)

func runState(folder string) error {
	rt, err := start(folder)
	if err != nil {
		return err
	}
	defer rt.Close()
	store := rt.State("store")
	etags(store)
	values(store)
	transactions(store)
	lists(store)
	expiry(store)
	return nil
}

// valueOf is the value of a key, "(absent)", or the status of a failure.
func valueOf(store mecha.State, key string) string {
	value, err := store.Get(ctx, key)
	switch {
	case err != nil:
		return name(err)
	case !value.Found:
		return "(absent)"
	}
	return value.String()
}

func etagOf(store mecha.State, key string) string {
	value, _ := store.Get(ctx, key)
	return value.ETag
}

func set(store mecha.State, key, value string, options mecha.SetOptions) string {
	_, err := store.Set(ctx, key, []byte(value), options)
	return name(err)
}

func firstWrite(etag string) mecha.SetOptions {
	return mecha.SetOptions{FirstWrite: true, ETag: etag}
}

func etags(store mecha.State) {
	fmt.Println("get a:", valueOf(store, "a"))
	fmt.Println("set a=1:", set(store, "a", "1", mecha.SetOptions{}))
	fmt.Println("get a:", valueOf(store, "a"))
	fmt.Println("get a has an etag:", yesNo(etagOf(store, "a") != ""))
	fmt.Println("set a=2 if absent:", set(store, "a", "2", firstWrite("")))
	old := etagOf(store, "a")
	fmt.Println("set a=2 with its etag:", set(store, "a", "2", firstWrite(old)))
	fmt.Println("etag changed:", yesNo(etagOf(store, "a") != old))
	fmt.Println("set a=3 with the old etag:", set(store, "a", "3", firstWrite(old)))
	remove := mecha.DeleteOptions{FirstWrite: true, ETag: old}
	fmt.Println("delete a with the old etag:", name(store.Delete(ctx, "a", remove)))
	fmt.Println("get a:", valueOf(store, "a"))
	remove.ETag = etagOf(store, "a")
	fmt.Println("delete a with its etag:", name(store.Delete(ctx, "a", remove)))
	fmt.Println("get a:", valueOf(store, "a"))
	fmt.Println("delete a again:", name(store.Delete(ctx, "a")))
}

func values(store mecha.State) {
	json := mecha.SetOptions{ContentType: mecha.JSON}
	fmt.Println("set json:", set(store, "json", `{"n": 1, "text": "é"}`, json))
	fmt.Println("get json:", valueOf(store, "json"))
	fmt.Println("set empty:", set(store, "empty", "", mecha.SetOptions{}))
	empty, _ := store.Get(ctx, "empty")
	fmt.Printf("get empty: found %s, bytes %d\n", yesNo(empty.Found), len(empty.Bytes))
	fmt.Println("set bytes:", set(store, "bytes", "\x00\x01\xff", mecha.SetOptions{}))
	bytes, _ := store.Get(ctx, "bytes")
	fmt.Printf("get bytes: %x\n", bytes.Bytes)
	items, err := store.GetMany(ctx, []string{"json", "nothing", "bytes"})
	fmt.Println("get_many:", name(err))
	for _, item := range items {
		text := item.Status.String()
		if len(item.Bytes) > 0 {
			text = fmt.Sprintf("%x", item.Bytes)
		}
		fmt.Printf("  %s: %s\n", item.Key, text)
	}
}

func transactions(store mecha.State) {
	_, err := store.Apply(ctx, []mecha.Write{mecha.SetOf("t1", []byte("one")),
		mecha.SetOf("t2", []byte("two")), mecha.DeleteOf("empty")})
	fmt.Println("transaction:", name(err))
	fmt.Printf("t1 %s, t2 %s, empty %s\n", valueOf(store, "t1"), valueOf(store, "t2"),
		valueOf(store, "empty"))
	old := etagOf(store, "t2")
	fmt.Println("set t2=2:", set(store, "t2", "2", mecha.SetOptions{}))
	broken := []mecha.Write{mecha.SetOf("t1", []byte("new")),
		mecha.SetOf("t2", []byte("new"), firstWrite(old))}
	_, err = store.Apply(ctx, broken)
	at := ""
	if failure, ok := err.(*mecha.Error); ok {
		at = failure.Detail("index")
	}
	fmt.Printf("transaction with an old etag: %s at %s\n", name(err), at)
	fmt.Printf("t1 %s, t2 %s\n", valueOf(store, "t1"), valueOf(store, "t2"))
	items, err := store.Apply(ctx, broken, mecha.ApplyOptions{Independent: true})
	fmt.Println("apply one by one:", name(err))
	for i, item := range items {
		fmt.Printf("  %d: %s\n", i, item.Status)
	}
	fmt.Printf("t1 %s, t2 %s\n", valueOf(store, "t1"), valueOf(store, "t2"))
}

func lists(store mecha.State) {
	var keys []string
	store.Keys(ctx, "t")(func(key string, err error) bool {
		keys = append(keys, key)
		return err == nil
	})
	sort.Strings(keys)
	fmt.Println("keys that start with t:", strings.Join(keys, " "))
	for range 5 {
		_, _ = store.Update(ctx, "count", func(now mecha.Value) (mecha.Change, error) {
			count, _ := strconv.Atoi(now.String())
			return mecha.SetTo([]byte(strconv.Itoa(count + 1))), nil
		})
	}
	fmt.Println("counted to:", valueOf(store, "count"))
}

func expiry(store mecha.State) {
	short := mecha.SetOptions{TTL: time.Second}
	fmt.Println("set short with a TTL of 1 s:", set(store, "short", "soon gone", short))
	fmt.Println("get short:", valueOf(store, "short"))
	time.Sleep(2500 * time.Millisecond)
	fmt.Println("get short after 2.5 s:", valueOf(store, "short"))
}
