// SPDX-License-Identifier: Apache-2.0
// What do many callers of one Redis get through Mecha's C interface? Gets of 1 KB: blocking threads
// against hiredis with a connection for each thread, and operations in flight on a queue against
// hiredis pipelined by hand. The two take turns on one server. And what is left of our own figures
// with TLS?
//   state_concurrent [--json FILE] [threads|queue|tls]
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

Json Threads(const MechaRedis& mecha, int port, size_t threads, double least_ratio) {
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

Json Queue(const MechaRedis& mecha, int port, size_t window, double least_ratio) {
  return CompareRates(std::to_string(window) + " in flight, get 1 KB", least_ratio,
                      {"mecha state.redis, queue", [&] { return mecha.GetOnQueue(window); }},
                      {"hiredis, pipelined by hand", [&] { return GetPipelined(port, window); }});
}

#ifdef HAS_TLS
// One server, through its plain port and through the one for TLS. Where many keep the server busy
// there is no target: it encrypts on the one thread that answers.
class TlsPair {
 public:
  TlsPair()
      : server_({.tls = Lines()}),
        plain_(server_.port()),
        sealed_(server_.tls_port(),
                "    - {name: enableTLS, value: \"true\"}\n"
                "    - {name: caCert, value: \"" +
                    folder_.path() + "/ca.pem\"}\n") {
    const std::string value(kValueBytes, 'v');
    for (size_t key = 0; key < kKeys; ++key) {
      plain_.Set(key, value);
    }
  }

  Json Threads(size_t threads, double least_ratio) const {
    const auto run = [threads](const MechaRedis& side) {
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
  MechaRedis plain_;
  MechaRedis sealed_;
};

void AddTls(Json& rows) {
  const TlsPair pair;
  rows.push_back(pair.Threads(1, 0.8));
  rows.push_back(pair.Threads(8, 0));
  rows.push_back(pair.Threads(64, 0));
  rows.push_back(pair.Queue(512));
}
#endif

int Main(int argc, char** argv) {
  const mecha::test::TestRedis server;
  const int port = server.port();
  const MechaRedis mecha(port);
  const std::string value(kValueBytes, 'v');
  for (size_t key = 0; key < kKeys; ++key) {
    mecha.Set(key, value);
  }
  Json rows = Json::array();
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
#ifdef HAS_TLS
  if (IsWanted(argc, argv, "tls")) {
    AddTls(rows);
  }
#endif
  return FinishRows({{"bench", "state_concurrent"},
                     {"question", "What do many callers of one Redis get?"},
                     {"machine", {{"cores", std::thread::hardware_concurrency()}}},
                     {"rows", rows},
                     {"notes", {"The server runs on the same cores as its clients."}}},
                    argc, argv);
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::Main(argc, argv); }
