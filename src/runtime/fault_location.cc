// SPDX-License-Identifier: Apache-2.0
#include "runtime/fault_location.h"

#include <algorithm>

#include "encoding/ascii.h"

namespace mecha {
namespace {

bool IsOfWord(char c) {
  const char lower = ToLower(c);
  return IsDigit(c) || (lower >= 'a' && lower <= 'z') || c == '_';
}

// Where `word` stands last in `text`, with no letter or digit beside it.
size_t LastOf(std::string_view text, std::string_view word) {
  for (size_t at = text.rfind(word); at != std::string_view::npos && !word.empty();
       at = at == 0 ? std::string_view::npos : text.rfind(word, at - 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !IsOfWord(text[at - 1])) && (end == text.size() || !IsOfWord(text[end]))) {
      return at;
    }
  }
  return std::string_view::npos;
}

// Says where something is: an address or a path. Other values are ordinary words too often.
bool IsPlace(std::string_view value) { return value.find_first_of("./:") != std::string::npos; }

const MetadataItem* FindByValue(const ComponentDocument& document, std::string_view message) {
  const MetadataItem* longest = nullptr;
  for (const MetadataItem& item : document.metadata) {
    const std::string_view value = item.value.has_value() ? *item.value : std::string_view();
    if (IsPlace(value) && LastOf(message, value) != std::string_view::npos &&
        (longest == nullptr || value.size() > longest->value->size())) {
      longest = &item;
    }
  }
  return longest;
}

const MetadataItem* FindByName(const ComponentDocument& document, const ComponentInfo& info,
                               std::string_view message) {
  const MetadataItem* last = nullptr;
  size_t last_at = 0;
  for (const MetadataItem& item : document.metadata) {
    const auto field = std::ranges::find_if(info.fields, [&](const FieldInfo& known) {
      return EqualsIgnoringCase(known.name, item.name);
    });
    const size_t at = LastOf(message, field == info.fields.end() ? item.name : field->name);
    if (at != std::string_view::npos && (last == nullptr || at > last_at)) {
      last = &item;
      last_at = at;
    }
  }
  return last;
}

const MetadataItem* FindRequired(const ComponentDocument& document, const ComponentInfo& info) {
  const auto found = std::ranges::find_if(document.metadata, [&](const MetadataItem& item) {
    return std::ranges::any_of(info.fields, [&](const FieldInfo& field) {
      return field.is_required && EqualsIgnoringCase(field.name, item.name);
    });
  });
  return found == document.metadata.end() ? nullptr : &*found;
}

const MetadataItem* FindItem(const ComponentDocument& document, const ComponentInfo& info,
                             const Status& failure) {
  const MetadataItem* item = FindByValue(document, failure.message());
  if (item == nullptr) {
    item = FindByName(document, info, failure.message());
  }
  return item == nullptr && IsUnavailable(failure) ? FindRequired(document, info) : item;
}

// The size of the place that a mistake in the document names itself; 0: none.
size_t SizeOfOwnPlace(const ComponentDocument& document, std::string_view message) {
  const std::string& file = document.location.file;
  if (!message.starts_with(file) || !message.substr(file.size()).starts_with(':')) {
    return 0;
  }
  const size_t end = message.find(": ", file.size());
  return end == std::string_view::npos ? 0 : end;
}

}  // namespace

FaultLocation LocateFault(const ComponentDocument& document, const ComponentInfo& info,
                          const Status& failure) {
  const std::string_view message = failure.message();
  const size_t own = SizeOfOwnPlace(document, message);
  if (own != 0) {
    return {std::string(message.substr(0, own)), std::string(message.substr(own + 2))};
  }
  const MetadataItem* item = FindItem(document, info, failure);
  return {ToText(item == nullptr ? document.type_location : item->location), std::string(message)};
}

std::string DescribeFault(const FaultLocation& fault, std::string_view words) {
  std::string text = fault.place + ": ";
  text += words;
  text += fault.cause.empty() ? "" : ": ";
  text += fault.cause;
  return text;
}

}  // namespace mecha
