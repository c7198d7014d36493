// SPDX-License-Identifier: Apache-2.0
// Checks a component's metadata against its ComponentInfo and turns it into Settings. It fetches
// nothing: secrets and placeholders are filled in before (value_resolver.h).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "contract/component_info.h"
#include "contract/settings.h"
#include "resources/component_document.h"
#include "resources/findings.h"
#include "result/status_or.h"
#include "runtime/value_resolver.h"

namespace mecha {

// For mecha_runtime_open: unknown and ignored names (warnings), missing required fields, values of
// the wrong type as far as they are written in the document, unsupported block fields.
void CheckSettings(const ComponentDocument& document, const ComponentInfo& info,
                   Findings& findings);

// The first entry of the document that its type has no field for, with its place and the name that
// was probably meant; empty when there is none. Often why a component does not start.
std::string FirstUnknownField(const ComponentDocument& document, const ComponentInfo& info);

// For mecha_runtime_start, after CheckSettings: the same checks over the resolved values, with
// defaults filled in; it does not repeat the warnings of CheckSettings. `identity` arrives with
// app_id, name_space and instance_id; the rest comes from `document` and `info`.
StatusOr<Settings> BuildSettings(const ComponentDocument& document, const ComponentInfo& info,
                                 std::span<const ResolvedItem> items, Settings::Identity identity,
                                 Findings& findings);

}  // namespace mecha
