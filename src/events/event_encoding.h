// SPDX-License-Identifier: Apache-2.0
// A CloudEvent as JSON (CloudEvents 1.0, structured mode). Reading it is event_reader.h. Pure
// functions, safe from any thread.
#pragma once

#include <string>

#include "contract/cloud_event.h"
#include "result/buffer.h"

namespace mecha {

// Attributes in the order of the struct, then the extensions, then `data` (JSON data as it is, text
// as a string) or `data_base64`. Text that is not UTF-8 gets U+FFFD: MakeEvent lets none in.
Buffer EncodeEvent(const CloudEvent& event, BlockPool* pool = nullptr);
void AppendEvent(const CloudEvent& event, std::string& out);

}  // namespace mecha
