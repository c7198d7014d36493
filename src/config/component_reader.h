// SPDX-License-Identifier: Apache-2.0
// Reads the body of a `kind: Component` document. Whether the type exists and its metadata fits is
// not checked here: that needs the registry (runtime/settings_builder.h).
#pragma once

#include <optional>

#include "config/document_header.h"
#include "config/node_reader.h"
#include "resources/component_document.h"

namespace mecha {

// Nothing when the document is wrong; what is wrong is reported to the reader's findings.
std::optional<ComponentDocument> ReadComponent(const YamlNode& root, const DocumentHeader& header,
                                               NodeReader& reader);

}  // namespace mecha
