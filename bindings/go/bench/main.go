// SPDX-License-Identifier: Apache-2.0

// Bench measures what the Go package adds to the library, on the in-memory store. It prints a JSON
// line for each number: nanoseconds per call, the best of many rounds, so that what else the machine
// does shows little.
//
//	get_16, get_1024   blocking calls, one goroutine
//	queue_get          by the queue, 512 goroutines at once
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	"mecha.dev/mecha"
)

const store = `
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: memory}
spec: {type: state.in-memory, version: v1}
`

const (
	rounds     = 20
	calls      = 20_000 // of one round: long enough for its share of garbage collection
	inFlight   = 512
	perRoutine = 200
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	rt, err := mecha.OpenAndStart(ctx, mecha.Options{AppID: "bench", ResourceTexts: []string{store}})
	if err != nil {
		return err
	}
	defer rt.Close()
	memory := rt.State("memory")
	for _, size := range []int{16, 1024} {
		if _, err := memory.Set(ctx, "key", make([]byte, size)); err != nil {
			return err
		}
		buffer := make([]byte, size)
		into := mecha.GetOptions{Buffer: buffer}
		for _, kind := range []struct {
			name    string
			options []mecha.GetOptions
		}{{"get_%d", nil}, {"get_%d_into_buffer", []mecha.GetOptions{into}}} {
			best, err := blocking(ctx, memory, kind.options)
			if err != nil {
				return err
			}
			print(fmt.Sprintf(kind.name, size), best)
		}
	}
	if _, err := memory.Set(ctx, "key", make([]byte, 16)); err != nil {
		return err
	}
	best, err := queued(ctx, memory)
	if err != nil {
		return err
	}
	print("queue_get", best)
	return nil
}

func print(name string, each float64) {
	line, _ := json.Marshal(map[string]any{"name": name, "language": "go", "ns": each})
	fmt.Println(string(line))
}

// blocking is the time of one call in the best round.
func blocking(ctx context.Context, memory mecha.State, options []mecha.GetOptions) (float64, error) {
	best := time.Hour
	for range rounds {
		started := time.Now()
		for range calls {
			if _, err := memory.Get(ctx, "key", options...); err != nil {
				return 0, err
			}
		}
		best = min(best, time.Since(started))
	}
	return float64(best.Nanoseconds()) / calls, nil
}

// queued is the time for one of many calls that are under way at once.
func queued(ctx context.Context, memory mecha.State) (float64, error) {
	best := time.Hour
	options := mecha.GetOptions{CallOptions: mecha.CallOptions{NeverInline: true}}
	for range rounds / 2 {
		var all sync.WaitGroup
		failed := make(chan error, inFlight)
		started := time.Now()
		for range inFlight {
			all.Add(1)
			go func() {
				defer all.Done()
				for range perRoutine {
					if _, err := memory.Get(ctx, "key", options); err != nil {
						failed <- err
						return
					}
				}
			}()
		}
		all.Wait()
		best = min(best, time.Since(started))
		if len(failed) > 0 {
			return 0, <-failed
		}
	}
	return float64(best.Nanoseconds()) / (inFlight * perRoutine), nil
}
