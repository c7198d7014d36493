// SPDX-License-Identifier: Apache-2.0
// Reading a tape: flat.h says what one is. Not the writing, which tape.go does.
//
// Threads: one per tape. Arrays are the caller's to free; texts are views into the tape.
#ifndef MECHA_GO_FLAT_TAPE_H
#define MECHA_GO_FLAT_TAPE_H

#include <mecha/types.h>
#include <stdlib.h>

#include "flat.h"

typedef struct Tape {
  const uint64_t* word;
  const char* text;
} Tape;

static inline uint64_t next(Tape* tape) { return *tape->word++; }

static inline mecha_view next_view(Tape* tape) {
  const uint64_t at = next(tape);
  const uint64_t size = next(tape);
  mecha_view view = {NULL, 0};
  if (size == FLAT_ABSENT) return view;
  view.size = (size_t)(size & ~FLAT_PINNED);
  view.data = (size & FLAT_PINNED) != 0 ? (const void*)(uintptr_t)at : tape->text + at;
  return view;
}

static inline mecha_buf next_buf(Tape* tape) {
  const mecha_view view = next_view(tape);
  mecha_buf buf = {view.data, view.size, NULL, NULL};
  return buf;
}

// Room for the arrays of one call: `count` things of `size` bytes. Never NULL for 0 things.
static inline void* room_for(uint64_t count, size_t size) { return calloc(count + 1, size); }

// Pairs in a row: their number, then key and value of each. NULL without memory.
static inline mecha_kv* next_pairs(Tape* tape, size_t* count) {
  *count = (size_t)next(tape);
  mecha_kv* pairs = room_for(*count, sizeof *pairs);
  if (pairs == NULL) return NULL;
  for (size_t i = 0; i < *count; ++i) {
    pairs[i].key = next_view(tape);
    pairs[i].value = next_view(tape);
  }
  return pairs;
}

static inline mecha_view* next_views(Tape* tape, size_t* count) {
  *count = (size_t)next(tape);
  mecha_view* views = room_for(*count, sizeof *views);
  if (views == NULL) return NULL;
  for (size_t i = 0; i < *count; ++i) views[i] = next_view(tape);
  return views;
}

#endif  // MECHA_GO_FLAT_TAPE_H
