// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <mecha/dispatcher.hpp>

#include "inbox.h"
#include "scenarios.h"

namespace golden {
namespace {

using mecha::Message;
using mecha::Request;
using mecha::ServeOptions;
using mecha::Verdict;

// One line for one handling, and what becomes of the message: its data says it.
Verdict Handle(const Request& request, Inbox& inbox) {
  const mecha::RequestInfo info = request.info();
  const std::string data(request.body());
  Verdict verdict = Verdict::kOk;
  if (data == "poison" && info.topic != "dead") verdict = Verdict::kRetry;
  if (data == "unwanted" && info.topic != "dead") verdict = Verdict::kDrop;
  if (data == "second try" && info.attempt == 1) verdict = Verdict::kRetry;
  const char* names[] = {"OK", "RETRY", "DROP"};
  inbox.Add(std::string(info.path) + " of " + std::string(info.topic) + ": " +
            std::string(info.message_id) + " type " +
            std::string(request.Find("cloudevent.type").value_or("none")) + " as " +
            std::string(info.content_type) + ", attempt " + std::to_string(info.attempt) +
            (info.is_redelivered ? " (again)" : "") + (info.is_last_attempt ? " (last)" : "") +
            ": " + data + " -> " + names[static_cast<int>(verdict)]);
  return verdict;
}

void PrintAll(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) Print("  ", line);
}

}  // namespace

void RunPubSub(const std::string& folder) {
  const mecha::Runtime runtime = Start(folder);
  const mecha::PubSub messages = runtime.pubsub("messages");
  Inbox inbox;
  mecha::Dispatcher dispatcher(runtime, mecha::Queue::Open(runtime).value());
  const auto handler = [&](Request& request) { return Handle(request, inbox); };
  Print("serve the paths: ",
        NameOf(dispatcher.Serve(ServeOptions::Paths({"/plain", "/urgent"}), handler)));
  Print("serve topic dead: ",
        NameOf(dispatcher.Serve(ServeOptions::Topics("messages", {"dead"}), handler)));
  Print("serve topic many: ",
        NameOf(dispatcher.Serve(ServeOptions::Topics("messages", {"many"}), handler)));
  dispatcher.Start(1);

  const auto publish = [&](const char* id, const char* data, std::size_t handlings,
                           mecha::Span<mecha::Entry> metadata = {}) {
    Message message = Message::Of(data);
    message.id = id;
    message.metadata = metadata;
    const auto published = messages.Publish("news", message);
    Print("publish ", data, ": ", NameOf(published), " as ", published->id());
    PrintAll(inbox.Take(handlings));
  };
  publish("m1", "hello", 1);
  const mecha::Entry urgent[] = {{"cloudevent.type", "urgent"}};
  publish("m2", "fire", 1, urgent);
  publish("m3", "second try", 2);
  publish("m4", "unwanted", 2);
  publish("m5", "poison", 4);

  Message json = Message::Json(R"({"n": 1})");
  json.id = "j1";
  Print("publish JSON: ", NameOf(messages.Publish("news", json)));
  PrintAll(inbox.Take(1));

  const char* ids[] = {"b1", "b2", "b3"};
  std::vector<Message> batch;
  for (const char* id : ids) {
    batch.push_back(Message::Of("one of many"));
    batch.back().id = id;
  }
  const auto published = messages.PublishMany("many", batch);
  Print("publish three: ", NameOf(published), ", ", std::to_string(published->size()));
  std::vector<std::string> lines = inbox.Take(3);
  std::sort(lines.begin(), lines.end());
  PrintAll(lines);
}

}  // namespace golden
