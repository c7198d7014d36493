// SPDX-License-Identifier: Apache-2.0
#include "etcd_connection.h"

#include "encoding/number.h"
#include "json_slice.h"

namespace MECHA_COMPONENT {
namespace {

constexpr int kLeastMinor = 4;  // of 3; before it the gateway has other paths

bool IsNewEnough(std::string_view version) {
  const size_t dot = version.find('.');
  const std::string_view rest = dot == version.npos ? "" : version.substr(dot + 1);
  const int major = ParseNumber<int>(version.substr(0, dot)).value_or(0);
  const int minor = ParseNumber<int>(rest.substr(0, rest.find('.'))).value_or(0);
  return major > 3 || (major == 3 && minor >= kLeastMinor);
}

}  // namespace

Status EtcdConnection::CheckVersion() {
  const std::string_view version = JsonSlice(reply()).Member("etcdserver").Text();
  if (status() != 200 || version.empty()) {
    MarkBroken();
    return FailedPrecondition(Name() +
                              " is no etcd: it does not tell its version; check endpoints");
  }
  if (!IsNewEnough(version)) {
    MarkBroken();
    return FailedPrecondition(Name() + " is etcd " + std::string(version) + "; 3.4 is needed");
  }
  return OkStatus();
}

}  // namespace MECHA_COMPONENT
