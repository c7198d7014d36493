// SPDX-License-Identifier: Apache-2.0
// Reads the body of a `kind: Configuration` document into the merged one. Of what Dapr has there,
// only spec.secrets.scopes does anything yet; the rest is named in a warning.
#pragma once

#include "config/node_reader.h"
#include "resources/configuration_document.h"

namespace mecha {

// Fields the document sets replace those of earlier documents. Mistakes go to the reader's
// findings, and then `configuration` stays as it was.
void MergeConfiguration(const YamlNode& root, NodeReader& reader,
                        ConfigurationDocument& configuration);

}  // namespace mecha
