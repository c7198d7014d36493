// SPDX-License-Identifier: Apache-2.0
#include "direct_reply.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

using Progress = DirectReply::Progress;

std::string Number(size_t number, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    text += static_cast<char>(number >> shift);
  }
  return text;
}

std::string Message(char type, const std::string& body) {
  return type + Number(body.size() + 4, 4) + body;
}

const std::string kNull = Number(0xFFFFFFFF, 4);

std::string Field(const std::string& text) { return Number(text.size(), 4) + text; }

std::string Row(const std::vector<std::string>& fields) {
  std::string body = Number(fields.size(), 2);
  for (const std::string& field : fields) {
    body += field;
  }
  return Message('D', body);
}

const std::string kBound = Message('2', "");
// Two columns; what stands behind their number is not looked at.
const std::string kColumns = Message('T', Number(2, 2) + "names and types");
const std::string kSelected = Message('C', std::string("SELECT 2\0", 9));
const std::string kReady = Message('Z', "I");
const std::string kError =
    Message('E', std::string("SERROR\0C22012\0Mdivision by zero\0Dsecret\0\0", 41));
const std::string kNotice = Message('N', std::string("SNOTICE\0Mby the way\0\0", 21));

// Feeds it in pieces of at most `piece` bytes, until it is complete or broken.
Progress Feed(DirectReply& reply, std::string_view bytes, size_t piece = SIZE_MAX) {
  Progress progress = Progress::kNeedsMore;
  while (!bytes.empty() && progress == Progress::kNeedsMore) {
    const std::span<char> room = reply.Room();
    REQUIRE_FALSE(room.empty());
    const size_t count = std::min({bytes.size(), room.size(), piece});
    std::copy_n(bytes.data(), count, room.data());
    progress = reply.Received(count);
    bytes.remove_prefix(count);
  }
  return progress;
}

TEST_CASE("rows come whole out of pieces of any size, with NULL and empty text told apart") {
  const std::string large(100'000, 'x');
  const std::string all = kBound + kNotice + kColumns + Row({Field("a"), kNull}) +
                          Row({Field(large), Field("")}) + kSelected + kReady;
  for (const size_t piece : {size_t{1}, size_t{3}, size_t{1000}, all.size()}) {
    DirectReply reply(0);
    REQUIRE(Feed(reply, all, piece) == Progress::kComplete);
    CHECK(reply.is_settled());
    CHECK_FALSE(reply.has_error());
    REQUIRE(reply.has_rows());
    REQUIRE(reply.rows() == 2);
    CHECK(reply.columns() == 2);
    CHECK(reply.Text(0, 0) == "a");
    CHECK(reply.IsNull(0, 1));
    CHECK((reply.Text(1, 0) == large));
    CHECK_FALSE(reply.IsNull(1, 1));
    CHECK(reply.Text(1, 1).empty());
    CHECK(reply.tag() == "SELECT 2");
  }
}

TEST_CASE("a reply without rows has the tag, and one with an error its code and words") {
  DirectReply deleted(0);
  const std::string tag = Message('C', std::string("DELETE 1\0", 9));
  CHECK(Feed(deleted, kBound + Message('n', "") + tag + kReady) == Progress::kComplete);
  CHECK_FALSE(deleted.has_rows());
  CHECK(deleted.tag() == "DELETE 1");

  DirectReply failed(0);
  CHECK(Feed(failed, kBound + kColumns + kError + kReady) == Progress::kComplete);
  CHECK(failed.is_settled());
  CHECK(failed.has_error());
  CHECK(failed.sqlstate() == "22012");
  CHECK(failed.message() == "division by zero");

  DirectReply cut(0);
  CHECK(Feed(cut, kError) == Progress::kNeedsMore);
  CHECK(cut.has_error());
  CHECK_FALSE(cut.is_settled());
}

TEST_CASE("an open transaction, and bytes that nobody asked for, leave a session unsettled") {
  const std::string answer = kBound + kColumns + kSelected;
  DirectReply open(0);
  CHECK(Feed(open, answer + Message('Z', "T")) == Progress::kComplete);
  CHECK_FALSE(open.is_settled());
  DirectReply twice(0);
  CHECK(Feed(twice, answer + kReady + kBound) == Progress::kComplete);
  CHECK_FALSE(twice.is_settled());
}

TEST_CASE("what does not belong to one statement's answer is broken") {
  const auto is_broken = [](const std::string& bytes) {
    DirectReply reply(0);
    return Feed(reply, bytes) == Progress::kBroken;
  };
  CHECK(is_broken("HTTP/1.1 400 Bad Request"));
  CHECK(is_broken(kColumns));
  CHECK(is_broken(kReady));
  CHECK(is_broken(kBound + kBound));
  CHECK(is_broken(kBound + Row({Field("a"), kNull})));
  CHECK(is_broken(kBound + kColumns + kReady));
  CHECK(is_broken(kBound + kColumns + kSelected + Row({Field("a"), kNull})));
  CHECK(is_broken(kBound + kColumns + Row({Field("a")})));
  CHECK(is_broken(kBound + kColumns + Row({Field("a"), Field("b") + "more"})));
  CHECK(is_broken(kBound + kColumns + Row({Field("a"), Number(7, 4) + "short"})));
  CHECK(is_broken(kBound + kColumns + Row({Field("a"), "xy"})));
  CHECK(is_broken(kBound + std::string("T\0\0\0\3", 5)));
  CHECK(is_broken(kBound + "T\xff\xff\xff\xff"));
  CHECK(is_broken(kBound + Message('T', "")));
  CHECK(is_broken(kBound + kColumns + kSelected + Message('Z', "")));
}

}  // namespace
}  // namespace MECHA_COMPONENT
