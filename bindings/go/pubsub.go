// SPDX-License-Identifier: Apache-2.0

package mecha

// #include "flat.h"
import "C"

import (
	"context"
	"time"
)

// PubSub is a handle to one pubsub component. Copy it as you like.
type PubSub struct {
	rt   *Runtime
	name string
}

// PubSub gives a handle to a pubsub component. An unknown name shows at the first call.
func (rt *Runtime) PubSub(name string) PubSub { return PubSub{rt, name} }

// Name is the component's name.
func (p PubSub) Name() string { return p.name }

// Message is one message to publish.
type Message struct {
	Data        []byte
	ContentType string        // empty: text/plain
	ID          string        // empty: a new UUID
	Key         string        // messages of one key stay in order, where the broker can
	TTL         time.Duration // 0 = never expires, or what the metadata says
	Raw         bool          // no envelope: the bytes go to the broker as they are
	Metadata    []Entry
}

// Published is what publishing one message returned.
type Published struct {
	ID       string // the message's; empty for a raw message that was given none
	BrokerID string // the broker's own; empty where it has none
	Err      error  // of PublishMany: why this one failed
}

const messageRaw = C.MECHA_MESSAGE_RAW

func (t *tape) message(message *Message) {
	t.bytes(message.Data)
	t.optional(message.ContentType)
	t.optional(message.ID)
	t.optional(message.Key)
	t.number(milliseconds(message.TTL))
	flags := uint64(0)
	if message.Raw {
		flags |= messageRaw
	}
	t.number(flags)
	t.entries(message.Metadata)
}

// Publish publishes one message; it returns when the broker has it.
func (p PubSub) Publish(ctx context.Context, topic string, message Message,
	options ...CallOptions) (Published, error) {
	done, err := p.PublishMany(ctx, topic, []Message{message}, options...)
	if err != nil || len(done) == 0 {
		return Published{}, err
	}
	return done[0], nil
}

// PublishMany publishes several messages, each of which succeeds or fails by itself; entry i belongs
// to message i. When some failed the entries come with ErrPartial.
func (p PubSub) PublishMany(ctx context.Context, topic string, messages []Message,
	options ...CallOptions) ([]Published, error) {
	return call(ctx, p.rt, firstOf(options), C.FLAT_PUBLISH, func(o *operation) {
		o.tape.string(p.name)
		o.tape.string(topic)
		o.tape.number(uint64(len(messages)))
		for i := range messages {
			o.tape.message(&messages[i])
		}
	}, func(got *reply) []Published {
		items := got.items()
		published := make([]Published, len(items))
		for i := range items {
			published[i] = Published{items[i].Key, items[i].ETag, items[i].Err}
		}
		return published
	})
}
