// SPDX-License-Identifier: Apache-2.0
// Input: bytes handed in by the caller, and InputStore, which keeps those an operation needs beyond
// the call: copies of borrowed ones, and the release functions of those that were lent.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace mecha {

struct Input {
  std::string_view bytes;
  void (*release)(void* context) = nullptr;
  void* context = nullptr;
};

class InputStore {
 public:
  InputStore() = default;
  InputStore(const InputStore&) = delete;
  InputStore& operator=(const InputStore&) = delete;

  // With `must_copy` the view returned points into this store, else it is `bytes` itself.
  std::string_view Keep(std::string_view bytes, bool must_copy);
  // Lent bytes are never copied; their release runs in RunReleases.
  std::string_view Keep(const Input& input, bool must_copy);

  // Its release alone, also when the bytes are not needed beyond the call.
  void KeepRelease(const Input& input) {
    if (input.release != nullptr) {
      releases_.push_back({input.release, input.context});
    }
  }

  // Runs each release once. By the thread that hands the result to the host.
  void RunReleases();

 private:
  struct Release {
    void (*run)(void* context);
    void* context;
  };

  std::vector<std::unique_ptr<char[]>> copies_;
  std::vector<Release> releases_;
};

}  // namespace mecha
