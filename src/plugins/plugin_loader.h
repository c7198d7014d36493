// SPDX-License-Identifier: Apache-2.0
// Plug-ins: opening the files that the setting `plugins` names, and registering their types. Which
// files those are is the host's decision alone: no document can name one. A file stays open for the
// life of the process. Blocks on the disk; safe from any thread.
#pragma once

#include <span>
#include <string>

#include "contract/registry.h"
#include "mecha/component.h"
#include "result/status.h"

namespace mecha {

// Registers every type of the plug-ins in `files` (absolute paths), in their order.
// FAILED_PRECONDITION for a file that is missing, is no plug-in, speaks another version of the
// interface, or registers what is wrong or is there already: it names the file.
Status LoadPlugins(std::span<const std::string> files, Registry& registry);

// What an entry function returned. For the loader and its tests.
Status RegisterPlugin(const mecha_plugin* plugin, const std::string& file, Registry& registry);

}  // namespace mecha
