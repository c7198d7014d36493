// SPDX-License-Identifier: Apache-2.0
// What do many callers of one server get through Mecha's C interface? Redis, gets of 1 KB: blocking
// threads against hiredis with a connection for each thread, and operations in flight on a queue
// against hiredis pipelined by hand; and what is left of our own figures with TLS. PostgreSQL:
// operations in flight on a queue against libpq's pipeline mode driven by hand. The two sides take
// turns on one server.
//   state_concurrent [--json FILE] [threads|queue|tls|postgresql]
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "state_concurrent/sides.h"
#include "support/redis_server.h"
#ifdef HAS_TLS
#include "support/test_authority.h"
#endif

namespace bench {

void Fail(std::string_view what) {
  std::fprintf(stderr, "state_concurrent: %.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(2);
}

namespace {

using Json = nlohmann::ordered_json;

bool IsWanted(int argc, char** argv, std::string_view part) {
  bool has_word = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--json") {
      ++i;
    } else if (argument == part) {
      return true;
    } else {
      has_word = true;
    }
  }
  return !has_word;
}

Json Threads(const MechaStore& mecha, int port, size_t threads, double least_ratio) {
  return CompareRates(
      std::to_string(threads) + (threads == 1 ? " thread" : " threads") + ", blocking get 1 KB",
      least_ratio,
      {"mecha state.redis",
       [&] {
         return RunThreads(threads, [&] { return [&mecha](size_t turn) { mecha.Get(turn); }; });
       }},
      {"hiredis, a connection each",
       [&] { return RunThreads(threads, [&] { return MakeHiredisGet(port); }); }});
}

Json Queue(const MechaStore& mecha, int port, size_t window, double least_ratio) {
  return CompareRates(std::to_string(window) + " in flight, get 1 KB", least_ratio,
                      {"mecha state.redis, queue", [&] { return mecha.GetOnQueue(window); }},
                      {"hiredis, pipelined by hand", [&] { return GetPipelined(port, window); }});
}

void Fill(const MechaStore& mecha, std::string_view value) {
  for (size_t key = 0; key < kKeys; ++key) {
    mecha.Set(key, value);
  }
}

std::string RedisSpec(int port, const std::string& more = {}) {
  return "  type: state.redis\n  version: v1\n  metadata:\n"
         "    - {name: redisHost, value: \"127.0.0.1:" +
         std::to_string(port) + "\"}\n" + more;
}

#ifdef HAS_TLS
// One server, through its plain port and through the one for TLS. Where many keep the server busy
// there is no target: it encrypts on the one thread that answers.
class TlsPair {
 public:
  TlsPair()
      : server_({.tls = Lines()}),
        plain_(RedisSpec(server_.port())),
        sealed_(RedisSpec(server_.tls_port(),
                          "    - {name: enableTLS, value: \"true\"}\n"
                          "    - {name: caCert, value: \"" +
                              folder_.path() + "/ca.pem\"}\n")) {
    Fill(plain_, std::string(kValueBytes, 'v'));
  }

  Json Threads(size_t threads, double least_ratio) const {
    const auto run = [threads](const MechaStore& side) {
      return RunThreads(threads, [&] { return [&side](size_t turn) { side.Get(turn); }; });
    };
    return CompareRates(std::to_string(threads) + (threads == 1 ? " thread" : " threads") +
                            ", blocking get 1 KB, TLS",
                        least_ratio, {"mecha state.redis, TLS", [&] { return run(sealed_); }},
                        {"mecha state.redis, plain", [&] { return run(plain_); }});
  }
  Json Queue(size_t window) const {
    return CompareRates(
        std::to_string(window) + " in flight, get 1 KB, TLS", 0,
        {"mecha state.redis, queue, TLS", [&] { return sealed_.GetOnQueue(window); }},
        {"mecha state.redis, queue, plain", [&] { return plain_.GetOnQueue(window); }});
  }

 private:
  std::vector<std::string> Lines() const {
    const mecha::test::TestAuthority authority;
    const auto identity = authority.Issue({.names = {"127.0.0.1"}});
    return {"tls-cert-file " + folder_.Write("server.pem", identity.certificate),
            "tls-key-file " + folder_.Write("server.key", identity.key),
            "tls-ca-cert-file " + folder_.Write("ca.pem", authority.certificate()),
            "tls-auth-clients no"};
  }

  mecha::test::TestFolder folder_;
  mecha::test::TestRedis server_;
  MechaStore plain_;
  MechaStore sealed_;
};

void AddTls(Json& rows) {
  const TlsPair pair;
  rows.push_back(pair.Threads(1, 0.8));
  rows.push_back(pair.Threads(8, 0));
  rows.push_back(pair.Threads(64, 0));
  rows.push_back(pair.Queue(512));
}
#endif

void PlayRedis(int argc, char** argv, std::string_view value, Json& rows) {
  const mecha::test::TestRedis server;
  const int port = server.port();
  const MechaStore mecha(RedisSpec(port));
  Fill(mecha, value);
  if (IsWanted(argc, argv, "threads")) {
    for (const size_t threads : {2, 4, 8, 16}) {
      rows.push_back(Threads(mecha, port, threads, 0.95));
    }
    rows.push_back(Threads(mecha, port, 32, 0));
    rows.push_back(Threads(mecha, port, 64, 2.5));
  }
  if (IsWanted(argc, argv, "queue")) {
    rows.push_back(Queue(mecha, port, 64, 0));
    rows.push_back(Queue(mecha, port, 512, 0.7));
  }
}

#ifdef HAS_POSTGRESQL
// The server does not wait for the disk (fsync=off), so that the client's share shows.
void PlayPostgres(std::string_view value, Json& rows) {
  constexpr size_t kWindow = 64;
  constexpr const char* kQueue = "mecha state.postgresql, queue";
  const auto server = StartPostgres();
  const MechaStore mecha(
      "  type: state.postgresql\n  version: v2\n  metadata:\n"
      "    - {name: connectionString, value: \"" +
      server->connection() + "\"}\n");
  Fill(mecha, value);
  const Side get{kQueue, [&] { return mecha.GetOnQueue(kWindow); }};
  const auto peer = [&](Syncs syncs) {
    return [&server, syncs] { return GetPipelinedPostgres(server->connection(), kWindow, syncs); };
  };
  rows.push_back(CompareRates("PostgreSQL, 64 in flight, get 1 KB", 0.85, get,
                              {"libpq pipeline, a Sync each", peer(Syncs::kEach)}));
  rows.push_back(CompareRates("PostgreSQL, 64 in flight, get 1 KB", 0, get,
                              {"libpq pipeline, a Sync for 64", peer(Syncs::kOnce)}));
  rows.push_back(CompareRates("PostgreSQL, 64 in flight, set 1 KB", 0.85,
                              {kQueue, [&] { return mecha.SetOnQueue(kWindow, value); }},
                              {"libpq pipeline, a Sync each", [&] {
                                 return SetPipelinedPostgres(server->connection(), kWindow, value);
                               }}));
}
#endif

int Main(int argc, char** argv) {
  const std::string value(kValueBytes, 'v');
  Json rows = Json::array();
  if (IsWanted(argc, argv, "threads") || IsWanted(argc, argv, "queue")) {
    PlayRedis(argc, argv, value, rows);
  }
#ifdef HAS_POSTGRESQL
  if (IsWanted(argc, argv, "postgresql")) {
    PlayPostgres(value, rows);
  }
#endif
#ifdef HAS_TLS
  if (IsWanted(argc, argv, "tls")) {
    AddTls(rows);
  }
#endif
  return FinishRows({{"bench", "state_concurrent"},
                     {"question", "What do many callers of one server get?"},
                     {"machine", {{"cores", std::thread::hardware_concurrency()}}},
                     {"rows", rows},
                     {"notes", {"The server runs on the same cores as its clients."}}},
                    argc, argv);
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::Main(argc, argv); }
