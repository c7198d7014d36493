// SPDX-License-Identifier: Apache-2.0

package mecha

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"time"
)

// Change is what Update makes of a key: SetTo, Keep or Remove.
type Change struct {
	kind  changeKind
	value []byte
}

type changeKind int

const (
	changeKeep changeKind = iota
	changeSet
	changeDelete
)

// SetTo stores value.
func SetTo(value []byte) Change { return Change{changeSet, value} }

// Keep leaves the key as it is, absent or present.
func Keep() Change { return Change{} }

// Remove deletes the key, if it is there.
func Remove() Change { return Change{kind: changeDelete} }

// UpdateOptions says how Update writes.
type UpdateOptions struct {
	ContentType  string
	TTL          time.Duration
	FirstPause   time.Duration // after a lost race; 0 = 100 us
	LongestPause time.Duration // 0 = 100 ms
	CallOptions
}

// Update reads a key, lets change make a new value of it, and writes that if nobody else wrote in
// between; otherwise it pauses for a growing random time and starts over. So change may be called
// several times: it should do nothing but compute. Its error ends the update. The etag is that of
// what was written.
//
// It goes on until ctx's deadline, or a minute. A failure that may have been applied is returned.
func (s State) Update(ctx context.Context, key string, change func(Value) (Change, error),
	options ...UpdateOptions) (string, error) {
	how := optionsOf(options)
	ctx, cancel := withLimit(ctx, how.Timeout)
	defer cancel()
	ceiling, longest := how.FirstPause, how.LongestPause
	if ceiling <= 0 {
		ceiling = 100 * time.Microsecond
	}
	if longest <= 0 {
		longest = 100 * time.Millisecond
	}
	for {
		etag, err := s.updateOnce(ctx, key, change, &how)
		if failure, is := err.(*Error); !is || failure.Status != ErrAborted || failure.MaybeApplied {
			return etag, err
		}
		select {
		case <-ctx.Done():
			return "", contextError(ctx)
		case <-time.After(rand.N(ceiling) + 1):
		}
		ceiling = min(2*ceiling, longest)
	}
}

func withLimit(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok && timeout <= 0 || timeout < 0 {
		return context.WithCancel(ctx)
	}
	if timeout == 0 {
		timeout = time.Minute
	}
	return context.WithTimeout(ctx, timeout)
}

func (s State) updateOnce(ctx context.Context, key string, change func(Value) (Change, error),
	how *UpdateOptions) (string, error) {
	current, err := s.Get(ctx, key, GetOptions{CallOptions: how.CallOptions})
	if err != nil {
		return "", err
	}
	wanted, err := change(current)
	if err != nil {
		return "", err
	}
	switch {
	case wanted.kind == changeSet:
		return s.Set(ctx, key, wanted.value, SetOptions{ETag: current.ETag, FirstWrite: true,
			ContentType: how.ContentType, TTL: how.TTL, CallOptions: how.CallOptions})
	case wanted.kind == changeDelete && current.Found:
		return "", s.Delete(ctx, key, DeleteOptions{ETag: current.ETag, FirstWrite: true,
			CallOptions: how.CallOptions})
	}
	return current.ETag, nil
}

// UpdateJSON is Update for a value that is JSON; an absent key is a zero T.
func UpdateJSON[T any](ctx context.Context, store State, key string, change func(T) (T, error),
	options ...UpdateOptions) (string, error) {
	how := optionsOf(options)
	how.ContentType = JSON
	return store.Update(ctx, key, func(current Value) (Change, error) {
		var value T
		if current.Found {
			if err := json.Unmarshal(current.Bytes, &value); err != nil {
				return Keep(), err
			}
		}
		changed, err := change(value)
		if err != nil {
			return Keep(), err
		}
		bytes, err := encode(changed)
		return SetTo(bytes), err
	}, how)
}
