// SPDX-License-Identifier: Apache-2.0
#include "config/document_splitter.h"

#include <algorithm>

namespace mecha {
namespace {

constexpr std::string_view kSeparator = "\n---";

int CountLines(std::string_view text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

std::vector<DocumentText> SplitDocuments(std::string_view file) {
  std::vector<DocumentText> documents;
  int line = 1;
  for (;;) {
    const size_t at = file.find(kSeparator);
    if (at == std::string_view::npos) {
      documents.push_back({file, line, {}});
      return documents;
    }
    const size_t after = at + kSeparator.size();
    const size_t line_end = std::min(file.find('\n', after), file.size());
    documents.push_back({file.substr(0, at), line, file.substr(after, line_end - after)});
    line += CountLines(file.substr(0, at)) + 2;
    if (line_end == file.size()) {
      return documents;
    }
    file.remove_prefix(line_end + 1);
  }
}

}  // namespace mecha
