// SPDX-License-Identifier: Apache-2.0

package mecha

// #include "flat.h"
import "C"

import (
	"context"
	"time"
)

// Write is one write of State.Apply. Make it with SetOf or DeleteOf.
type Write struct {
	IsDelete    bool
	Key         string
	Value       []byte
	ETag        string
	FirstWrite  bool
	ContentType string
	TTL         time.Duration
	Metadata    []Entry
}

// SetOf is a Write that sets key. The consistency and the call's options of `options` do not count.
func SetOf(key string, value []byte, options ...SetOptions) Write {
	set := optionsOf(options)
	return Write{Key: key, Value: value, ETag: set.ETag, FirstWrite: set.FirstWrite,
		ContentType: set.ContentType, TTL: set.TTL}
}

// DeleteOf is a Write that deletes key. The consistency and the call's options of `options` do not
// count.
func DeleteOf(key string, options ...DeleteOptions) Write {
	how := optionsOf(options)
	return Write{IsDelete: true, Key: key, ETag: how.ETag, FirstWrite: how.FirstWrite}
}

// ApplyOptions says how to apply several writes.
type ApplyOptions struct {
	// Independent: each write by itself; else all are one transaction.
	Independent bool
	Consistency Consistency
	CallOptions
}

// Apply applies several writes, as one transaction unless options say otherwise. Item i tells how
// write i ended, with its new etag. In a failed transaction nothing was written: the item at fault
// carries the cause. When some independent writes failed, the error is ErrPartial.
func (s State) Apply(ctx context.Context, writes []Write, options ...ApplyOptions) ([]Item, error) {
	how := optionsOf(options)
	return call(ctx, s.rt, &how.CallOptions, C.FLAT_STATE_APPLY, func(o *operation) {
		o.tape.string(s.name)
		o.tape.number(isSet(!how.Independent))
		o.tape.number(uint64(how.Consistency))
		o.tape.number(uint64(len(writes)))
		for i := range writes {
			o.tape.write(&writes[i])
		}
	}, (*reply).items)
}

const (
	stateSet    = C.MECHA_STATE_SET
	stateDelete = C.MECHA_STATE_DELETE
)

func (t *tape) write(write *Write) {
	kind := uint64(stateSet)
	if write.IsDelete {
		kind = stateDelete
	}
	t.number(kind)
	t.number(firstWrite(write.FirstWrite))
	t.string(write.Key)
	t.bytes(write.Value)
	t.optional(write.ETag)
	t.optional(write.ContentType)
	t.number(milliseconds(write.TTL))
	t.entries(write.Metadata)
}

func isSet(is bool) uint64 {
	if is {
		return 1
	}
	return 0
}

// ListOptions says which page of a list to read.
type ListOptions struct {
	Limit int    // keys per page at most; 0 = 100, more than 1000 reads as 1000
	Page  string // Page.Next of the page before; empty for the first
	CallOptions
}

// Page is one page of keys.
type Page struct {
	Keys []string // none does not mean that it is the last page
	Next string   // give it as ListOptions.Page to read on; empty on the last page
}

// List reads one page of the keys that start with prefix, in no promised order.
func (s State) List(ctx context.Context, prefix string, options ...ListOptions) (Page, error) {
	how := optionsOf(options)
	return call(ctx, s.rt, &how.CallOptions, C.FLAT_STATE_LIST, func(o *operation) {
		s.putPage(o, prefix, how.Limit, how.Page)
	}, func(got *reply) Page {
		got.own()
		page := Page{Keys: make([]string, got.count()), Next: got.page()}
		for i := range page.Keys {
			page.Keys[i] = got.text(itemWord(i) + C.FLAT_ITEM_KEY)
		}
		return page
	})
}

func (s State) putPage(o *operation, what string, limit int, page string) {
	o.tape.string(s.name)
	o.tape.string(what)
	o.tape.number(uint64(max(limit, 0)))
	o.tape.optional(page)
}

// Keys goes through all keys that start with prefix, page after page. It is an iterator: with Go 1.23
// for key, err := range store.Keys(ctx, "order-"). An error is the last thing it gives.
func (s State) Keys(ctx context.Context, prefix string,
	options ...ListOptions) func(yield func(string, error) bool) {
	how := optionsOf(options)
	return func(yield func(string, error) bool) {
		for {
			page, err := s.List(ctx, prefix, how)
			if err != nil {
				yield("", err)
				return
			}
			for _, key := range page.Keys {
				if !yield(key, nil) {
					return
				}
			}
			if how.Page = page.Next; how.Page == "" {
				return
			}
		}
	}
}

// QueryOptions says which page of a query to read.
type QueryOptions struct {
	Limit int    // values per page at most; 0 = the query's own or 100; at most 1000
	Page  string // Matches.Next of the page before; empty for the first
	CallOptions
}

// Matches is one page of what a query found, in the order asked for.
type Matches struct {
	Items []Item // none does not mean that it is the last page
	Next  string // give it as QueryOptions.Page to read on; empty on the last page
}

// Query finds values by what their JSON holds. `query` is Dapr's JSON with filter, sort and page:
// docs/query.md. ErrUnimplemented when the store cannot search.
func (s State) Query(ctx context.Context, query string, options ...QueryOptions) (Matches, error) {
	how := optionsOf(options)
	return call(ctx, s.rt, &how.CallOptions, C.FLAT_STATE_QUERY, func(o *operation) {
		s.putPage(o, query, how.Limit, how.Page)
	}, func(got *reply) Matches { return Matches{Items: got.items(), Next: got.page()} })
}
