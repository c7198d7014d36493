// SPDX-License-Identifier: Apache-2.0
#include "ordered_page.h"

#include <algorithm>
#include <vector>

namespace MECHA_COMPONENT {
namespace {

// What is left of one table, the next key first.
struct Cursor {
  EntryTable::Ordered::const_iterator next;
  EntryTable::Ordered::const_iterator end;

  bool HasKey(std::string_view prefix) const {
    return next != end && next->first.starts_with(prefix);
  }
};

Cursor CursorAt(const EntryTable& table, const ListRequest& request) {
  const EntryTable::Ordered& ordered = table.ordered();
  const bool is_first = request.position.empty() || request.position < request.prefix;
  return {is_first ? ordered.lower_bound(request.prefix) : ordered.upper_bound(request.position),
          ordered.end()};
}

bool IsLater(const Cursor& a, const Cursor& b) { return a.next->first > b.next->first; }

}  // namespace

ListPage PageOf(std::span<const EntryTable* const> tables, const ListRequest& request) {
  std::vector<Cursor> heap;
  for (const EntryTable* table : tables) {
    const Cursor cursor = CursorAt(*table, request);
    if (cursor.HasKey(request.prefix)) {
      heap.push_back(cursor);
    }
  }
  std::ranges::make_heap(heap, IsLater);
  ListPage page;
  while (!heap.empty() && page.keys.size() < request.limit) {
    std::ranges::pop_heap(heap, IsLater);
    Cursor& least = heap.back();
    page.keys.push_back(least.next->first);
    ++least.next;
    if (least.HasKey(request.prefix)) {
      std::ranges::push_heap(heap, IsLater);
    } else {
      heap.pop_back();
    }
  }
  if (!heap.empty()) {
    page.next = page.keys.back();
  }
  return page;
}

}  // namespace MECHA_COMPONENT
