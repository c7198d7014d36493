// SPDX-License-Identifier: Apache-2.0
#include "expression/cel_collections.h"

#include "expression/cel_items.h"
#include "expression/cel_json.h"
#include "expression/cel_operators.h"

namespace mecha {
namespace {

// How deep lists and maps are compared.
constexpr int kDeepestEquality = 64;

CelValue Equal(const CelValue& a, const CelValue& b, CelArena& arena, int depth);

CelValue EqualLists(const CelValue& a, const CelValue& b, CelArena& arena, int depth) {
  CelItems left(a, arena);
  CelItems right(b, arena);
  for (;;) {
    const std::optional<CelValue> from_left = left.Next();
    const std::optional<CelValue> from_right = right.Next();
    if (!from_left.has_value() || !from_right.has_value()) {
      return CelValue::Bool(from_left.has_value() == from_right.has_value());
    }
    const CelValue equal = Equal(*from_left, *from_right, arena, depth);
    if (!equal.IsTrue()) {
      return equal;
    }
  }
}

// Both are JSON objects: a map of another kind is the message, which nothing equals.
CelValue EqualMaps(const CelValue& a, const CelValue& b, CelArena& arena, int depth) {
  const CelValue left_count = CelCount(a, arena);
  const CelValue right_count = CelCount(b, arena);
  for (const CelValue& count : {left_count, right_count}) {
    if (count.IsError()) {
      return count;
    }
  }
  if (left_count.integer() != right_count.integer()) {
    return CelValue::Bool(false);
  }
  JsonWalk walk(a.text());
  while (walk.Next()) {
    const CelValue key = TextOfJson(walk.raw_key(), arena);
    if (key.IsError()) {
      return key;
    }
    const std::optional<CelValue> other = FindInJson(b.text(), key.text(), arena);
    if (!other.has_value()) {
      return CelValue::Bool(false);
    }
    const CelValue equal = Equal(ValueOfJson(walk.value(), arena), *other, arena, depth);
    if (!equal.IsTrue()) {
      return equal;
    }
  }
  return CelValue::Bool(true);
}

CelValue EqualScalars(const CelValue& a, const CelValue& b) {
  if (a.IsNumber() && b.IsNumber()) {
    return CelValue::Bool(CompareNumbers(a, b) == 0);
  }
  if (a.kind() != b.kind()) {
    return CelValue::Bool(false);
  }
  switch (a.kind()) {
    case CelKind::kNull:
      return CelValue::Bool(true);
    case CelKind::kBool:
      return CelValue::Bool(a.boolean() == b.boolean());
    case CelKind::kString:
    case CelKind::kBytes:
      return CelValue::Bool(a.text() == b.text());
    default:
      return CelValue::NoOverload("==", a.kind(), b.kind());
  }
}

CelValue Equal(const CelValue& a, const CelValue& b, CelArena& arena, int depth) {
  if (a.IsError() || b.IsError()) {
    return a.IsError() ? a : b;
  }
  if (depth > kDeepestEquality) {
    return CelValue::Error(CelFault::kTooMuch);
  }
  if (a.IsList() && b.IsList()) {
    return EqualLists(a, b, arena, depth + 1);
  }
  if (a.Is(CelKind::kJsonMap) && b.Is(CelKind::kJsonMap)) {
    return EqualMaps(a, b, arena, depth + 1);
  }
  return EqualScalars(a, b);
}

// The whole number that `index` is, of whatever type; nothing when it is none.
std::optional<uint64_t> WholeIndex(const CelValue& index) {
  if (index.Is(CelKind::kInt)) {
    return index.integer() < 0 ? std::nullopt : std::optional<uint64_t>(index.integer());
  }
  if (index.Is(CelKind::kUint)) {
    return index.unsigned_integer();
  }
  const double number = index.number();
  const bool is_whole = number >= 0 && number < 9e15 && number == static_cast<uint64_t>(number);
  return is_whole ? std::optional(static_cast<uint64_t>(number)) : std::nullopt;
}

CelValue ElementAt(const CelValue& list, const CelValue& index, CelArena& arena) {
  const CelValue outside = CelValue::Error(CelFault::kOutOfRange, "an index");
  const std::optional<uint64_t> at = WholeIndex(index);
  if (!at.has_value()) {
    return outside;
  }
  if (list.Is(CelKind::kList)) {
    return *at < list.items().size() ? list.items()[*at] : outside;
  }
  if (!arena.Spend(list.text().size())) {
    return CelValue::Error(CelFault::kTooMuch);
  }
  JsonWalk walk(list.text());
  uint64_t passed = 0;
  while (walk.Next()) {
    if (passed++ == *at) {
      return ValueOfJson(walk.value(), arena);
    }
  }
  return walk.is_broken() ? CelValue::Error(CelFault::kBadJson) : outside;
}

}  // namespace

std::optional<CelValue> CelFind(const CelValue& map, std::string_view key, CelArena& arena) {
  return map.Is(CelKind::kJsonMap) ? FindInJson(map.text(), key, arena)
                                   : map.map().Find(key, arena);
}

CelValue CelIndex(const CelValue& container, const CelValue& index, CelArena& arena) {
  if (container.IsList() && index.IsNumber()) {
    return ElementAt(container, index, arena);
  }
  if (container.IsMap()) {
    const std::optional<CelValue> found =
        index.Is(CelKind::kString) ? CelFind(container, index.text(), arena) : std::nullopt;
    return found.value_or(CelValue::Error(CelFault::kNoKey));
  }
  return CelValue::NoOverload("[]", container.kind(), index.kind());
}

CelValue CelCount(const CelValue& container, CelArena& arena) {
  if (container.Is(CelKind::kList)) {
    return CelValue::Int(static_cast<int64_t>(container.items().size()));
  }
  if (container.Is(CelKind::kMap)) {
    return CelValue::Int(static_cast<int64_t>(container.map().size()));
  }
  if (!arena.Spend(container.text().size())) {
    return CelValue::Error(CelFault::kTooMuch);
  }
  JsonWalk walk(container.text());
  int64_t count = 0;
  while (walk.Next()) {
    ++count;
  }
  return walk.is_broken() ? CelValue::Error(CelFault::kBadJson) : CelValue::Int(count);
}

CelValue CelIn(const CelValue& a, const CelValue& b, CelArena& arena) {
  if (b.IsMap()) {
    if (!a.Is(CelKind::kString)) {
      return CelValue::Bool(false);
    }
    const std::optional<CelValue> found = CelFind(b, a.text(), arena);
    return found.has_value() && found->IsError() ? *found : CelValue::Bool(found.has_value());
  }
  if (!b.IsList()) {
    return CelValue::NoOverload("in", a.kind(), b.kind());
  }
  CelItems items(b, arena);
  while (const std::optional<CelValue> item = items.Next()) {
    const CelValue equal = CelEqual(a, *item, arena);
    if (!equal.IsFalse()) {
      return equal;
    }
  }
  return CelValue::Bool(false);
}

CelValue CelEqual(const CelValue& a, const CelValue& b, CelArena& arena) {
  return Equal(a, b, arena, 0);
}

}  // namespace mecha
