// SPDX-License-Identifier: Apache-2.0
// Parameters: the values of one statement's parameters, in order and in binary. ArrayText: the
// value of one that is an array. Neither sends anything. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace MECHA_COMPONENT {

// Texts are borrowed until the statement was sent.
class Parameters {
 public:
  static constexpr int kMost = 5;

  Parameters() = default;
  Parameters(const Parameters&) = delete;
  Parameters& operator=(const Parameters&) = delete;

  Parameters& Add(std::string_view text);
  Parameters& Add(int64_t number);
  Parameters& Add(bool is_true);
  Parameters& AddNull();

  int count() const { return count_; }
  const char* const* values() const { return values_.data(); }
  const int* sizes() const { return sizes_.data(); }

 private:
  std::array<const char*, kMost> values_;
  std::array<int, kMost> sizes_;
  std::array<std::array<char, 8>, kMost> numbers_;
  int count_ = 0;
};

// As it goes over the wire.
class ArrayText {
 public:
  // Of the elements, as the server numbers them.
  enum Type : uint32_t { kBoolean = 16, kBytes = 17, kBigInt = 20, kText = 25 };

  ArrayText(Type type, size_t count);
  void Add(std::string_view element);
  void AddNull();
  // The parameter at `index`, which may be NULL.
  void Add(const Parameters& parameters, int index);
  std::string_view text() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace MECHA_COMPONENT
