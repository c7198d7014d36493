// SPDX-License-Identifier: Apache-2.0

//go:build go1.24

package mecha

// What the C functions do not do with what they are given. Toolchains before 1.24 do not know these
// words; there a call costs a little more.

// #cgo noescape flat_state_get
// #cgo nocallback flat_state_get
// #cgo nocallback flat_submit
// #cgo nocallback flat_take
// #cgo nocallback flat_take_value
// #cgo nocallback flat_queue_poll
import "C"
