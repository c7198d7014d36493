// SPDX-License-Identifier: Apache-2.0
#include "state_bulk/play_stores.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#include "support/throughput.h"

namespace bench {

void Fail(std::string_view what) {
  std::fprintf(stderr, "bench: %.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(2);
}

namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kKeys = 1000;
constexpr double kLeastRatio = 0.85;

const std::vector<Key>& Keys() {
  static const std::vector<Key> keys = [] {
    std::vector<Key> all;
    for (size_t i = 0; i < kKeys; ++i) {
      const std::string own = "key-" + std::to_string(i * 619 % kKeys);
      all.push_back({own, "app||" + own});
    }
    return all;
  }();
  return keys;
}

bool IsWanted(int argc, char** argv, std::string_view store) {
  bool has_word = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--json") {
      ++i;
    } else if (store.find(argument) != std::string_view::npos) {
      return true;
    } else {
      has_word = true;
    }
  }
  return !has_word;
}

Json Play(const Work& work, const std::string& store, Contender& mecha, Contender& peer) {
  const std::string value(1024, 'v');
  for (Contender* contender : {&mecha, &peer}) {
    for (const Key& key : Keys()) {
      contender->Set(key, value);
    }
  }
  const auto side = [&](Contender& contender) {
    return Side{contender.name(), [&] {
                  return RunThreads(
                      1, [&] { return [&](size_t turn) { work.run(contender, turn); }; });
                }};
  };
  return CompareRates(store + " " + work.row, kLeastRatio, side(mecha), side(peer));
}

}  // namespace

std::span<const Key> KeysAt(size_t turn, size_t count) {
  return std::span(Keys()).subspan(turn * count % (kKeys - count), count);
}

int PlayStores(const Work& work, int argc, char** argv) {
  std::string folder = std::filesystem::temp_directory_path() / "mecha-bench-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    Fail("no temporary folder could be made");
  }
  Json rows = Json::array();
#ifdef HAS_SQLITE
  if (IsWanted(argc, argv, "sqlite")) {
    const auto mecha =
        MakeMechaContender("state.sqlite", "  metadata:\n    - {name: connectionString, value: \"" +
                                               folder + "/mecha.db\"}\n");
    rows.push_back(Play(work, "sqlite", *mecha, *MakeSqlitePeer(folder + "/peer.db")));
  }
#endif
#ifdef HAS_REDIS
  if (IsWanted(argc, argv, "redis")) {
    const auto server = StartRedis();
    const auto mecha = MakeMechaContender(
        "state.redis", "  metadata:\n    - {name: redisHost, value: \"127.0.0.1:" +
                           std::to_string(server->port()) + "\"}\n");
    rows.push_back(Play(work, "redis", *mecha, *MakeRedisPeer("127.0.0.1", server->port())));
  }
#endif
#ifdef HAS_POSTGRESQL
  if (IsWanted(argc, argv, "postgresql")) {
    const auto server = StartPostgres();
    const auto mecha = MakeMechaContender(
        "state.postgresql",
        "  metadata:\n    - {name: connectionString, value: \"" + server->connection() + "\"}\n",
        "v2");
    rows.push_back(Play(work, "postgresql", *mecha, *MakePostgresPeer(server->connection())));
  }
#endif
  std::filesystem::remove_all(folder);
  return FinishRows({{"bench", work.bench},
                     {"question", work.question},
                     {"machine", {{"cores", std::thread::hardware_concurrency()}}},
                     {"rows", rows},
                     {"notes", {"The server runs on the same cores as its client."}}},
                    argc, argv);
}

}  // namespace bench
