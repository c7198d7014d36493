// SPDX-License-Identifier: Apache-2.0
#include "expression/cel_value.h"

#include <utility>

#include "encoding/quoted.h"

namespace mecha {

std::string_view NameOf(CelKind kind) {
  switch (kind) {
    case CelKind::kNull:
      return "null";
    case CelKind::kBool:
      return "bool";
    case CelKind::kInt:
      return "int";
    case CelKind::kUint:
      return "uint";
    case CelKind::kDouble:
      return "double";
    case CelKind::kString:
      return "string";
    case CelKind::kBytes:
      return "bytes";
    case CelKind::kList:
    case CelKind::kJsonList:
      return "list";
    case CelKind::kJsonMap:
    case CelKind::kMap:
      return "map";
    case CelKind::kError:
      break;
  }
  return "error";
}

std::string TextOfError(const CelValue& error) {
  const std::string name = Quoted(error.text());
  switch (error.fault()) {
    case CelFault::kNoVariable:
      return "there is no variable " + name + "; the message is \"event\"";
    case CelFault::kNoKey:
      return error.text().empty() ? "there is no such key"
                                  : "there is no key " + name + "; ask with has() first";
    case CelFault::kNoOverload: {
      std::string text = name + " has no meaning for ";
      text += NameOf(error.left_);
      if (error.right_ != CelKind::kError) {
        text += " and ";
        text += NameOf(error.right_);
      }
      return text;
    }
    case CelFault::kOutOfRange:
      return std::string(error.text()) + " is out of range";
    case CelFault::kDividedByZero:
      return "a division by zero";
    case CelFault::kNotConvertible:
      return std::string(error.text()) + " cannot convert this value";
    case CelFault::kBadJson:
      return "the message holds text that is not JSON where JSON was announced";
    case CelFault::kTooMuch:
      break;
  }
  return "the expression reads or makes too much for one message";
}

std::optional<std::string_view> CelArena::Own(std::string text) {
  if (!HasRoomFor(text.size())) {
    return std::nullopt;
  }
  made_ += text.size();
  return texts_.emplace_front(std::move(text));
}

std::optional<std::span<const CelValue>> CelArena::Own(std::vector<CelValue> items) {
  const size_t bytes = items.size() * sizeof(CelValue);
  if (!HasRoomFor(bytes)) {
    return std::nullopt;
  }
  made_ += bytes;
  return lists_.emplace_front(std::move(items));
}

}  // namespace mecha
