// SPDX-License-Identifier: Apache-2.0
#include "array_text.h"

namespace MECHA_COMPONENT {
namespace {

void AppendNumber(std::string& bytes, size_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(number >> shift);
  }
}

}  // namespace

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

void ArrayText::Add(const Parameters& parameters, int index) {
  const char* value = parameters.values()[index];
  if (value == nullptr) {
    AppendNumber(bytes_, 0xFFFFFFFF);
  } else {
    Add(std::string_view(value, static_cast<size_t>(parameters.sizes()[index])));
  }
}

}  // namespace MECHA_COMPONENT
