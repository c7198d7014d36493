// SPDX-License-Identifier: Apache-2.0

// Golden runs one golden scenario on the resources in a folder: golden SCENARIO FOLDER. What it does
// and prints is the same in every language; tests/golden/README.md tells more.
package main

import (
	"context"
	"fmt"
	"os"

	"mecha.dev/mecha"
)

var ctx = context.Background()

func main() {
	scenarios := map[string]func(folder string) error{
		"state":   runState,
		"secrets": runSecrets,
		"errors":  runErrors,
		"pubsub":  runPubSub,
		"drain":   runDrain,
	}
	if len(os.Args) != 3 || scenarios[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: golden state|secrets|errors|pubsub|drain FOLDER")
		os.Exit(2)
	}
	if err := scenarios[os.Args[1]](os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "golden:", err)
		os.Exit(1)
	}
}

func start(folder string) (*mecha.Runtime, error) {
	return mecha.OpenAndStart(ctx, mecha.Options{AppID: "golden", ResourcePaths: []string{folder}})
}

// name is the status of a call that ended with err.
func name(err error) string { return mecha.StatusOf(err).String() }

// nameFound is the status of a read, which an absent key has, too.
func nameFound(found bool, err error) string {
	if err == nil && !found {
		return mecha.ErrNotFound.String()
	}
	return name(err)
}

func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
