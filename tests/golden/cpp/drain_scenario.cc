// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <mecha/dispatcher.hpp>
#include <optional>
#include <thread>

#include "inbox.h"
#include "scenarios.h"

namespace golden {
namespace {

using mecha::Message;
using mecha::Request;
using mecha::ServeOptions;
using mecha::Verdict;

// Handlers wait here until they may go on.
class Door {
 public:
  void Open() { is_open_ = true; }
  void Pass() const {
    while (!is_open_) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }

 private:
  std::atomic<bool> is_open_{false};
};

void Serve(mecha::Dispatcher& dispatcher, Inbox& inbox, const Door& door) {
  ServeOptions options = ServeOptions::Topics("messages", {"work"});
  options.credit = 1;
  const auto served = dispatcher.Serve(options, [&](Request& request) {
    inbox.Add(std::string(request.info().message_id));
    door.Pass();
    return Verdict::kOk;
  });
  Print("serve: ", NameOf(served));
  dispatcher.Start(1);
}

void ShutDownInTheMiddle(const std::string& folder) {
  mecha::Runtime runtime = Start(folder);
  Inbox inbox;
  Door door;
  mecha::Dispatcher dispatcher(runtime, mecha::Queue::Open(runtime).value());
  Serve(dispatcher, inbox, door);
  for (const char* id : {"w1", "w2", "w3"}) {
    Message message = Message::Of("work");
    message.id = id;
    Print("publish ", id, ": ", NameOf(runtime.pubsub("messages").Publish("work", message)));
  }
  Print("in hand: ", inbox.Take(1).front());
  std::thread opener([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    door.Open();
  });
  Print("shutdown: ", NameOf(runtime.Shutdown(std::chrono::seconds(20))));
  opener.join();
  Print("begun after the shutdown was asked: ", std::to_string(inbox.Take(0).size()));
  Print("publish after it: ",
        NameOf(runtime.pubsub("messages").Publish("work", Message::Of("late"))));
}

// What was not begun comes to the next process, where the broker outlives this one.
void TakeTheRest(const std::string& folder) {
  const mecha::Runtime runtime = Start(folder);
  Inbox inbox;
  Door door;
  door.Open();
  mecha::Dispatcher dispatcher(runtime, mecha::Queue::Open(runtime).value());
  Serve(dispatcher, inbox, door);
  for (const std::string& id : inbox.Take(2, std::chrono::seconds(5))) Print("then: ", id);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  Print("more: ", std::to_string(inbox.Take(0).size()));
}

}  // namespace

void RunDrain(const std::string& folder) {
  ShutDownInTheMiddle(folder);
  TakeTheRest(folder);
}

}  // namespace golden
