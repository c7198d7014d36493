// SPDX-License-Identifier: Apache-2.0
// CelValue: what an expression computes with: a number, a text, a list, a map, or why there is
// none. A small value of views; what they point into is the expression, the event or a CelArena.
// One thread at a time per arena.
#pragma once

#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mecha {

class CelMap;

enum class CelKind : uint8_t {
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kList,      // values in memory
  kJsonList,  // the text of a JSON array, read when it is asked
  kJsonMap,   // the text of a JSON object, the same
  kMap,       // a CelMap
  kError,
};

// "int", "list": as CEL names types.
std::string_view NameOf(CelKind kind);

enum class CelFault : uint8_t {
  kNoVariable,  // the text names it
  kNoKey,       // the text names it
  kNoOverload,  // the text names the operator or function; left and right are what it got
  kOutOfRange,  // the text says what
  kDividedByZero,
  kNotConvertible,  // the text names the function
  kBadJson,
  kTooMuch,
};

class CelValue {
 public:
  CelValue() = default;  // null

  static CelValue Bool(bool value) { return CelValue(CelKind::kBool, {.boolean = value}, 0); }
  static CelValue Int(int64_t value) { return CelValue(CelKind::kInt, {.integer = value}, 0); }
  static CelValue Uint(uint64_t value) {
    return CelValue(CelKind::kUint, {.unsigned_integer = value}, 0);
  }
  static CelValue Double(double value) { return CelValue(CelKind::kDouble, {.number = value}, 0); }
  static CelValue String(std::string_view text) { return Text(CelKind::kString, text); }
  static CelValue Bytes(std::string_view bytes) { return Text(CelKind::kBytes, bytes); }
  static CelValue List(std::span<const CelValue> items) {
    return CelValue(CelKind::kList, {.items = items.data()}, items.size());
  }
  // The text of one JSON array or object, blanks around it removed.
  static CelValue JsonList(std::string_view json) { return Text(CelKind::kJsonList, json); }
  static CelValue JsonMap(std::string_view json) { return Text(CelKind::kJsonMap, json); }
  static CelValue Map(const CelMap* map) { return CelValue(CelKind::kMap, {.map = map}, 0); }
  static CelValue Error(CelFault fault, std::string_view text = {}) {
    CelValue value = Text(CelKind::kError, text);
    value.fault_ = fault;
    return value;
  }
  static CelValue NoOverload(std::string_view name, CelKind left, CelKind right = CelKind::kError) {
    CelValue value = Error(CelFault::kNoOverload, name);
    value.left_ = left;
    value.right_ = right;
    return value;
  }

  CelKind kind() const { return kind_; }
  bool Is(CelKind kind) const { return kind_ == kind; }
  bool IsError() const { return kind_ == CelKind::kError; }
  bool IsList() const { return Is(CelKind::kList) || Is(CelKind::kJsonList); }
  bool IsMap() const { return Is(CelKind::kMap) || Is(CelKind::kJsonMap); }
  bool IsNumber() const { return Is(CelKind::kInt) || Is(CelKind::kUint) || Is(CelKind::kDouble); }
  bool IsTrue() const { return Is(CelKind::kBool) && data_.boolean; }
  bool IsFalse() const { return Is(CelKind::kBool) && !data_.boolean; }

  // Each for its own kind only.
  bool boolean() const { return data_.boolean; }
  int64_t integer() const { return data_.integer; }
  uint64_t unsigned_integer() const { return data_.unsigned_integer; }
  double number() const { return data_.number; }
  std::string_view text() const { return {data_.text, size_}; }  // also of JSON and errors
  std::span<const CelValue> items() const { return {data_.items, size_}; }
  const CelMap& map() const { return *data_.map; }
  CelFault fault() const { return fault_; }

  // Where in the expression an error arose: the first to say so is believed.
  void SetPlace(uint32_t offset) {
    if (IsError() && place_ == kNowhere) {
      place_ = offset;
    }
  }
  uint32_t place() const { return place_; }

 private:
  friend std::string TextOfError(const CelValue& error);

  static constexpr uint32_t kNowhere = UINT32_MAX;

  union Data {
    bool boolean;
    int64_t integer;
    uint64_t unsigned_integer;
    double number;
    const char* text;
    const CelValue* items;
    const CelMap* map;
  };

  CelValue(CelKind kind, Data data, size_t size) : kind_(kind), data_(data), size_(size) {}
  static CelValue Text(CelKind kind, std::string_view text) {
    return CelValue(kind, {.text = text.data()}, text.size());
  }

  CelKind kind_ = CelKind::kNull;
  CelFault fault_ = CelFault::kTooMuch;  // of an error; also the next three
  CelKind left_ = CelKind::kError;
  CelKind right_ = CelKind::kError;  // kError: there is no second operand
  uint32_t place_ = kNowhere;
  Data data_ = {.integer = 0};
  size_t size_ = 0;
};

// "\"<\" has no meaning for string and int". Holds no value of the event.
std::string TextOfError(const CelValue& error);

// Owns what one evaluation makes, and counts what it costs.
class CelArena {
 public:
  static constexpr size_t kMostBytesMade = 16 << 20;
  static constexpr size_t kMostBytesRead = 256 << 20;

  CelArena() = default;
  CelArena(const CelArena&) = delete;
  CelArena& operator=(const CelArena&) = delete;

  // Nothing when the evaluation has made too much; callers answer with kTooMuch.
  std::optional<std::string_view> Own(std::string text);
  std::optional<std::span<const CelValue>> Own(std::vector<CelValue> items);
  // False when the evaluation has read too much.
  bool Spend(size_t bytes) {
    read_ += bytes;
    return read_ <= kMostBytesRead;
  }
  bool HasRoomFor(size_t bytes) const { return bytes <= kMostBytesMade - made_; }

 private:
  size_t made_ = 0;
  size_t read_ = 0;
  std::forward_list<std::string> texts_;
  std::forward_list<std::vector<CelValue>> lists_;
};

// A map whose values are looked up when asked, as the envelope of a message.
class CelMap {
 public:
  virtual ~CelMap() = default;
  // Nothing when there is no such key. Values live as long as the map and `arena`.
  virtual std::optional<CelValue> Find(std::string_view key, CelArena& arena) const = 0;
  virtual size_t size() const = 0;
};

}  // namespace mecha
