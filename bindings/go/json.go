// SPDX-License-Identifier: Apache-2.0

package mecha

import (
	"context"
	"encoding/json"
)

// GetJSON reads one key as JSON. An absent key gives a zero T and a Value that is not Found.
func GetJSON[T any](ctx context.Context, store State, key string, options ...GetOptions) (T, Value,
	error) {
	var decoded T
	value, err := store.Get(ctx, key, options...)
	if err != nil || !value.Found {
		return decoded, value, err
	}
	if err := value.Decode(&decoded); err != nil {
		return decoded, value, &Error{Status: ErrDataLoss, cause: err,
			Message: "the value of a key in " + store.name + " is not the JSON asked for: " +
				err.Error()}
	}
	return decoded, value, nil
}

// SetJSON writes one key as JSON and gives its new etag.
func SetJSON[T any](ctx context.Context, store State, key string, value T, options ...SetOptions) (
	string, error) {
	bytes, err := encode(value)
	if err != nil {
		return "", err
	}
	set := optionsOf(options)
	set.ContentType = JSON
	return store.Set(ctx, key, bytes, set)
}

// PublishJSON publishes value as JSON.
func PublishJSON[T any](ctx context.Context, pubsub PubSub, topic string, value T,
	options ...CallOptions) (Published, error) {
	bytes, err := encode(value)
	if err != nil {
		return Published{}, err
	}
	return pubsub.Publish(ctx, topic, Message{Data: bytes, ContentType: JSON}, options...)
}

// HandleJSON makes a Handler of a function that takes the body as JSON. A body that is none is
// dropped. Not for batches.
func HandleJSON[T any](handler func(ctx context.Context, body T, request *Request) error) Handler {
	return func(ctx context.Context, request *Request) error {
		var body T
		if err := request.Decode(&body); err != nil {
			return Drop(err)
		}
		return handler(ctx, body, request)
	}
}

func encode(value any) ([]byte, error) {
	bytes, err := json.Marshal(value)
	if err != nil {
		return nil, &Error{Status: ErrInvalidArgument, cause: err,
			Message: "the value cannot be written as JSON: " + err.Error()}
	}
	return bytes, nil
}
