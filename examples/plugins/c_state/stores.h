/* SPDX-License-Identifier: Apache-2.0 */
/* The two component types of this plug-in, and what they share. */
#ifndef EXAMPLE_STORES_H
#define EXAMPLE_STORES_H

#include <mecha/component.h>

extern const mecha_component_type example_state_type;
extern const mecha_component_type example_secret_type;

/* Completes `task` without items. `message` may be NULL. */
static inline void complete_with(const mecha_host* host, mecha_task task, mecha_status status,
                                 const char* message) {
  mecha_outcome outcome = {0};
  outcome.struct_size = sizeof outcome;
  outcome.status = status;
  outcome.message = mecha_view_of(message);
  host->complete(host, task, &outcome);
}

/* Completes `task` with `count` items. */
static inline void complete_items(const mecha_host* host, mecha_task task,
                                  const mecha_outcome_item* items, size_t count) {
  mecha_outcome outcome = {0};
  outcome.struct_size = sizeof outcome;
  outcome.items = items;
  outcome.item_count = count;
  host->complete(host, task, &outcome);
}

#endif
