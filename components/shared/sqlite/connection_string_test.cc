// SPDX-License-Identifier: Apache-2.0
#include "sqlite/connection_string.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "result/status.h"
#include "support/catch.h"

namespace mecha::components {
namespace {

TEST_CASE("a file is named plainly or as a DSN") {
  const std::string folder = std::filesystem::current_path().string();
  const std::vector<std::pair<std::string, std::string>> names = {
      {"data.db", folder + "/data.db"},
      {"./a/../data.db", folder + "/data.db"},
      {"file:data.db", folder + "/data.db"},
      {"FILE:data.db?", folder + "/data.db"},
      {"/var/x.db", "/var/x.db"},
      {"file:/var/x.db?mode=rw", "/var/x.db"},
      {"file:///var/x.db", "/var/x.db"},
      {"file://localhost/var/x.db#part", "/var/x.db"},
      {"file:/var/a%20b%3f.db", "/var/a b?.db"}};
  for (const auto& [text, file] : names) {
    const auto parsed = ParseConnectionString(text);
    INFO(text);
    REQUIRE(parsed.ok());
    CHECK(parsed->file == file);
    CHECK_FALSE(parsed->is_in_memory);
  }
}

TEST_CASE("what SQLite is given names the same file, whatever its letters") {
  const auto parsed = ParseConnectionString("file:/var/a%20b%3f%25.db?nolock=1&immutable=0");
  REQUIRE(parsed.ok());
  CHECK(parsed->Uri(false) == "file:///var/a%20b%3f%25.db?nolock=1");
  CHECK(parsed->Uri(true) == "file:///var/a%20b%3f%25.db?nolock=1&immutable=1");
}

TEST_CASE("databases in memory are recognised in each of their forms") {
  for (const char* text : {":memory:", "file::memory:", "file::memory:?cache=shared",
                           "file:name?mode=memory&cache=shared"}) {
    const auto parsed = ParseConnectionString(text);
    REQUIRE(parsed.ok());
    CHECK(parsed->is_in_memory);
    CHECK(parsed->Uri(false) == ":memory:");
  }
}

TEST_CASE("parameters are taken over") {
  const auto parsed = ParseConnectionString(
      "file:/a?mode=ro&immutable=1&vfs=unix-none&_txlock=immediate&_pragma=cache_size(-8000)&"
      "_pragma=mmap_size%3D1000000&_pragma=synchronous(NORMAL)");
  REQUIRE(parsed.ok());
  CHECK(parsed->access == FileAccess::kReadOnly);
  CHECK(parsed->is_immutable);
  CHECK(parsed->vfs == "unix-none");
  CHECK(parsed->pragmas == std::vector<std::string>{"cache_size = -8000", "mmap_size = 1000000"});
  CHECK(parsed->synchronous == "normal");
  CHECK(parsed->warnings.empty());
  CHECK(ParseConnectionString("a?cache=shared&_txlock=deferred")->warnings.size() == 2);
}

TEST_CASE("what is unknown or has another field is refused, and the message says which") {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"", "names no file"},
      {"file:?mode=rwc", "names no file"},
      {"a?mod=ro", "Did you mean \"mode\"?"},
      {"a?mode=append", "mode=append"},
      {"a?cache=both", "cache=both"},
      {"a?immutable=perhaps", "immutable=perhaps"},
      {"a?_txlock=none", "_txlock=none"},
      {"a?_pragma=busy_timeout(5000)", "busyTimeout"},
      {"a?_pragma=Journal_Mode(WAL)", "disableWAL"},
      {"a?_pragma=foreign_keys(1)", "foreign_keys"},
      {"a?_pragma=cache_sise(1)", "Did you mean \"cache_size\"?"},
      {"a?_pragma=cache_size", "one word or number"},
      {"a?_pragma=cache_size(1", "write _pragma=name(value)"},
      {"a?_pragma=cache_size(1);DROP TABLE state", "write _pragma=name(value)"},
      {"a?_pragma=cache_size=1;DROP", "one word or number"},
      {"a?_pragma=synchronous(maybe)", "levels are"},
      {"file://server/share/a.db", "\"server\" is a host name"},
      {"file:a%2", "no encoded byte"},
      {"file:a%00b", "no encoded byte"},
      {std::string("a\0b", 3), "zero byte"}};
  for (const auto& [text, part] : wrong) {
    const Status status = ParseConnectionString(text).status();
    INFO(text << " -> " << status.message());
    CHECK(IsInvalidArgument(status));
    CHECK(std::string(status.message()).find(part) != std::string::npos);
  }
}

}  // namespace
}  // namespace mecha::components
