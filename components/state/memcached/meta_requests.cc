// SPDX-License-Identifier: Apache-2.0
#include "meta_requests.h"

#include <charconv>
#include <cstring>

namespace MECHA_COMPONENT {
namespace {

constexpr size_t kLongestNumber = 24;

}  // namespace

void MetaRequests::AddText(std::string_view text) {
  char* out = Extend(text.size());
  if (!text.empty()) {
    std::memcpy(out, text.data(), text.size());
  }
  Written(out + text.size());
}

void MetaRequests::AddNumber(uint64_t number) {
  char* out = Extend(kLongestNumber);
  Written(std::to_chars(out, out + kLongestNumber, number).ptr);
}

void MetaRequests::AddFlag(char flag, uint64_t number) {
  const char text[] = {' ', flag};
  AddText({text, sizeof text});
  AddNumber(number);
}

void MetaRequests::AddVersion(uint64_t version) {
  if (version != 0) {
    AddFlag('C', version);
    has_version_ = true;
  }
}

void MetaRequests::AddLine(std::string_view line) {
  StartRequest();
  AddText(line);
  AddText("\r\n");
}

void MetaRequests::AddGet(std::string_view key) {
  StartRequest();
  AddText("mg ");
  AddText(key);
  AddText(" v c\r\n");
}

void MetaRequests::AddSet(const Set& set) {
  StartRequest();
  AddText("ms ");
  AddText(set.key);
  AddText(" ");
  AddNumber(set.value.size());
  AddText(" c");
  if (set.expiry != 0) {
    AddFlag('T', static_cast<uint64_t>(set.expiry));
  }
  if (set.must_be_absent) {
    AddText(" ME");
  }
  AddVersion(set.version);
  AddText("\r\n");
  if (set.value.size() > kLongestCopied) {
    AddOutside(set.value);
  } else {
    AddText(set.value);
  }
  AddText("\r\n");
}

void MetaRequests::AddDelete(std::string_view key, uint64_t version) {
  StartRequest();
  AddText("md ");
  AddText(key);
  AddVersion(version);
  AddText("\r\n");
}

}  // namespace MECHA_COMPONENT
