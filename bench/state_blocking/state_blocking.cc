// SPDX-License-Identifier: Apache-2.0
// What does a blocking get or set of 1 KB from one thread cost through Mecha's C interface, and
// what through the raw client that does the same commands?
//   state_blocking [--json FILE] [WORD]     only the stores whose name contains WORD
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "state_blocking/contender.h"
#include "support/report.h"

namespace bench {

void Fail(std::string_view what) {
  std::fprintf(stderr, "state_blocking: %.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(2);
}

namespace {

constexpr size_t kKeys = 1000;

const std::vector<Key>& Keys() {
  static const std::vector<Key> keys = [] {
    std::vector<Key> all;
    for (size_t i = 0; i < kKeys; ++i) {
      const std::string own = "key-" + std::to_string(i);
      all.push_back({own, "app||" + own});
    }
    return all;
  }();
  return keys;
}

const Key& KeyAt(size_t turn) { return Keys()[turn * 619 % kKeys]; }

struct Match {
  std::string store;
  std::function<std::unique_ptr<Contender>()> make_mecha;
  std::function<std::unique_ptr<Contender>()> make_peer;
  // The peer with what Mecha's component tunes, too: shows what is left then. May be null.
  std::function<std::unique_ptr<Contender>()> make_tuned_peer;
  Plan get_plan;
  Plan set_plan;
  Target get_target;
  Target set_target;
};

void Fill(Contender& contender, std::string_view value) {
  for (const Key& key : Keys()) {
    contender.Set(key, value);
  }
}

Operation GetOf(Contender& contender) {
  return [&contender](size_t turn) {
    if (contender.Get(KeyAt(turn)) != 1024) {
      Fail(contender.name() + ": wrong value");
    }
  };
}

Operation SetOf(Contender& contender, std::string_view value) {
  return [&contender, value](size_t turn) { contender.Set(KeyAt(turn), value); };
}

void Play(Report& report, const Match& match) {
  std::string value(1024, '\0');
  for (size_t i = 0; i < value.size(); ++i) {
    value[i] = static_cast<char>(i * 131 >> 3);
  }
  const auto mecha = match.make_mecha();
  const auto peer = match.make_peer();
  const auto second_peer = match.make_peer();
  for (Contender* contender : {mecha.get(), peer.get(), second_peer.get()}) {
    Fill(*contender, value);
  }
  report.Add(match.store + " get 1 KB", mecha->name(), peer->name(),
             Compare(match.get_plan, GetOf(*mecha), GetOf(*peer)), match.get_target);
  report.Add(match.store + " get 1 KB, peer against itself", peer->name(), peer->name() + " again",
             Compare(match.get_plan, GetOf(*second_peer), GetOf(*peer)));
  if (match.make_tuned_peer) {
    const auto tuned = match.make_tuned_peer();
    Fill(*tuned, value);
    report.Add(match.store + " get 1 KB, peer tuned alike", mecha->name(), tuned->name(),
               Compare(match.get_plan, GetOf(*mecha), GetOf(*tuned)));
  }
  report.Add(match.store + " set 1 KB", mecha->name(), peer->name(),
             Compare(match.set_plan, SetOf(*mecha, value), SetOf(*peer, value)), match.set_target);
  report.Add(match.store + " set 1 KB, peer against itself", peer->name(), peer->name() + " again",
             Compare(match.set_plan, SetOf(*second_peer, value), SetOf(*peer, value)));
}

// Operations under a microsecond are timed a hundred at a time.
Match InMemory() {
  const Plan plan{.operations = 2000, .per_sample = 100, .pairs = 11};
  return {.store = "in-memory",
          .make_mecha = [] { return MakeMechaContender("state.in-memory", ""); },
          .make_peer = MakeMapPeer,
          .make_tuned_peer = nullptr,
          .get_plan = plan,
          .set_plan = plan,
          .get_target = {.most_p50_us = 0.3},
          .set_target = {}};
}

constexpr Target kLikeThePeer{.most_ratio_p50 = 1.05, .most_ratio_p99 = 1.10};

#ifdef HAS_SQLITE
// Every set waits for the disk (synchronous=FULL), so there are few of them.
Match Sqlite(const std::string& folder) {
  static int files = 0;
  return {
      .store = "sqlite",
      .make_mecha =
          [folder] {
            return MakeMechaContender(
                "state.sqlite", "  metadata:\n    - {name: connectionString, value: \"" + folder +
                                    "/mecha.db\"}\n");
          },
      .make_peer =
          [folder] { return MakeSqlitePeer(folder + "/peer" + std::to_string(++files) + ".db"); },
      .make_tuned_peer = [folder] { return MakeTunedSqlitePeer(folder + "/tuned.db"); },
      .get_plan = {.operations = 20000, .pairs = 11},
      .set_plan = {.operations = 500, .pairs = 31},
      .get_target = kLikeThePeer,
      .set_target = kLikeThePeer};
}
#endif

#ifdef HAS_REDIS
Match Redis(int port) {
  const Plan plan{.operations = 4000, .pairs = 25};
  return {.store = "redis",
          .make_mecha =
              [port] {
                return MakeMechaContender("state.redis",
                                          "  metadata:\n    - {name: redisHost, value: "
                                          "\"127.0.0.1:" +
                                              std::to_string(port) + "\"}\n");
              },
          .make_peer = [port] { return MakeRedisPeer("127.0.0.1", port); },
          .make_tuned_peer = nullptr,
          .get_plan = plan,
          .set_plan = plan,
          .get_target = kLikeThePeer,
          .set_target = kLikeThePeer};
}
#endif

#ifdef HAS_POSTGRESQL
// The server does not wait for the disk (fsync=off), so that the client's share shows.
Match Postgresql(const std::string& connection) {
  const Plan plan{.operations = 2000, .pairs = 25};
  return {.store = "postgresql",
          .make_mecha =
              [connection] {
                return MakeMechaContender(
                    "state.postgresql",
                    "  metadata:\n    - {name: connectionString, value: \"" + connection + "\"}\n",
                    "v2");
              },
          .make_peer = [connection] { return MakePostgresPeer(connection); },
          .make_tuned_peer = nullptr,
          .get_plan = plan,
          .set_plan = plan,
          .get_target = kLikeThePeer,
          .set_target = kLikeThePeer};
}
#endif

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

int Main(int argc, char** argv) {
  Report report("state_blocking",
                "What does a blocking get or set of 1 KB cost one thread, through Mecha's C "
                "interface and through the raw client doing the same commands?");
  std::string folder = std::filesystem::temp_directory_path() / "mecha-bench-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    Fail("no temporary folder could be made");
  }
  if (IsWanted(argc, argv, "in-memory")) {
    Play(report, InMemory());
  }
#ifdef HAS_SQLITE
  if (IsWanted(argc, argv, "sqlite")) {
    Play(report, Sqlite(folder));
  }
#endif
#ifdef HAS_REDIS
  if (IsWanted(argc, argv, "redis")) {
    const auto server = StartRedis();
    Play(report, Redis(server->port()));
  }
#endif
#ifdef HAS_POSTGRESQL
  if (IsWanted(argc, argv, "postgresql")) {
    const auto server = StartPostgres();
    Play(report, Postgresql(server->connection()));
  }
#endif
  std::filesystem::remove_all(folder);
  report.AddNote(
      "Ratios are the median over pairs of runs that take turns; the rows \"against "
      "itself\" show how far two runs of one thing differ.");
  report.AddNote("In memory a get through the C interface is judged by itself: <= 0.3 us.");
  return report.Finish(argc, argv);
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::Main(argc, argv); }
