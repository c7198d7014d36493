// SPDX-License-Identifier: Apache-2.0
#include "meta_requests.h"

#include <string>
#include <vector>

#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

// All of it, as sendmsg would see it.
std::string Text(const MetaRequests& requests) {
  std::string text;
  std::vector<iovec> pieces(32);
  const size_t filled = requests.Pieces(0, pieces);
  for (size_t i = 0; i < filled; ++i) {
    text.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
  }
  return text;
}

TEST_CASE("each request is one line of memcached's, a set with its value") {
  MetaRequests requests;
  requests.AddLine("mn");
  requests.AddGet("k");
  requests.AddSet({"k", "v\r\n\0x", 0, false, 0});
  requests.AddSet({"k", "", 60, true, 0});
  requests.AddSet({"k", "v", 0, false, 17});
  requests.AddDelete("k", 0);
  requests.AddDelete("k", 17);
  CHECK(Text(requests) ==
        "mn\r\nmg k v c\r\nms k 3 c\r\nv\r\n\r\nms k 0 c T60 ME\r\n\r\nms k 1 c C17\r\nv\r\n"
        "md k\r\nmd k C17\r\n");
  CHECK(requests.count() == 7);
  CHECK(requests.EndOf(0) == 4);
  CHECK(requests.EndOf(6) == requests.total_bytes());
}

TEST_CASE("a long value is sent from where it is") {
  const std::string value(100'000, 'x');
  MetaRequests requests;
  requests.AddSet({"k", value, 0, false, 0});
  CHECK(Text(requests) == "ms k 100000 c\r\n" + value + "\r\n");
  std::vector<iovec> pieces(32);
  REQUIRE(requests.Pieces(0, pieces) == 3);
  CHECK(pieces[1].iov_base == value.data());
}

TEST_CASE("a CAS number in any request is remembered until they are cleared") {
  MetaRequests requests;
  requests.AddGet("k");
  CHECK_FALSE(requests.has_version());
  requests.AddDelete("k", 1);
  CHECK(requests.has_version());
  requests.Clear();
  CHECK_FALSE(requests.has_version());
  CHECK(requests.empty());
}

}  // namespace
}  // namespace MECHA_COMPONENT
