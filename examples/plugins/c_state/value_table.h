/* SPDX-License-Identifier: Apache-2.0 */
/* A table of values, sorted by key. It takes no lock and knows no etag rule: the store does both.
 * Finding costs a binary search, adding a key moves the pointers behind it. */
#ifndef EXAMPLE_VALUE_TABLE_H
#define EXAMPLE_VALUE_TABLE_H

#include <mecha/component.h>
#include <stdbool.h>

typedef struct value_entry {
  uint64_t version;        /* never used twice in the life of a store */
  int64_t expires_ns;      /* by mecha_host.steady_ns; 0: never */
  int64_t expires_unix_ms; /* what readers are told */
  uint32_t flags;          /* MECHA_ITEM_JSON */
  size_t key_size;
  size_t value_size;
  char bytes[]; /* the key, then the value */
} value_entry;

typedef struct value_table {
  value_entry** entries;
  size_t count;
  size_t room;
} value_table;

/* NULL when there is no memory. Free it with free() unless a table takes it. */
value_entry* value_entry_new(mecha_view key, mecha_view value);
mecha_view value_entry_key(const value_entry* entry);
mecha_view value_entry_value(const value_entry* entry);

/* Makes room for `more` entries, so that putting them cannot fail. */
bool value_table_reserve(value_table* table, size_t more);
/* Where `key` stands or would stand: the first entry that is not less. */
size_t value_table_find(const value_table* table, mecha_view key);
bool value_table_is_at(const value_table* table, size_t place, mecha_view key);
/* Takes `entry`; frees the one of the same key. Room must be there. */
void value_table_put(value_table* table, value_entry* entry);
void value_table_remove_at(value_table* table, size_t place);
void value_table_clear(value_table* table);

#endif
