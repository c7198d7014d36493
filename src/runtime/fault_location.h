// SPDX-License-Identifier: Apache-2.0
// FaultLocation: which line of a component's document a failed start is about. A guess from the
// words of the failure, and no statement of its cause. A value; the functions keep nothing.
#pragma once

#include <string>
#include <string_view>

#include "contract/component_info.h"
#include "resources/component_document.h"
#include "result/status.h"

namespace mecha {

struct FaultLocation {
  std::string place;  // "file:line:column"
  std::string cause;  // the failure's message, without that place
};

// The place that the message begins with; else that of the entry of spec.metadata whose value, an
// address or a path, stands in the message; else whose name is said last; else, of a back-end that
// does not answer, the first required entry; else that of spec.type.
FaultLocation LocateFault(const ComponentDocument& document, const ComponentInfo& info,
                          const Status& failure);

// "place: words: cause"
std::string DescribeFault(const FaultLocation& fault, std::string_view words);

}  // namespace mecha
