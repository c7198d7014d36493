// SPDX-License-Identifier: Apache-2.0
// Subscriber: a registration for topics with a queue of its own. What it serves is taken by the
// test, as plain values, and answered through it. It ends when it goes. One thread takes; any may
// reply.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/client/answer.h"
#include "conformance/client/broker_client.h"

namespace conformance {

struct ServeSetup {
  std::vector<std::string> topics = {};
  std::string component = "broker";
  uint32_t credit = 0;
  uint32_t flags = 0;
  uint32_t ordering = 0;
  uint32_t batch_max = 0;
  int64_t batch_wait_ns = 0;
  int64_t reply_timeout_ns = 0;
  Pairs settings = {};
  std::string spec = {};  // instead of topics, component and settings
};

inline ServeSetup Topic(std::string_view topic) { return {.topics = {std::string(topic)}}; }

// One message of a request.
struct Entry {
  uint32_t flags = 0;
  uint32_t attempt = 0;
  int64_t remaining_ns = 0;
  int64_t lease_ns = 0;
  int64_t enqueued_unix_ms = 0;
  std::string component, topic, path, id, key, content_type, traceparent, tracestate;
  std::string data;
  bool has_data = false;
  bool is_json = false;
  std::map<std::string, std::string> metadata;

  bool Is(uint32_t flag) const { return (flags & flag) != 0; }
  // Of the metadata; "(absent)" when it is not there.
  std::string Attribute(const std::string& name) const;
};

struct Request {
  mecha_request id = 0;
  uint64_t token = 0;
  std::vector<Entry> entries;

  // The first entry, or an empty one.
  const Entry& only() const;
  const std::string& data() const { return only().data; }
  std::string Attribute(const std::string& name) const { return only().Attribute(name); }
  // The data of all entries, joined by blanks.
  std::string all() const;
};

class Subscriber {
 public:
  static constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(15);
  static constexpr int64_t kSecond = 1'000'000'000;

  // Fails the test when the registration is refused.
  Subscriber(mecha_runtime* runtime, const ServeSetup& setup);
  ~Subscriber();
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  mecha_registration* registration() const { return registration_; }
  mecha_queue* queue() const { return queue_; }

  // The requests that come until there are `count`, or `limit` is over.
  std::vector<Request> Take(size_t count, std::chrono::milliseconds limit = kPatience);
  // What is there for a while, up to `most` in one call of the queue; any thread, many at once.
  std::vector<Request> TakeTogether(size_t most, std::chrono::milliseconds limit) const;
  // The next one; an id of 0 when none comes.
  Request Next();
  // True when nothing comes for a moment.
  bool IsQuiet() { return Take(1, std::chrono::milliseconds(60)).empty(); }
  // Takes and accepts `count` messages; their data, joined by blanks, in the order they came.
  std::string Handle(size_t count);

  mecha_status Reply(mecha_request id, uint32_t verdict = MECHA_VERDICT_OK,
                     int64_t retry_after_ns = 0) const;
  mecha_status ReplyEach(mecha_request id, const std::vector<mecha_entry_verdict>& entries) const;
  mecha_status IsCancelled(mecha_request id) const;
  mecha_status SetCredit(uint32_t credit) const;
  // Blocks until it is drained, at most for so long. The report as text.
  Answer Stop(int64_t timeout_ns = 10 * kSecond);

 private:
  static Request RequestOf(const mecha_event& event);

  mecha_runtime* runtime_;
  mecha_queue* queue_ = nullptr;
  mecha_registration* registration_ = nullptr;
};

// mecha_serve itself. `out` may stay NULL.
Answer Serve(mecha_runtime* runtime, const mecha_call* call, mecha_queue* queue,
             const ServeSetup& setup, mecha_registration** out);

}  // namespace conformance
