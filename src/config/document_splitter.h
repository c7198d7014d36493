// SPDX-License-Identifier: Apache-2.0
// Splits a file into its YAML documents by bytes, as Dapr does, before any parser sees them.
#pragma once

#include <string_view>
#include <vector>

namespace mecha {

struct DocumentText {
  std::string_view text;
  int first_line = 1;         // of the file
  std::string_view cut_away;  // what stood behind the "---" that ended this document
};

// A document ends at a line that starts with "---"; the rest of that line belongs to none.
std::vector<DocumentText> SplitDocuments(std::string_view file);

}  // namespace mecha
