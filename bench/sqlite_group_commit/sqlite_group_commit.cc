// SPDX-License-Identifier: Apache-2.0
// What do concurrent writers gain by sharing SQLite transactions? Blocking sets of 1 KB at
// synchronous=FULL through Mecha's C interface, against the same writers each on a connection of
// its own. The two take turns on the same disk; the median of the ratios counts.
//   sqlite_group_commit [--json FILE]
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "sqlite_group_commit/own_connection.h"
#include "sqlite_group_commit/shared_store.h"
#include "support/throughput.h"

namespace bench {

void Fail(std::string_view what) {
  std::fprintf(stderr, "sqlite_group_commit: %.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(2);
}

namespace {

using Json = nlohmann::ordered_json;
using Write = std::function<void(std::string_view key, std::string_view value)>;

constexpr size_t kKeys = 1000;
constexpr const char* kSynchronous = "full";

std::vector<std::string> MakeKeys() {
  std::vector<std::string> keys;
  for (size_t i = 0; i < kKeys; ++i) {
    keys.push_back("key-" + std::to_string(i));
  }
  return keys;
}

// One side: so many threads, each writing through what `make_write` gives it.
Side SideOf(const std::string& name, size_t writers, const std::function<Write()>& make_write) {
  static const std::vector<std::string> keys = MakeKeys();
  static const std::string value(1024, '\x5a');
  return {name, [=] {
            return RunThreads(writers, [&]() -> std::function<void(size_t)> {
              return
                  [write = make_write()](size_t turn) { write(keys[turn * 619 % kKeys], value); };
            });
          }};
}

// `least_ratio` 0: no target, for information.
Json Compare(size_t writers, double least_ratio, const std::function<Write()>& mecha,
             const std::function<Write()>& peer) {
  return CompareRates(std::to_string(writers) + (writers == 1 ? " writer" : " writers") +
                          ", set 1 KB, synchronous=" + kSynchronous,
                      least_ratio, SideOf("mecha state.sqlite", writers, mecha),
                      SideOf("sqlite3, own connections", writers, peer));
}

// Fills the write-ahead log past its checkpoint, so that from then on it is overwritten: appending
// costs the file system much more. It stays so while somebody has the file open.
void Warm(const Write& write) {
  for (size_t turn = 0; turn < 2 * kKeys; ++turn) {
    write("key-" + std::to_string(turn % kKeys), std::string(1024, 'w'));
  }
}

Write WriterOf(const std::string& file, const std::string& synchronous) {
  auto connection = std::make_shared<OwnConnection>(file, synchronous);
  return
      [connection](std::string_view key, std::string_view value) { connection->Set(key, value); };
}

Json MeasureAll(const std::string& folder) {
  const std::string peer_file = folder + "/peer.db";
  const std::string mecha_file = folder + "/mecha.db";
  // Mecha creates both files, so that the tables are the same.
  { const SharedStore creates(peer_file, kSynchronous); }
  const SharedStore mecha(mecha_file, kSynchronous);
  const Write peer_keeper = WriterOf(peer_file, "off");
  Warm(peer_keeper);
  Warm(WriterOf(mecha_file, "off"));
  const auto mecha_write = [&mecha]() -> Write {
    return [&mecha](std::string_view key, std::string_view value) { mecha.Set(key, value); };
  };
  const auto peer_write = [&peer_file] { return WriterOf(peer_file, kSynchronous); };
  Json rows = Json::array();
  rows.push_back(Compare(1, 0, mecha_write, peer_write));
  rows.push_back(Compare(2, 0, mecha_write, peer_write));
  rows.push_back(Compare(8, 3, mecha_write, peer_write));
  rows.push_back(Compare(32, 0, mecha_write, peer_write));
  return rows;
}

int Main(int argc, char** argv) {
  std::string folder = (std::filesystem::temp_directory_path() / "mecha_bench_XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    Fail("no temporary folder");
  }
  Json json = {{"bench", "sqlite_group_commit"},
               {"question", "What do concurrent SQLite writers gain by sharing transactions?"},
               {"machine", {{"cores", std::thread::hardware_concurrency()}}},
               {"rows", MeasureAll(folder)},
               {"notes",
                {"Both write to the same disk; what a wait for it costs decides the "
                 "ratio. Peers that find the file locked sleep, up to 100 ms a time."}}};
  std::filesystem::remove_all(folder);
  return FinishRows(json, argc, argv);
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::Main(argc, argv); }
