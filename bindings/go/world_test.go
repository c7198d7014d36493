// SPDX-License-Identifier: Apache-2.0

package mecha_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mecha.dev/mecha"
)

// What the tests share: runtimes over stores and brokers that need no server.

const inMemory = `
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: store}
spec: {type: state.in-memory, version: v1}
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: messages}
spec: {type: pubsub.in-memory, version: v1}
`

// sqlite is a store that blocks, and a broker, in files of folder.
func sqlite(folder string) string {
	return fmt.Sprintf(`
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: store}
spec:
  type: state.sqlite
  version: v1
  metadata: [{name: connectionString, value: %q}]
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: messages}
spec:
  type: pubsub.sqlite
  version: v1
  metadata: [{name: connectionString, value: %q}]
`, filepath.Join(folder, "state.db"), filepath.Join(folder, "messages.db"))
}

func secretFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secrets.json")
	secrets := `{"token": "s3cr3t", "database": {"user": "anna", "password": "pw"}}`
	if err := os.WriteFile(path, []byte(secrets), 0o600); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: vault}
spec:
  type: secretstores.local.file
  version: v1
  metadata: [{name: secretsFile, value: %q}, {name: multiValued, value: "true"}]
`, path)
}

func open(t testing.TB, resources string) *mecha.Runtime {
	t.Helper()
	rt, _ := openLogged(t, resources)
	return rt
}

// openLogged also gives what was logged.
func openLogged(t testing.TB, resources string) (*mecha.Runtime, *logText) {
	t.Helper()
	logged := new(logText)
	rt, err := mecha.OpenAndStart(context.Background(), mecha.Options{
		AppID: "test", ResourceTexts: []string{resources},
		Logger: slog.New(slog.NewTextHandler(logged, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close() })
	return rt, logged
}

type logText struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *logText) Write(line []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(line)
}

func (l *logText) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

func (l *logText) await(t *testing.T, part string) {
	t.Helper()
	await(t, "a log line with "+part, func() bool { return strings.Contains(l.String(), part) })
}

// await looks until something holds; a machine may be slow.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain for ", what)
		}
	}
}

func must[T any](t testing.TB) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got the error %v, want %v", err, want)
	}
}

func wantText[T ~string | ~[]byte](t *testing.T, got T, want string) {
	t.Helper()
	if string(got) != want {
		t.Fatalf("got %q, want %q", got, want)
	}
}

// viaQueue makes a call wait for its event, also where the answer is at hand.
var viaQueue = mecha.CallOptions{NeverInline: true}
