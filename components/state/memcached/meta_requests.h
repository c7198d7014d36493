// SPDX-License-Identifier: Apache-2.0
// MetaRequests: one or more of memcached's meta commands, ready to be sent together. Keys must have
// been checked: a space in one would be read as a flag. What is copied and what must outlive the
// sending: connection/send_buffer.h. One thread at a time.
#pragma once

#include <cstdint>
#include <string_view>

#include "connection/send_buffer.h"

namespace MECHA_COMPONENT {

class MetaRequests : public SendBuffer {
 public:
  void Clear() {
    SendBuffer::Clear();
    has_version_ = false;
  }
  // Any command without a value, without its end of line: "mn".
  void AddLine(std::string_view line);
  // Value and CAS number, or a miss.
  void AddGet(std::string_view key);

  struct Set {
    std::string_view key;
    std::string_view value;
    int64_t expiry = 0;
    bool must_be_absent = false;
    uint64_t version = 0;  // not 0: only over the item with this CAS number
  };
  void AddSet(const Set& set);
  void AddDelete(std::string_view key, uint64_t version);

  // Whether some request names a CAS number, which is good for one start of the server only.
  bool has_version() const { return has_version_; }

 private:
  void AddFlag(char flag, uint64_t number);
  void AddVersion(uint64_t version);
  void AddText(std::string_view text);
  void AddNumber(uint64_t number);

  bool has_version_ = false;
};

}  // namespace MECHA_COMPONENT
