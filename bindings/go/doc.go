// SPDX-License-Identifier: Apache-2.0

// Package mecha gives a Go program state, secrets and messages, over back-ends that are chosen in
// Dapr's YAML. The library lives in the process; there is no sidecar.
//
//	rt, err := mecha.OpenAndStart(ctx, mecha.Options{AppID: "shop", ResourcePaths: []string{"resources"}})
//	if err != nil { ... }
//	defer rt.Close()
//	value, err := rt.State("orders").Get(ctx, "17")
//
// Every call takes a context first. When the context is done, the call is cancelled; its deadline is
// the call's. A context that a handler got (Serve) carries its request: calls with it belong to the
// request.
//
// All methods may be called from any goroutine, unless they say otherwise. A call that has to wait
// parks its goroutine; it takes no thread.
//
// The README beside this file has a chapter for each topic.
package mecha
