/* SPDX-License-Identifier: Apache-2.0 */
#include "value_table.h"

#include <stdlib.h>
#include <string.h>

static void copy_bytes(char* into, mecha_view from) {
  if (from.size != 0) {
    memcpy(into, from.data, from.size);
  }
}

value_entry* value_entry_new(mecha_view key, mecha_view value) {
  value_entry* entry = calloc(1, sizeof *entry + key.size + value.size);
  if (entry != NULL) {
    entry->key_size = key.size;
    entry->value_size = value.size;
    copy_bytes(entry->bytes, key);
    copy_bytes(entry->bytes + key.size, value);
  }
  return entry;
}

mecha_view value_entry_key(const value_entry* entry) {
  const mecha_view view = {entry->bytes, entry->key_size};
  return view;
}

mecha_view value_entry_value(const value_entry* entry) {
  const mecha_view view = {entry->bytes + entry->key_size, entry->value_size};
  return view;
}

static int compare(mecha_view a, mecha_view b) {
  const size_t shorter = a.size < b.size ? a.size : b.size;
  const int order = shorter == 0 ? 0 : memcmp(a.data, b.data, shorter);
  return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

bool value_table_reserve(value_table* table, size_t more) {
  const size_t needed = table->count + more;
  if (needed <= table->room) {
    return true;
  }
  const size_t room = needed < 2 * table->room ? 2 * table->room : needed;
  value_entry** entries = realloc(table->entries, room * sizeof(value_entry*));
  if (entries == NULL) {
    return false;
  }
  table->entries = entries;
  table->room = room;
  return true;
}

size_t value_table_find(const value_table* table, mecha_view key) {
  size_t low = 0;
  size_t high = table->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (compare(value_entry_key(table->entries[middle]), key) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

bool value_table_is_at(const value_table* table, size_t place, mecha_view key) {
  return place < table->count && compare(value_entry_key(table->entries[place]), key) == 0;
}

void value_table_put(value_table* table, value_entry* entry) {
  const size_t place = value_table_find(table, value_entry_key(entry));
  if (value_table_is_at(table, place, value_entry_key(entry))) {
    free(table->entries[place]);
  } else {
    memmove(table->entries + place + 1, table->entries + place,
            (table->count - place) * sizeof(value_entry*));
    ++table->count;
  }
  table->entries[place] = entry;
}

void value_table_remove_at(value_table* table, size_t place) {
  free(table->entries[place]);
  --table->count;
  memmove(table->entries + place, table->entries + place + 1,
          (table->count - place) * sizeof(value_entry*));
}

void value_table_clear(value_table* table) {
  for (size_t i = 0; i < table->count; ++i) {
    free(table->entries[i]);
  }
  free(table->entries);
  *table = (value_table){0};
}
