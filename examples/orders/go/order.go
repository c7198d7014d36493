// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

const (
	broker       = "order-messages"
	topic        = "orders"
	refusedTopic = "orders-refused"

	orderPrefix    = "order-"
	customerPrefix = "customer-"
)

// order is one line of the input, checked.
type order struct {
	ID       string `json:"id"`
	Customer string `json:"customer"`
	Cents    *int64 `json:"amount_cents"`
	line     []byte // all of it
}

// total is the running total of one customer.
type total struct {
	Orders int64 `json:"orders"`
	Cents  int64 `json:"total_cents"`
}

// parseOrder reads one line, or tells why it is no order.
func parseOrder(line []byte) (order, error) {
	parsed := order{line: line}
	if err := json.Unmarshal(line, &parsed); err != nil {
		return order{}, fmt.Errorf("not an order: %w", err)
	}
	for _, name := range []string{parsed.ID, parsed.Customer} {
		// "||" separates the parts of a key in the store.
		if name == "" || len(name) > 200 || strings.Contains(name, "||") {
			return order{}, errors.New(
				`"id" or "customer" is missing, empty, over 200 bytes or holds "||"`)
		}
	}
	if parsed.Cents == nil || *parsed.Cents < 0 || *parsed.Cents > 1e12 {
		return order{}, errors.New(`"amount_cents" is not a whole number of cents from 0 to 10^12`)
	}
	return parsed, nil
}
