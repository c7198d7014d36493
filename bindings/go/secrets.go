// SPDX-License-Identifier: Apache-2.0

package mecha

// #include "flat.h"
import "C"

import (
	"context"
	"fmt"
	"log/slog"
	"sort"
)

// Secrets is a handle to one secret store. Copy it as you like. Which secrets may be read is limited
// by Configuration documents.
type Secrets struct {
	rt   *Runtime
	name string
}

// Secrets gives a handle to a secret store. An unknown name shows at the first call.
func (rt *Runtime) Secrets(name string) Secrets { return Secrets{rt, name} }

// Secret is one secret: most have one key, equal to the secret's name. Printing it, also in a log,
// shows no value.
type Secret struct {
	Name  string
	Found bool
	items []Item
}

// Value is the value of the first key; empty when the secret was not found.
func (s Secret) Value() string {
	if len(s.items) == 0 {
		return ""
	}
	return string(s.items[0].Bytes)
}

// Key is the value of one key, and whether there is one.
func (s Secret) Key(name string) (string, bool) {
	for i := range s.items {
		if s.items[i].Key == name {
			return string(s.items[i].Bytes), true
		}
	}
	return "", false
}

// Keys names the keys, in the store's order.
func (s Secret) Keys() []string {
	keys := make([]string, len(s.items))
	for i := range s.items {
		keys[i] = s.items[i].Key
	}
	return keys
}

// Wipe overwrites the values. Copies made of them before are the caller's.
func (s Secret) Wipe() {
	for i := range s.items {
		clear(s.items[i].Bytes)
	}
}

// String tells the name and how many keys there are.
func (s Secret) String() string { return fmt.Sprintf("secret %s (%d keys)", s.Name, len(s.items)) }

// GoString is as String.
func (s Secret) GoString() string { return s.String() }

// Format is as String, whatever the verb.
func (s Secret) Format(state fmt.State, _ rune) { fmt.Fprint(state, s.String()) }

// LogValue is as String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Get reads one secret. An absent one is no error: Secret.Found is false. ErrPermissionDenied for
// one out of scope.
func (s Secrets) Get(ctx context.Context, name string, options ...CallOptions) (Secret, error) {
	return call(ctx, s.rt, firstOf(options), C.FLAT_SECRET_GET, func(o *operation) {
		o.tape.string(s.name)
		o.tape.string(name)
	}, func(got *reply) Secret {
		if got.status != OK {
			return Secret{Name: name}
		}
		return Secret{Name: name, Found: true, items: got.secretItems()}
	})
}

// List reads every secret this application may see, sorted by name. Others are left out silently.
func (s Secrets) List(ctx context.Context, options ...CallOptions) ([]Secret, error) {
	return call(ctx, s.rt, firstOf(options), C.FLAT_SECRET_LIST, func(o *operation) {
		o.tape.string(s.name)
	}, func(got *reply) []Secret {
		secrets := []Secret{}
		places := map[string]int{}
		for _, item := range got.secretItems() {
			place, known := places[item.Group]
			if !known {
				place = len(secrets)
				places[item.Group] = place
				secrets = append(secrets, Secret{Name: item.Group, Found: true})
			}
			secrets[place].items = append(secrets[place].items, item)
		}
		sort.Slice(secrets, func(i, j int) bool { return secrets[i].Name < secrets[j].Name })
		return secrets
	})
}

// secretItems reads the items and wipes the operation's own block, which is used again.
func (r *reply) secretItems() []Item {
	block := r.block
	wasOwned := r.isOwned
	items := r.items()
	if !wasOwned {
		clear(block)
	}
	return items
}
