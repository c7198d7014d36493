// SPDX-License-Identifier: Apache-2.0
// The field `metadata` of an entry: a JSON object of texts, as Dapr writes it. No other JSON.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/call_context.h"

namespace MECHA_COMPONENT {

using OwnedMetadata = std::vector<std::pair<std::string, std::string>>;

// What a message's ordering key is called among its metadata, as other brokers of Dapr's know it.
inline constexpr std::string_view kOrderingKey = "partitionKey";

// Empty for no metadata: then the field is left out. The key is added unless the metadata has one.
std::string MetadataToJson(Metadata metadata, std::string_view ordering_key = {});
// Keys in lower case. A value that is no text is kept as it is written; what is no object is no
// metadata.
OwnedMetadata MetadataFromJson(std::string_view json);

}  // namespace MECHA_COMPONENT
