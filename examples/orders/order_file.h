// SPDX-License-Identifier: Apache-2.0
// OrderFile: hands out the lines of a file, or of standard input, to several threads. It does not
// look into them.
#pragma once

#include <cstdint>
#include <fstream>
#include <istream>
#include <mutex>
#include <string>

namespace orders {

struct Line {
  std::int64_t number = 0;
  std::string text;
};

class OrderFile {
 public:
  // Opens `path`, or standard input for "-". False when that fails; `problem` tells why.
  bool Open(const std::string& path, std::string& problem);

  // The next line that is not blank; false at the end. Safe from any thread. Blocks on the input.
  bool Next(Line& line);

  // For messages: "orders.jsonl:17".
  std::string PlaceOf(const Line& line) const;
  // True when the input broke before its end.
  bool IsBroken() const { return input_->bad(); }

 private:
  std::string name_;
  std::ifstream file_;
  std::istream* input_ = nullptr;
  std::mutex mutex_;  // guards input_ and number_
  std::int64_t number_ = 0;
};

}  // namespace orders
