// SPDX-License-Identifier: Apache-2.0
// ServerStore: a private server, a host and a state store on it; and what every store with a server
// does when that server, or the caller, does not go on. For component tests. One thread at a time.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "result/status.h"
#include "support/catch.h"
#include "support/state_store_user.h"
#include "support/test_host.h"

namespace mecha::test {

inline bool Mentions(const Status& status, std::string_view words) {
  return status.message().find(words) != std::string_view::npos;
}

// Repeats `condition` until it is true, for at most 10 s.
template <class Condition>
bool ComesTrue(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

// `Server` has address, Kill, Restart, Pause and Continue.
template <class Store, class Server>
class ServerStore {
 public:
  // The server's address becomes the field `address`.
  template <class ServerOptions>
  ServerStore(ServerOptions options, std::string type, const std::string& address, Fields fields)
      : server(std::move(options)) {
    fields.emplace(address, server.address());
    settings.emplace(MakeSettings(std::move(type), fields));
    TestCall call;
    const Status status = store.Init(call.context, *settings, host);
    INFO(status.message());
    REQUIRE(status.ok());
  }

  Deadline In(Duration time) { return Deadline::After(host.clock().Now(), time); }

  // The checks, each on a store of its own.
  void CheckKilledServer();
  void CheckRestartDuringRest();
  // Returns how the write ended.
  Status CheckPausedServer();
  void CheckCancelFromOtherThread();
  void CheckEndedBeforeStart();

  Server server;
  TestHost host;
  std::optional<Settings> settings;
  Store store;
  StoreUser user{store};
};

template <class Store, class Server>
void ServerStore<Store, Server>::CheckKilledServer() {
  REQUIRE(user.Write(SetOf("k", "v")).ok());
  server.Kill();
  CHECK(IsUnavailable(user.Get("k").status()));
  const Status refused = user.Write(SetOf("k", "w")).status();
  CHECK(IsUnavailable(refused));
  CHECK(Mentions(refused, "connection refused"));
  CHECK(Mentions(refused, server.address()));
  CHECK(refused.applied() == Applied::kNo);
  const Status held = user.Get("k").status();
  CHECK(IsUnavailable(held));
  CHECK(Mentions(held, "next attempt in"));
  server.Restart();
  CHECK(ComesTrue([&] { return user.Write(SetOf("k", "w")).ok(); }));
  CHECK(user.Read("k") == "w");
}

template <class Store, class Server>
void ServerStore<Store, Server>::CheckRestartDuringRest() {
  REQUIRE(user.Write(SetOf("k", "v")).ok());
  server.Restart();
  host.Advance(std::chrono::seconds(2));
  CHECK(user.Write(SetOf("k", "w")).ok());
  CHECK(user.Read("k") == "w");
}

template <class Store, class Server>
Status ServerStore<Store, Server>::CheckPausedServer() {
  REQUIRE(user.Write(SetOf("k", "v")).ok());
  server.Pause();
  const auto start = std::chrono::steady_clock::now();
  const TestCall get(In(std::chrono::milliseconds(60)));
  CHECK(IsDeadlineExceeded(user.Get("k", &get.context).status()));
  const TestCall set(In(std::chrono::milliseconds(60)));
  Status written = user.Write(SetOf("k", "w"), &set.context).status();
  CHECK(IsDeadlineExceeded(written));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
  server.Continue();
  CHECK(user.Read("k").size() == 1);
  return written;
}

template <class Store, class Server>
void ServerStore<Store, Server>::CheckCancelFromOtherThread() {
  REQUIRE(user.Write(SetOf("k", "v")).ok());
  server.Pause();
  TestCall call;
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    call.waiter.Stop(StopCause::kCancelled);
  });
  const Status written = user.Write(SetOf("k", "w"), &call.context).status();
  canceller.join();
  CHECK(IsCancelled(written));
  CHECK(written.applied() == Applied::kMaybe);
  server.Continue();
  CHECK(user.Read("k").size() == 1);
}

template <class Store, class Server>
void ServerStore<Store, Server>::CheckEndedBeforeStart() {
  TestCall cancelled;
  cancelled.waiter.Stop(StopCause::kCancelled);
  const Status stopped = user.Write(SetOf("k", "v"), &cancelled.context).status();
  CHECK(IsCancelled(stopped));
  CHECK(stopped.applied() == Applied::kNo);
  const TestCall late(Deadline::At(host.clock().Now()));
  CHECK(IsDeadlineExceeded(user.Write(SetOf("k", "v"), &late.context).status()));
  CHECK(user.Read("k") == "<NOT_FOUND>");
}

}  // namespace mecha::test
