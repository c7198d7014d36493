// SPDX-License-Identifier: Apache-2.0
#include "encoding/json.h"

#include <cstring>

#include "encoding/hex.h"
#include "encoding/json_bytes.h"
#include "encoding/json_scanner.h"
#include "encoding/utf8.h"

namespace mecha {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The letter behind the backslash for what has a short escape, else 0.
constexpr char ShortEscape(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return '\0';
  }
}

// Where JSON text goes: one sink counts, one writes, so that the size is known before.
struct Counter {
  size_t size = 0;
  void Add(std::string_view text) { size += text.size(); }
};
struct Writer {
  char* out;
  void Add(std::string_view text) {
    std::memcpy(out, text.data(), text.size());
    out += text.size();
  }
};

template <class Sink>
void AddEscaped(char c, Sink& sink) {
  if (const char letter = ShortEscape(c); letter != '\0') {
    const char escape[] = {'\\', letter};
    sink.Add({escape, sizeof escape});
    return;
  }
  const auto byte = static_cast<unsigned char>(c);
  const char escape[] = {'\\', 'u', '0', '0', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
  sink.Add({escape, sizeof escape});
}

// `text` is UTF-8.
template <class Sink>
void AddText(std::string_view text, Sink& sink) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    uint64_t seen = 0;
    const char* const special = FindSpecial(at, end, seen);
    sink.Add({at, static_cast<size_t>(special - at)});
    if (special == end) {
      return;
    }
    AddEscaped(*special, sink);
    at = special + 1;
  }
}

template <class Sink>
void AddString(std::string_view text, Sink& sink) {
  sink.Add("\"");
  uint64_t seen = 0;
  const char* const end = text.data() + text.size();
  if (FindSpecial(text.data(), end, seen) == end && seen == 0) {
    sink.Add(text);  // as mostly
    sink.Add("\"");
    return;
  }
  while (!text.empty()) {
    const size_t valid = ValidUtf8Prefix(text);
    AddText(text.substr(0, valid), sink);
    text.remove_prefix(valid);
    if (!text.empty()) {
      sink.Add(kReplacement);
      text.remove_prefix(1);
    }
  }
  sink.Add("\"");
}

}  // namespace

bool IsJson(std::string_view text) {
  JsonScanner scanner(text);
  return scanner.TakeValue().has_value() && scanner.IsAtEnd();
}

size_t JsonStringSize(std::string_view text) {
  Counter counter;
  AddString(text, counter);
  return counter.size;
}

char* WriteJsonString(std::string_view text, char* out) {
  Writer writer{out};
  AddString(text, writer);
  return writer.out;
}

void AppendJsonString(std::string& out, std::string_view text) {
  const size_t before = out.size();
  out.resize(before + JsonStringSize(text));
  WriteJsonString(text, out.data() + before);
}

}  // namespace mecha
