// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"mecha.dev/mecha"
)

// ledger puts an order and its customer's new total into the store, both or neither. It keeps
// nothing itself, so the program may be killed at any point and run again.
type ledger struct {
	store                  mecha.State
	stored, before, rivals atomic.Int64
}

// errTotalChanged: another worker was faster.
var errTotalChanged = errors.New("the total has changed meanwhile")

// put stores one order. Trying again cannot count it twice: its key is written only while it is
// absent, in one transaction with the total.
func (l *ledger) put(ctx context.Context, o order) error {
	giveUp := time.Now().Add(30 * time.Second)
	for ceiling := 100 * time.Microsecond; ; ceiling = min(2*ceiling, 200*time.Millisecond) {
		err := l.putOnce(ctx, o)
		var failure *mecha.Error
		switch {
		case err == nil:
			return nil
		case errors.Is(err, errTotalChanged):
			l.rivals.Add(1)
		case !errors.As(err, &failure) || time.Now().After(giveUp):
			return err
		case failure.Retryable == mecha.RetryableNo && !failure.MaybeApplied:
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rand.N(ceiling)):
		}
	}
}

func (l *ledger) putOnce(ctx context.Context, o order) error {
	orderKey, customerKey := orderPrefix+o.ID, customerPrefix+o.Customer
	seen, err := l.store.GetMany(ctx, []string{orderKey, customerKey})
	if err != nil {
		return err
	}
	if seen[0].Found {
		l.before.Add(1)
		return nil
	}
	var sum total
	if seen[1].Found {
		if err := seen[1].Decode(&sum); err != nil {
			return fmt.Errorf("the store's %s is not a total: %w", customerKey, err)
		}
	}
	sum.Orders++
	sum.Cents += *o.Cents
	text, err := json.Marshal(sum)
	if err != nil {
		return err
	}
	// First write: the order only while its key is absent, the total only over what was read.
	first := mecha.SetOptions{FirstWrite: true, ContentType: mecha.JSON}
	over := first
	over.ETag = seen[1].ETag
	done, err := l.store.Apply(ctx, []mecha.Write{
		mecha.SetOf(orderKey, o.line, first), mecha.SetOf(customerKey, text, over)})
	var failure *mecha.Error
	switch {
	case err == nil:
		l.stored.Add(1)
		return nil
	case errors.As(err, &failure) && failure.Status == mecha.ErrAborted && !failure.MaybeApplied:
		if len(done) == 2 && done[0].Status == mecha.ErrAborted {
			l.before.Add(1) // the order was stored meanwhile
			return nil
		}
		return errTotalChanged
	}
	return err
}
