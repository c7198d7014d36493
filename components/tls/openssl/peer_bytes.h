// SPDX-License-Identifier: Apache-2.0
// PeerBytes: what a TLS session has got from its peer and not read yet, and what the peer must get,
// in memory; and the BIO through which OpenSSL reads and writes them. One thread at a time.
#pragma once

#include <openssl/bio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "openssl_pointer.h"

namespace MECHA_COMPONENT {

class PeerBytes {
 public:
  using Method = OpensslPointer<BIO_METHOD, BIO_meth_free>;

  // The kind of BIO that MakeBio makes; null when memory is short.
  static Method MakeMethod();

  // Null when memory is short. Holds `this`, which must stay where it is and live longer.
  BIO* MakeBio(const BIO_METHOD* method);

  std::span<char> Room();
  void Received(size_t count) { end_ += count; }
  bool has_unread() const { return begin_ != end_; }

  std::string_view Outgoing() const { return std::string_view(outgoing_).substr(sent_); }
  void Sent(size_t count);

 private:
  // What a record needs at most, and a little more: one system call for one record.
  static constexpr size_t kRoomBytes = 17 * 1024;

  size_t LengthOfRecord() const;
  static int ReadBio(BIO* bio, char* into, int size);
  static int WriteBio(BIO* bio, const char* from, int size);
  static long ControlBio(BIO* bio, int command, long number, void* pointer);

  std::unique_ptr<char[]> incoming_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t record_left_ = 0;  // of the record that is being read
  std::string outgoing_;
  size_t sent_ = 0;
};

}  // namespace MECHA_COMPONENT
