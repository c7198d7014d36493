// SPDX-License-Identifier: Apache-2.0
// A YamlNode as JSON text, for metadata values that are lists or mappings. Not a general converter:
// plain scalars become numbers or booleans only when they are written as JSON writes them.
#pragma once

#include <string>

#include "config/yaml_node.h"

namespace mecha {

std::string JsonText(const YamlNode& node);

}  // namespace mecha
