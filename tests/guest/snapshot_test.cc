// SPDX-License-Identifier: Apache-2.0
// A runtime that is suspended, copied with its process and resumed in each copy: what a snapshot of
// the process is that is restored several times. A fork stands in for it.
#include <poll.h>

#include <set>
#include <sstream>

#include "guest/guest.h"

namespace mecha::guest {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

// A store with encrypted values, a plain one and a broker, all in files.
std::string SnapshotYaml(const TemporaryFolder& folder, bool has_encryption) {
  const std::string component = "---\napiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n";
  std::string yaml = SqliteYaml(folder.File("plain.db")) + component +
                     "  name: messages\nspec:\n  type: pubsub.sqlite\n  version: v1\n  metadata:\n"
                     "  - name: connectionString\n    value: \"" +
                     folder.File("messages.db") + "\"\n" + "---\n" + HOST_MEMORY_YAML;
  if (has_encryption) {
    std::ofstream(folder.File("keys.json")) << "{\"key\": \"" << std::string(64, '7') << "\"}";
    yaml += component +
            "  name: keys\nspec:\n  type: secretstores.local.file\n  version: v1\n  metadata:\n"
            "  - name: secretsFile\n    value: \"" +
            folder.File("keys.json") + "\"\n" + component +
            "  name: secret\nspec:\n  type: state.sqlite\n  version: v1\n  metadata:\n"
            "  - name: connectionString\n    value: \"" +
            folder.File("secret.db") +
            "\"\n  - name: primaryEncryptionKey\n    secretKeyRef: {name: key, key: key}\n"
            "auth:\n  secretStore: keys\n";
  }
  return yaml;
}

std::string TextOf(mecha_view view) { return {static_cast<const char*>(view.data), view.size}; }

mecha_item ItemOf(mecha_result* result) {
  mecha_item item{};
  item.struct_size = sizeof item;
  mecha_result_item(result, 0, &item);
  return item;
}

// The status, and one text of the result's item.
std::string Part(mecha_status status, mecha_result* result, mecha_view mecha_item::*part) {
  const std::string text =
      status == MECHA_OK ? TextOf(ItemOf(result).*part) : std::string(mecha_status_name(status));
  mecha_result_release(result);
  return text;
}

std::string InstanceOf(mecha_runtime* rt) {
  mecha_result* result = nullptr;
  const mecha_status status = mecha_runtime_describe(rt, &result);
  const std::string text = Part(status, result, &mecha_item::value);
  const std::string name = "\"instance_id\":\"";
  const size_t begin = text.find(name);
  return begin == std::string::npos ? text : text.substr(begin + name.size(), 36);
}

// What must be unlike that of every other copy, one word per line.
std::string UniqueWords(mecha_runtime* rt, const std::string& own_key) {
  std::string words = "instance " + InstanceOf(rt) + "\n";
  for (int i = 0; i < 3; ++i) {
    mecha_result* result = nullptr;
    mecha_message message{};
    message.data = host_buf("hello");
    mecha_status status = mecha_publish(rt, nullptr, host_view("messages"), host_view("topic"),
                                        &message, 1, nullptr, &result);
    words += "message " + Part(status, result, &mecha_item::key) + "\n";
    status = mecha_state_set(rt, nullptr, host_view("file"), host_view(own_key.c_str()),
                             host_buf("value"), nullptr, &result);
    words += "etag " + Part(status, result, &mecha_item::etag) + "\n";
  }
  return words;
}

// A copy: resumes, and tells what it made.
std::string LiveAsCopy(mecha_runtime* rt, const std::string& own_key, bool has_encryption) {
  mecha_error* error = nullptr;
  if (mecha_runtime_resume(rt, &error) != MECHA_OK) {
    return std::string("resume: ") + mecha_error_message(error);
  }
  std::string words = UniqueWords(rt, own_key);
  if (host_expect(rt, "file", "before", "the snapshot") != MECHA_OK ||
      host_expect(rt, "memory", "key", "value") != MECHA_OK) {
    return "what was stored before is not there";
  }
  if (has_encryption && host_set(rt, "secret", own_key.c_str(), "the same") != MECHA_OK) {
    return "the encrypted store does not work";
  }
  return mecha_runtime_shutdown(rt, kSecond, nullptr) == MECHA_OK ? words : "shutdown failed";
}

// The encrypted values, as they stand in the file.
std::string ReadSecrets(const std::string& file) {
  const std::string yaml =
      "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: file\nspec:\n"
      "  type: state.sqlite\n  version: v1\n  metadata:\n  - name: connectionString\n"
      "    value: \"" +
      file + "\"\n";
  Guest reader(yaml);
  std::string words;
  for (const char* key : {"copy 0", "copy 1", "original"}) {
    mecha_result* result = nullptr;
    const mecha_status status =
        mecha_state_get(reader.get(), nullptr, host_view("file"), host_view(key), nullptr, &result);
    words += "nonce " + Part(status, result, &mecha_item::value).substr(0, 16) + "\n";
  }
  return words;
}

TEST_CASE("copies of a suspended process resume as instances of their own") {
  const TemporaryFolder folder;
  const bool has_encryption = MECHA_HAS_TLS_MODULE != 0;
  Guest guest(SnapshotYaml(folder, has_encryption));
  REQUIRE(host_set(guest.get(), "file", "before", "the snapshot") == MECHA_OK);
  REQUIRE(host_use(guest.get(), "memory") == MECHA_OK);
  std::string words = UniqueWords(guest.get(), "original");
  REQUIRE(mecha_runtime_suspend(guest.get(), kSecond, 0, nullptr) == MECHA_OK);
  for (const char* key : {"copy 0", "copy 1"}) {
    words += RunInChild([&] { return LiveAsCopy(guest.get(), key, has_encryption); });
  }
  REQUIRE(mecha_runtime_resume(guest.get(), nullptr) == MECHA_OK);
  words += UniqueWords(guest.get(), "original");
  if (has_encryption) {
    REQUIRE(host_set(guest.get(), "secret", "original", "the same") == MECHA_OK);
    REQUIRE(mecha_runtime_suspend(guest.get(), kSecond, 0, nullptr) == MECHA_OK);
    words += ReadSecrets(folder.File("secret.db"));
  }
  INFO(words);
  std::istringstream lines(words);
  std::set<std::string> different;
  size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    CHECK(line.find(' ') != std::string::npos);
    CHECK(line.size() >= std::string("nonce ").size() + 16);
    different.insert(line);
  }
  CHECK(count == 4 * 7 + (has_encryption ? 3 : 0));
  CHECK(different.size() == count);
}

bool IsReadable(int fd) {
  pollfd polled{fd, POLLIN, 0};
  return poll(&polled, 1, 0) == 1;
}

// Submits to `queue` and takes the event; "" when that works and its descriptor tells.
std::string UseQueue(mecha_runtime* rt, mecha_queue* queue, int fd) {
  const mecha_call call = CallOn(queue);
  if (mecha_state_get(rt, &call, host_view("memory"), host_view("key"), nullptr, nullptr) !=
      MECHA_PENDING) {
    return "not submitted; ";
  }
  for (int i = 0; i < 1000 && !IsReadable(fd); ++i) {
    mecha_runtime_run(rt, 10'000'000);
  }
  mecha_event event{};
  if (mecha_queue_poll(queue, &event, 1) != 1 || event.status != MECHA_OK) {
    return "no event; ";
  }
  mecha_result_release(event.result);
  return IsReadable(fd) ? "still readable; " : "";
}

TEST_CASE("a copy shares no descriptor with the original, and keeps their numbers") {
  const uint32_t flags = GENERATE(0u, uint32_t{MECHA_OPEN_HOST_THREADS});
  Guest guest(HOST_MEMORY_YAML, flags);
  REQUIRE(host_use(guest.get(), "memory") == MECHA_OK);
  mecha_queue* queue = nullptr;
  REQUIRE(mecha_queue_open(guest.get(), nullptr, &queue) == MECHA_OK);
  const int fd = mecha_queue_fd(queue);
  const int own_fd = mecha_runtime_fd(guest.get());
  REQUIRE(UseQueue(guest.get(), queue, fd) == "");
  const mecha_call call = CallOn(queue);
  REQUIRE(mecha_state_get(guest.get(), &call, host_view("memory"), host_view("key"), nullptr,
                          nullptr) == MECHA_PENDING);
  REQUIRE(mecha_runtime_suspend(guest.get(), kSecond, 0, nullptr) == MECHA_OK);
  CHECK(RunInChild([&]() -> std::string {
          if (mecha_runtime_resume(guest.get(), nullptr) != MECHA_OK) {
            return "not resumed";
          }
          if (mecha_queue_fd(queue) != fd || mecha_runtime_fd(guest.get()) != own_fd) {
            return "other numbers";
          }
          mecha_event event{};  // the one that waited is here, too
          if (!IsReadable(fd) || mecha_queue_poll(queue, &event, 1) != 1) {
            return "the event is lost";
          }
          mecha_result_release(event.result);
          std::string complaints = UseQueue(guest.get(), queue, fd);
          mecha_queue_free(queue);
          mecha_runtime_free(guest.get());
          return complaints;
        }) == "");
  REQUIRE(mecha_runtime_resume(guest.get(), nullptr) == MECHA_OK);
  CHECK(IsReadable(fd));  // though the copy has taken it
  mecha_event event{};
  REQUIRE(mecha_queue_poll(queue, &event, 1) == 1);
  mecha_result_release(event.result);
  CHECK(UseQueue(guest.get(), queue, fd) == "");
  mecha_queue_free(queue);
}

TEST_CASE("a child resumes nothing that was not brought to rest, or kept its connections") {
  const TemporaryFolder folder;
  Guest guest(SqliteYaml(folder.File("kept.db")));
  const auto resume = [&]() -> std::string {
    return mecha_runtime_resume(guest.get(), nullptr) == MECHA_FORKED ? "" : "not FORKED";
  };
  CHECK(RunInChild(resume) == "");
  REQUIRE(mecha_runtime_suspend(guest.get(), kSecond, MECHA_SUSPEND_KEEP_CONNECTIONS, nullptr) ==
          MECHA_OK);
  CHECK(RunInChild(resume) == "");
  REQUIRE(mecha_runtime_resume(guest.get(), nullptr) == MECHA_OK);
  REQUIRE(mecha_runtime_suspend(guest.get(), kSecond, 0, nullptr) == MECHA_OK);
  // A copy of a copy is a copy; one that does not resume stays a stranger.
  CHECK(RunInChild([&]() -> std::string {
          mecha_result* result = nullptr;
          if (mecha_runtime_describe(guest.get(), &result) != MECHA_FORKED) {
            return "describe is not FORKED; ";
          }
          return RunInChild([&]() -> std::string {
            return mecha_runtime_resume(guest.get(), nullptr) == MECHA_OK &&
                           host_use(guest.get(), "file") == MECHA_OK &&
                           mecha_runtime_shutdown(guest.get(), kSecond, nullptr) == MECHA_OK
                       ? ""
                       : "the grandchild does not work; ";
          });
        }) == "");
  REQUIRE(mecha_runtime_resume(guest.get(), nullptr) == MECHA_OK);
  CHECK(host_expect(guest.get(), "file", "key", "value") == MECHA_OK);
}

}  // namespace
}  // namespace mecha::guest
