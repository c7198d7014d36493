// SPDX-License-Identifier: Apache-2.0
#include "options.h"

constinit const std::string_view kUsage =
    "mecha-check: says whether Mecha can use the component files of a folder.\n"
    "\n"
    "  mecha-check [OPTION...] FOLDER...      (a FOLDER may be a single file, too)\n"
    "\n"
    "  --app-id ID         the application that will use them (mecha-check); documents whose\n"
    "                      scopes do not name it are left out\n"
    "  --namespace NS      its namespace; components of another one are left out\n"
    "  --strictness WORD   strict (the default) or dapr: pass what Dapr passes, with a warning\n"
    "  --module-path DIR   where to look for components in files of their own, before the "
    "library's\n"
    "                      own folder\n"
    "  --plugins FILES     plug-ins to load: absolute paths, separated by colons\n"
    "  --use-environment   let envRef, NAMESPACE and POD_NAME read the environment\n"
    "  --no-ping           only read the files: fetch no secret, contact nothing, create nothing\n"
    "  --json              write one JSON object instead of lines\n"
    "\n"
    "Without --no-ping it starts the components as a program would: secrets are fetched, servers\n"
    "are logged in to, and SQLite creates its file and tables where they are missing.\n"
    "Exit code: 0 all well, 1 something is wrong, 2 wrong usage.\n";

namespace {

// Where the word after an option goes; null for an option that takes none, or is unknown.
std::string* ValueOf(std::string_view name, Options& options) {
  if (name == "--app-id") {
    return &options.app_id;
  }
  if (name == "--namespace") {
    return &options.name_space;
  }
  if (name == "--module-path") {
    return &options.module_path;
  }
  if (name == "--plugins") {
    return &options.plugins;
  }
  return name == "--strictness" ? &options.strictness : nullptr;
}

bool TakeFlag(std::string_view name, Options& options) {
  if (name == "--no-ping") {
    options.contacts_back_ends = false;
  } else if (name == "--use-environment") {
    options.uses_environment = true;
  } else if (name == "--json") {
    options.writes_json = true;
  } else if (name == "--help" || name == "-h") {
    options.wants_help = true;
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::variant<Options, std::string> ParseOptions(const std::vector<std::string>& arguments) {
  Options options;
  bool has_only_paths = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (has_only_paths || word.empty() || word[0] != '-') {
      options.paths.push_back(word);
    } else if (word == "--") {
      has_only_paths = true;
    } else if (std::string* value = ValueOf(word, options); value != nullptr) {
      if (++i == arguments.size()) {
        return word + " needs a value after it";
      }
      *value = arguments[i];
    } else if (!TakeFlag(word, options)) {
      return "unknown option " + word;
    }
  }
  if (options.paths.empty() && !options.wants_help) {
    return std::string("name the folder to check");
  }
  if (options.strictness != "strict" && options.strictness != "dapr") {
    return "--strictness is \"" + options.strictness + "\"; it must be strict or dapr";
  }
  return options;
}
