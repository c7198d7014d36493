// SPDX-License-Identifier: Apache-2.0

package mecha

// #include "flat.h"
import "C"

import (
	"context"
	"log/slog"
)

const eventLog = C.MECHA_EVENT_LOG

var levels = [...]slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}

// log gives one line of the library to the logger.
func (rt *Runtime) log(event *C.FlatEvent) {
	if event.kind != eventLog {
		C.flat_release(event.result)
		return
	}
	o := rt.spare()
	C.flat_take(event.result, &o.out)
	got, _ := o.reply(context.Background())
	if got.count() == 0 {
		return
	}
	word := itemWord(0)
	level := levels[min(got.word(word+C.FLAT_ITEM_NUMBER), uint64(len(levels)-1))]
	rt.logger.LogAttrs(context.Background(), level, got.text(word+C.FLAT_ITEM_VALUE),
		slog.String("component", got.text(word+C.FLAT_ITEM_KEY)))
}
