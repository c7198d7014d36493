// SPDX-License-Identifier: Apache-2.0
#include "parameters.h"

namespace MECHA_COMPONENT {
namespace {

void AppendNumber(std::string& bytes, size_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(number >> shift);
  }
}

}  // namespace

Parameters& Parameters::Add(std::string_view text) {
  // Not null: libpq takes that for NULL.
  values_[static_cast<size_t>(count_)] = text.data() == nullptr ? "" : text.data();
  sizes_[static_cast<size_t>(count_)] = static_cast<int>(text.size());
  ++count_;
  return *this;
}

Parameters& Parameters::Add(int64_t number) {
  std::array<char, 8>& bytes = numbers_[static_cast<size_t>(count_)];
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(static_cast<uint64_t>(number) >> (56 - 8 * i));
  }
  return Add(std::string_view(bytes.data(), bytes.size()));
}

Parameters& Parameters::Add(bool is_true) {
  return Add(is_true ? std::string_view("\1", 1) : std::string_view("\0", 1));
}

Parameters& Parameters::AddNull() {
  values_[static_cast<size_t>(count_)] = nullptr;
  sizes_[static_cast<size_t>(count_)] = 0;
  ++count_;
  return *this;
}

ArrayText::ArrayText(Type type, size_t count) {
  AppendNumber(bytes_, count == 0 ? 0 : 1);  // dimensions
  AppendNumber(bytes_, 1);                   // there may be NULL among them
  AppendNumber(bytes_, type);
  if (count != 0) {
    AppendNumber(bytes_, count);
    AppendNumber(bytes_, 1);  // the first one's index
  }
}

void ArrayText::Add(std::string_view element) {
  AppendNumber(bytes_, element.size());
  bytes_ += element;
}

void ArrayText::AddNull() { AppendNumber(bytes_, 0xFFFFFFFF); }

void ArrayText::Add(const Parameters& parameters, int index) {
  const char* value = parameters.values()[index];
  if (value == nullptr) {
    AddNull();
  } else {
    Add(std::string_view(value, static_cast<size_t>(parameters.sizes()[index])));
  }
}

}  // namespace MECHA_COMPONENT
