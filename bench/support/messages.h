// SPDX-License-Identifier: Apache-2.0
// Messages: a runtime with one pubsub component, through Mecha's C interface, that counts what its
// handler gets. A failure ends the program: a bench of failing calls means nothing. One thread
// publishes; the handler is on another, or is called by Handle.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "mecha/mecha.h"

namespace bench {

[[noreturn]] void Fail(std::string_view what);

inline mecha_view ViewOf(std::string_view text) { return {text.data(), text.size()}; }

struct MessagesOptions {
  std::string spec;  // the document's from "type:" on, indented by two
  std::string_view content_type;
  bool is_raw_publish = false;
  bool is_raw_subscription = false;
  bool is_callback = false;   // else a poll queue
  bool is_loop_lent = false;  // of a callback queue: Handle runs it
  bool is_batch = false;
  bool is_publisher = false;  // subscribes to nothing
  uint32_t credit = 4096;
  // Looks at each message before it is answered, where the handler runs.
  std::function<void(std::string_view data)> look = {};
};

class Messages {
 public:
  explicit Messages(MessagesOptions options);
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;
  ~Messages();

  // Blocks, `count` times the same message in one call.
  void Publish(std::string_view data, size_t count = 1);
  // Through the poll queue; its completion comes there.
  void Submit(std::string_view data);
  // Handles what the queue has, waiting for the first of it: a poll queue, or a lent loop.
  void Handle(int64_t timeout_ns = -1);
  // Handles on a thread of its own until the object goes.
  void HandleElsewhere();

  // Returns once all but `most` of what was published is handled.
  void AwaitOpen(size_t most);
  size_t open() const { return published_ - handled_.load(std::memory_order_acquire); }
  size_t handled() const { return handled_.load(std::memory_order_acquire); }

 private:
  static void Deliver(void* self, const mecha_event* events, size_t count);
  void Open();
  void Serve();
  void Take(const mecha_event& event);

  const MessagesOptions options_;
  mecha_runtime* runtime_ = nullptr;
  mecha_queue* queue_ = nullptr;
  mecha_registration* registration_ = nullptr;
  std::vector<mecha_message> batch_;
  size_t published_ = 0;
  std::atomic<size_t> handled_{0};
  // The publisher sleeps until so many are handled.
  std::atomic<size_t> awaited_{SIZE_MAX};
  std::atomic<uint32_t> wakes_{0};
  std::atomic<bool> is_over_{false};
  std::thread handler_;
};

}  // namespace bench
