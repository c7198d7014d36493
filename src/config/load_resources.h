// SPDX-License-Identifier: Apache-2.0
// LoadResources: YAML from folders, files and texts to a ResourceSet. It reads only what it is
// given: no environment, no secret, no other folder. Blocks on reading files; safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "resources/resource_set.h"
#include "resources/strictness.h"
#include "result/status_or.h"

namespace mecha {

struct LoadOptions {
  std::string app_id;      // documents scoped to other applications are left out
  std::string name_space;  // empty: none
  Strictness strictness = Strictness::kStrict;
  // True: leave out documents that name another namespace (nothing happens while ours is empty).
  bool filters_namespace = true;
};

struct ResourceSources {
  std::vector<std::string> paths;       // files or folders (not their subfolders), in this order
  std::vector<std::string_view> texts;  // documents, after the paths; called "text 1", "text 2"
};

// INVALID_ARGUMENT with one line per mistake, NOT_FOUND for a path that does not exist,
// ALREADY_EXISTS for two documents of one kind and name, RESOURCE_EXHAUSTED for what is too large.
StatusOr<ResourceSet> LoadResources(const LoadOptions& options, const ResourceSources& sources);

}  // namespace mecha
