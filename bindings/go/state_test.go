// SPDX-License-Identifier: Apache-2.0

package mecha_test

import (
	"bytes"
	"context"
	"errors"
	"sort"
	"strings"
	"testing"
	"time"

	"mecha.dev/mecha"
)

var ctx = context.Background()

func stores(t *testing.T, test func(t *testing.T, rt *mecha.Runtime, store mecha.State)) {
	for name, resources := range map[string]string{"memory": inMemory, "sqlite": sqlite(t.TempDir())} {
		t.Run(name, func(t *testing.T) {
			rt := open(t, resources)
			test(t, rt, rt.State("store"))
		})
	}
}

func TestState(t *testing.T) {
	stores(t, func(t *testing.T, _ *mecha.Runtime, store mecha.State) {
		first := must[string](t)(store.Set(ctx, "k", []byte("one")))
		value := must[mecha.Value](t)(store.Get(ctx, "k"))
		wantText(t, value.Bytes, "one")
		wantText(t, value.ETag, first)
		if !value.Found || value.IsJSON || !value.Expires.IsZero() {
			t.Fatalf("%+v", value)
		}
		value.Bytes = append(value.Bytes, "overwrites nothing"...)
		wantText(t, value.ETag, first)

		second := must[string](t)(store.Set(ctx, "k", []byte(`{"a":1}`), mecha.SetOptions{
			ETag: first, FirstWrite: true, ContentType: mecha.JSON, TTL: time.Hour,
			Consistency: mecha.Strong}))
		value = must[mecha.Value](t)(store.Get(ctx, "k", mecha.GetOptions{
			Consistency: mecha.Strong, Buffer: make([]byte, 0, 100)}))
		wantText(t, value.Bytes, `{"a":1}`)
		if !value.IsJSON || time.Until(value.Expires) < time.Minute {
			t.Fatalf("%+v", value)
		}
		_, err := store.Set(ctx, "k", nil, mecha.SetOptions{ETag: first, FirstWrite: true})
		wantError(t, err, mecha.ErrAborted)
		wantError(t, store.Delete(ctx, "k", mecha.DeleteOptions{ETag: first, FirstWrite: true}),
			mecha.ErrAborted)
		if err := store.Delete(ctx, "k", mecha.DeleteOptions{ETag: second, FirstWrite: true}); err != nil {
			t.Fatal(err)
		}
		value, err = store.Get(ctx, "k")
		if err != nil || value.Found || value.Bytes != nil {
			t.Fatalf("%+v %v", value, err)
		}
		empty := must[string](t)(store.Set(ctx, "empty", nil))
		value = must[mecha.Value](t)(store.Get(ctx, "empty"))
		if !value.Found || value.ETag != empty || len(value.Bytes) != 0 {
			t.Fatalf("%+v", value)
		}
	})
}

// Sizes around those where a reply or an argument takes another way.
func TestValuesOfEverySize(t *testing.T) {
	stores(t, func(t *testing.T, _ *mecha.Runtime, store mecha.State) {
		for _, size := range []int{0, 1, 2047, 2048, 2049, 16383, 16384, 70000, 3 << 20} {
			data := bytes.Repeat([]byte{'x', 0, 0xff}, size/3+1)[:size]
			for _, how := range []mecha.CallOptions{{}, viaQueue} {
				must[string](t)(store.Set(ctx, "k", data, mecha.SetOptions{CallOptions: how}))
				for _, buffer := range [][]byte{nil, make([]byte, 5), make([]byte, size+100)} {
					got := must[mecha.Value](t)(store.Get(ctx, "k",
						mecha.GetOptions{CallOptions: how, Buffer: buffer}))
					if !bytes.Equal(got.Bytes, data) || got.ETag == "" {
						t.Fatalf("%d bytes came back as %d, etag %q", size, len(got.Bytes), got.ETag)
					}
				}
			}
		}
	})
}

// Values that come at once share memory, and nothing else.
func TestValuesSideBySide(t *testing.T) {
	store := open(t, inMemory).State("store")
	buffer := make([]byte, 1000)
	for _, size := range []int{0, 16, 511, 512, 1000, 1024, 2040, 2047, 2048, 2049} {
		data := bytes.Repeat([]byte{byte(size)}, size)
		etag := must[string](t)(store.Set(ctx, "k", data))
		var values []mecha.Value
		for range 50 {
			values = append(values, must[mecha.Value](t)(store.Get(ctx, "k")))
			got := must[mecha.Value](t)(store.Get(ctx, "k", mecha.GetOptions{Buffer: buffer}))
			if !bytes.Equal(got.Bytes, data) || got.ETag != etag {
				t.Fatalf("%d bytes came back as %d, etag %q", size, len(got.Bytes), got.ETag)
			}
			if isThere := size > 0 && &got.Bytes[0] == &buffer[0]; isThere != (size > 0 && size <= 1000) {
				t.Fatalf("%d bytes: in the buffer: %v", size, isThere)
			}
		}
		for i, value := range values {
			if !bytes.Equal(value.Bytes, data) || value.ETag != etag {
				t.Fatalf("value %d of %d bytes has changed", i, size)
			}
			clear(value.Bytes)
			_ = append(value.Bytes, "overwrites nothing"...)
			wantText(t, value.ETag, etag)
		}
	}
}

func TestSeveralKeys(t *testing.T) {
	stores(t, func(t *testing.T, _ *mecha.Runtime, store mecha.State) {
		done := must[[]mecha.Item](t)(store.Apply(ctx, []mecha.Write{
			mecha.SetOf("a", []byte("1")),
			mecha.SetOf("b", bytes.Repeat([]byte("2"), 40000), mecha.SetOptions{TTL: time.Hour}),
			mecha.DeleteOf("c"),
		}))
		if len(done) != 3 || done[0].ETag == "" || done[1].Key != "b" {
			t.Fatalf("%+v", done)
		}
		items := must[[]mecha.Item](t)(store.GetMany(ctx, []string{"a", "absent", "b", "a"}))
		if len(items) != 4 || items[1].Status != mecha.ErrNotFound || items[1].Err != nil ||
			items[1].Found || len(items[2].Bytes) != 40000 {
			t.Fatalf("%+v", items)
		}
		wantText(t, items[3].Bytes, "1")

		stale := items[0].ETag
		must[string](t)(store.Set(ctx, "a", []byte("2")))
		// One transaction: nothing is written, the item at fault says why.
		failed, err := store.Apply(ctx, []mecha.Write{
			mecha.SetOf("d", []byte("new")),
			mecha.SetOf("a", []byte("x"), mecha.SetOptions{ETag: stale, FirstWrite: true}),
		}, mecha.ApplyOptions{Consistency: mecha.Strong})
		wantError(t, err, mecha.ErrAborted)
		var failure *mecha.Error
		if !errors.As(err, &failure) || len(failure.Items) != 2 || failure.MaybeApplied {
			t.Fatalf("%+v", failure)
		}
		wantText(t, failure.Detail("index"), "1")
		wantText(t, failure.Detail("component"), "store")
		wantError(t, failed[0].Status, mecha.ErrCancelled)
		wantError(t, failed[1].Err, mecha.ErrAborted)
		if value := must[mecha.Value](t)(store.Get(ctx, "d")); value.Found {
			t.Fatal("a part of a failed transaction was written")
		}

		// Each by itself: the rest is written.
		some, err := store.Apply(ctx, []mecha.Write{
			mecha.SetOf("d", []byte("new")),
			mecha.SetOf("a", []byte("x"), mecha.SetOptions{ETag: stale, FirstWrite: true}),
		}, mecha.ApplyOptions{Independent: true})
		wantError(t, err, mecha.ErrPartial)
		if some[0].Err != nil || !errors.Is(some[1].Err, mecha.ErrAborted) {
			t.Fatalf("%+v", some)
		}
		if nothing, err := store.Apply(ctx, nil); err != nil || len(nothing) != 0 {
			t.Fatal(nothing, err)
		}
	})
}

func TestListing(t *testing.T) {
	stores(t, func(t *testing.T, _ *mecha.Runtime, store mecha.State) {
		var want []string
		for i := range 25 {
			key := "order-" + strings.Repeat("x", i+1)
			want = append(want, key)
			must[string](t)(store.Set(ctx, key, []byte("v")))
		}
		must[string](t)(store.Set(ctx, "other", nil))
		page := must[mecha.Page](t)(store.List(ctx, "order-", mecha.ListOptions{Limit: 10}))
		if len(page.Keys) == 0 || len(page.Keys) > 10 || page.Next == "" {
			t.Fatalf("%+v", page)
		}
		var got []string
		store.Keys(ctx, "order-", mecha.ListOptions{Limit: 7})(func(key string, err error) bool {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, key)
			return true
		})
		sort.Strings(got)
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Fatalf("got %v", got)
		}
		count := 0
		store.Keys(ctx, "order-", mecha.ListOptions{Limit: 2})(func(string, error) bool {
			count++
			return count < 3
		})
		if count != 3 {
			t.Fatal("an iterator that was to stop gave", count)
		}
		_, err := store.List(ctx, "order-", mecha.ListOptions{Page: "no token"})
		wantError(t, err, mecha.ErrInvalidArgument)
		rt := open(t, inMemory)
		rt.State("none").Keys(ctx, "")(func(_ string, err error) bool {
			wantError(t, err, mecha.ErrNotFound)
			return true
		})
	})
}

func TestQuery(t *testing.T) {
	stores(t, func(t *testing.T, _ *mecha.Runtime, store mecha.State) {
		for key, value := range map[string]string{"a": `{"n":1}`, "b": `{"n":2}`, "c": `{"n":3}`} {
			must[string](t)(store.Set(ctx, key, []byte(value), mecha.SetOptions{ContentType: mecha.JSON}))
		}
		query := `{"sort":[{"key":"n","order":"DESC"}]}`
		found, err := store.Query(ctx, query, mecha.QueryOptions{Limit: 2})
		if errors.Is(err, mecha.ErrUnimplemented) {
			t.Skip("this store cannot search")
		}
		if err != nil || len(found.Items) != 2 || found.Next == "" || found.Items[0].Key != "c" ||
			!found.Items[0].IsJSON {
			t.Fatalf("%+v %v", found, err)
		}
		rest := must[mecha.Matches](t)(store.Query(ctx, query, mecha.QueryOptions{Limit: 2,
			Page: found.Next}))
		if len(rest.Items) != 1 || rest.Items[0].String() != `{"n":1}` || rest.Next != "" {
			t.Fatalf("%+v", rest)
		}
	})
}

func TestUpdate(t *testing.T) {
	stores(t, func(t *testing.T, _ *mecha.Runtime, store mecha.State) {
		type total struct{ Count int }
		const rivals, each = 4, 10
		failed := make(chan error, rivals)
		for range rivals {
			go func() {
				for range each {
					_, err := mecha.UpdateJSON(ctx, store, "total", func(now total) (total, error) {
						now.Count++
						return now, nil
					})
					if err != nil {
						failed <- err
						return
					}
				}
				failed <- nil
			}()
		}
		for range rivals {
			if err := <-failed; err != nil {
				t.Fatal(err)
			}
		}
		now, _, err := mecha.GetJSON[total](ctx, store, "total")
		if err != nil || now.Count != rivals*each {
			t.Fatal(now, err)
		}
		_, err = store.Update(ctx, "total", func(mecha.Value) (mecha.Change, error) {
			return mecha.Remove(), nil
		})
		if value := must[mecha.Value](t)(store.Get(ctx, "total")); err != nil || value.Found {
			t.Fatal(value, err)
		}
		own := errors.New("own")
		_, err = store.Update(ctx, "total", func(mecha.Value) (mecha.Change, error) {
			return mecha.Keep(), own
		})
		wantError(t, err, own)
	})
}

func TestJSON(t *testing.T) {
	rt := open(t, inMemory)
	store := rt.State("store")
	type order struct {
		ID   string
		Cent int64
	}
	must[string](t)(mecha.SetJSON(ctx, store, "1", order{"1", 250}))
	got, value, err := mecha.GetJSON[order](ctx, store, "1")
	if err != nil || got.Cent != 250 || !value.IsJSON || value.ETag == "" {
		t.Fatal(got, value, err)
	}
	got, value, err = mecha.GetJSON[order](ctx, store, "absent")
	if err != nil || value.Found || got != (order{}) {
		t.Fatal(got, value, err)
	}
	must[string](t)(store.Set(ctx, "text", []byte("no JSON")))
	_, _, err = mecha.GetJSON[order](ctx, store, "text")
	wantError(t, err, mecha.ErrDataLoss)
	_, err = mecha.SetJSON(ctx, store, "2", make(chan int))
	wantError(t, err, mecha.ErrInvalidArgument)
	_, err = store.Set(ctx, "2", []byte("{"), mecha.SetOptions{ContentType: mecha.JSON})
	wantError(t, err, mecha.ErrInvalidArgument)
}

func TestSecrets(t *testing.T) {
	rt := open(t, secretFile(t))
	vault := rt.Secrets("vault")
	token := must[mecha.Secret](t)(vault.Get(ctx, "token"))
	wantText(t, token.Value(), "s3cr3t")
	database := must[mecha.Secret](t)(vault.Get(ctx, "database"))
	if password, ok := database.Key("password"); !ok || password != "pw" || len(database.Keys()) != 2 {
		t.Fatal(database.Keys())
	}
	if _, ok := database.Key("none"); ok {
		t.Fatal("a key that is not there")
	}
	absent, err := vault.Get(ctx, "absent")
	if err != nil || absent.Found || absent.Value() != "" {
		t.Fatal(absent, err)
	}
	_, err = vault.Get(ctx, "")
	wantError(t, err, mecha.ErrInvalidArgument)
	all := must[[]mecha.Secret](t)(vault.List(ctx))
	if len(all) != 2 || all[0].Name != "database" || all[1].Value() != "s3cr3t" {
		t.Fatal(all)
	}
	token.Wipe()
	wantText(t, token.Value(), "\x00\x00\x00\x00\x00\x00")
}
