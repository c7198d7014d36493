// SPDX-License-Identifier: Apache-2.0
#include "peer_bytes.h"

#include <string.h>

#include <algorithm>
#include <utility>

namespace MECHA_COMPONENT {
namespace {

// More than this is given back when it has been sent.
constexpr size_t kMostKept = 256 * 1024;
// What a record begins with: its kind, a version, and in two bytes how many follow.
constexpr size_t kRecordHeader = 5;

}  // namespace

PeerBytes::Method PeerBytes::MakeMethod() {
  Method method(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "Mecha's bytes of a peer"));
  if (method != nullptr) {
    BIO_meth_set_read(method.get(), ReadBio);
    BIO_meth_set_write(method.get(), WriteBio);
    BIO_meth_set_ctrl(method.get(), ControlBio);
  }
  return method;
}

BIO* PeerBytes::MakeBio(const BIO_METHOD* method) {
  BIO* bio = BIO_new(method);
  if (bio != nullptr) {
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
  }
  return bio;
}

std::span<char> PeerBytes::Room() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
  }
  if (end_ == capacity_) {
    const size_t unread = end_ - begin_;
    const size_t capacity = unread < kRoomBytes ? kRoomBytes : 2 * unread;
    std::unique_ptr<char[]> larger(new char[capacity]);
    std::copy_n(incoming_.get() + begin_, unread, larger.get());
    incoming_ = std::move(larger);
    capacity_ = capacity;
    begin_ = 0;
    end_ = unread;
  }
  return {incoming_.get() + end_, capacity_ - end_};
}

void PeerBytes::Sent(size_t count) {
  sent_ += count;
  if (sent_ < outgoing_.size()) {
    return;
  }
  outgoing_.clear();
  sent_ = 0;
  if (outgoing_.capacity() > kMostKept) {
    outgoing_.shrink_to_fit();
  }
}

// The next record, header and all; 0 when not even that is there.
size_t PeerBytes::LengthOfRecord() const {
  if (end_ - begin_ < kRecordHeader) {
    return 0;
  }
  const auto* header = reinterpret_cast<const unsigned char*>(incoming_.get()) + begin_;
  return kRecordHeader + (size_t{header[3]} << 8 | header[4]);
}

// Never more than a record: what follows one in OpenSSL's buffer it would move to the front of that
// for each record.
int PeerBytes::ReadBio(BIO* bio, char* into, int size) {
  auto& self = *static_cast<PeerBytes*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (self.record_left_ == 0) {
    self.record_left_ = self.LengthOfRecord();
  }
  const size_t there = std::min(self.end_ - self.begin_, self.record_left_);
  const size_t count = std::min(there, static_cast<size_t>(size));
  if (count == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  memcpy(into, self.incoming_.get() + self.begin_, count);
  self.begin_ += count;
  self.record_left_ -= count;
  return static_cast<int>(count);
}

int PeerBytes::WriteBio(BIO* bio, const char* from, int size) {
  auto& self = *static_cast<PeerBytes*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  self.outgoing_.append(from, static_cast<size_t>(size));
  return size;
}

long PeerBytes::ControlBio(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP ? 1 : 0;
}

}  // namespace MECHA_COMPONENT
