// SPDX-License-Identifier: Apache-2.0
// The golden scenarios through the C++ wrapper. ../README.md has their steps; what each prints is
// in ../expected. One thread; prints to standard output.
#ifndef MECHA_TESTS_GOLDEN_CPP_SCENARIOS_H
#define MECHA_TESTS_GOLDEN_CPP_SCENARIOS_H

#include <cstdio>
#include <mecha/mecha.hpp>
#include <string>
#include <string_view>

namespace golden {

// Opens and starts a runtime on the resources of the scenario; ends the program when it cannot.
mecha::Runtime Start(const std::string& folder);

// Prints one line.
template <class... Texts>
void Print(const Texts&... texts) {
  std::string line;
  (line.append(texts), ...);
  std::puts(line.c_str());
}

// "OK", "ABORTED" and so on.
inline std::string Name(mecha::Status status) {
  return mecha_status_name(static_cast<mecha_status>(status));
}

// The status of a result, and "yes" or "no".
template <class T>
std::string NameOf(const mecha::Result<T>& result) {
  return Name(result.status());
}
inline std::string YesNo(bool value) { return value ? "yes" : "no"; }

void RunState(const std::string& folder);
void RunSecrets(const std::string& folder);
void RunErrors(const std::string& folder);
void RunPubSub(const std::string& folder);
void RunDrain(const std::string& folder);

}  // namespace golden

#endif  // MECHA_TESTS_GOLDEN_CPP_SCENARIOS_H
