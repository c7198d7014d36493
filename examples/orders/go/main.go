// SPDX-License-Identifier: Apache-2.0

// Orders in Go: what examples/orders does in C++, on the same stores and brokers. Programs in both
// languages can share them.
//
//	orders publish [options] FILE   publishes the orders of FILE, one JSON object per line
//	orders worker [options]         stores what comes, until Ctrl-C or SIGTERM
//	orders totals [options]         prints the customers' totals
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"sort"
	"syscall"
	"time"

	"mecha.dev/mecha"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "orders:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	if len(arguments) == 0 || (arguments[0] != "publish" && arguments[0] != "worker" && arguments[0] != "totals") {
		return errors.New("say publish, worker or totals; each has -help")
	}
	flags := flag.NewFlagSet("orders "+arguments[0], flag.ExitOnError)
	resources := flags.String("resources", besideSource("sqlite"), "folder with the YAML")
	data := flags.String("data", ".", "folder for the files of embedded stores")
	threads := flags.Int("threads", 4, "how many orders are stored at once")
	_ = flags.Parse(arguments[1:]) // ends the program itself

	var input io.Reader
	if arguments[0] == "publish" {
		if flags.NArg() != 1 {
			return errors.New("publish takes one FILE")
		}
		file, err := open(flags.Arg(0))
		if err != nil {
			return err
		}
		defer file.Close()
		input = file
	}
	folder, err := filepath.Abs(*resources)
	if err != nil {
		return err
	}
	if _, err := os.Stat(folder); err != nil {
		return fmt.Errorf("no YAML of store and broker: %w; name its folder with -resources", err)
	}
	if err := os.Chdir(*data); err != nil { // embedded stores take relative paths from here
		return err
	}
	rt, err := mecha.OpenAndStart(ctx, mecha.Options{AppID: "orders", ResourcePaths: []string{folder}})
	if err != nil {
		return err
	}
	defer rt.Close()
	switch arguments[0] {
	case "publish":
		return publish(ctx, rt.PubSub(broker), input)
	case "worker":
		return work(ctx, rt, *threads)
	default: // totals
		return printTotals(ctx, rt.State("orders"))
	}
}

// besideSource is a folder of examples/orders, where this program was built from.
func besideSource(name string) string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(filepath.Dir(file)), name)
}

func open(path string) (io.ReadCloser, error) {
	if path == "-" {
		return os.Stdin, nil
	}
	return os.Open(path)
}

// publish publishes a hundred orders at a time. Run it again after a failure: nothing doubles.
func publish(ctx context.Context, messages mecha.PubSub, input io.Reader) error {
	var batch []mecha.Message
	published, skipped := 0, 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		// Idempotent: workers know an order by its id.
		_, err := messages.PublishMany(ctx, topic, batch, mecha.CallOptions{Idempotent: true,
			Timeout: 30 * time.Second, Retry: &mecha.RetryPolicy{Interval: 200 * time.Millisecond,
				Limit: -1}})
		published += len(batch)
		batch = batch[:0]
		return err
	}
	lines := bufio.NewScanner(input)
	for number := 1; lines.Scan(); number++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		if _, err := parseOrder(line); err != nil {
			fmt.Fprintf(os.Stderr, "line %d: skipped: %v\n", number, err)
			skipped++
			continue
		}
		batch = append(batch, mecha.Message{Data: bytes.Clone(line), ContentType: mecha.JSON})
		if len(batch) == 100 {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	fmt.Printf("%d orders published, %d skipped\n", published, skipped)
	return lines.Err()
}

// work stores orders until ctx ends, and finishes those it has in hand.
func work(ctx context.Context, rt *mecha.Runtime, threads int) error {
	accounts := ledger{store: rt.State("orders")}
	options := mecha.Spec(fmt.Sprintf(`{"pubsubname": %q, "topic": %q, "deadLetterTopic": %q,
		"metadata": {"redeliveryAttempts": "1000000"}}`, broker, topic, refusedTopic))
	options.Credit = threads
	worker, err := rt.Serve(ctx, options, func(ctx context.Context, request *mecha.Request) error {
		parsed, err := parseOrder(request.Body)
		if err != nil {
			return mecha.Drop(err) // to the refused ones
		}
		return accounts.put(ctx, parsed)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "worker %d is ready\n", os.Getpid())
	<-ctx.Done()
	finish, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, err = worker.Stop(finish)
	fmt.Printf("worker: %d orders stored, %d stored before, %d retries\n", accounts.stored.Load(),
		accounts.before.Load(), accounts.rivals.Load())
	return err
}

func printTotals(ctx context.Context, store mecha.State) error {
	totals := map[string]total{}
	var failed error
	store.Keys(ctx, customerPrefix)(func(key string, err error) bool {
		if err == nil {
			totals[key[len(customerPrefix):]], _, err = mecha.GetJSON[total](ctx, store, key)
		}
		failed = err
		return err == nil
	})
	if failed != nil {
		return failed
	}
	names := make([]string, 0, len(totals))
	for name := range totals {
		names = append(names, name)
	}
	sort.Strings(names)
	var sum total
	for _, name := range names {
		one := totals[name]
		sum.Orders += one.Orders
		sum.Cents += one.Cents
		printRow(name, one)
	}
	printRow(fmt.Sprintf("%d customers", len(names)), sum)
	return nil
}

func printRow(name string, t total) {
	fmt.Printf("%-24s %8d %11d.%02d\n", name, t.Orders, t.Cents/100, t.Cents%100)
}
