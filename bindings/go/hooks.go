// SPDX-License-Identifier: Apache-2.0

package mecha

// #include <stdint.h>
import "C"

import (
	"runtime/cgo"
	"sort"
)

type threadHooks struct{ started, stopping func(name string) }

//export mechaGoThreadStarted
func mechaGoThreadStarted(user C.uintptr_t, name *C.char) {
	cgo.Handle(user).Value().(threadHooks).started(C.GoString(name))
}

//export mechaGoThreadStopping
func mechaGoThreadStopping(user C.uintptr_t, name *C.char) {
	cgo.Handle(user).Value().(threadHooks).stopping(C.GoString(name))
}

// sortedEntries gives a map's entries in a fixed order, so that errors do not change from run to run.
func sortedEntries(from map[string]string) []Entry {
	entries := make([]Entry, 0, len(from))
	for key, value := range from {
		entries = append(entries, Entry{key, value})
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Key < entries[j].Key })
	return entries
}

// optionsOf is the first of the options given, or all defaults.
func optionsOf[T any](given []T) T {
	if len(given) == 0 {
		var defaults T
		return defaults
	}
	return given[0]
}

func firstOf[T any](given []T) *T {
	if len(given) == 0 {
		return nil
	}
	return &given[0]
}
