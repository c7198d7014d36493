// SPDX-License-Identifier: Apache-2.0
#include "setup.h"

#include <yaml-cpp/yaml.h>

namespace {

using Texts = std::vector<std::pair<std::string, std::string>>;

Texts TextsOf(const YAML::Node& node) {
  Texts texts;
  for (const auto& entry : node) {
    texts.emplace_back(entry.first.Scalar(), entry.second.Scalar());
  }
  return texts;
}

std::vector<conformance::NamedText> ViewsOf(const Texts& texts) {
  std::vector<conformance::NamedText> views;
  for (const auto& [name, text] : texts) {
    views.push_back({name, text});
  }
  return views;
}

}  // namespace

bool Setup::Take(const std::string& key, const YAML::Node& node) {
  if (key == "metadata") {
    metadata_ = TextsOf(node);
  } else if (key == "files") {
    files_ = TextsOf(node);
  } else if (key == "environment") {
    environment_ = TextsOf(node);
  } else if (key == "shared") {
    is_shared_ = node.Scalar() == "true";
  } else if (key == "secrets") {
    for (const auto& secret : node) {
      for (const auto& pair : TextsOf(secret.second)) {
        secrets_.emplace_back(secret.first.Scalar(), pair);
      }
    }
  } else {
    return false;
  }
  return true;
}

std::variant<Setup, std::string> Setup::Read(const std::string& file, const std::string& type) {
  Setup setup;
  if (file.empty()) {
    return setup;
  }
  try {
    const YAML::Node whole = YAML::LoadFile(file);
    const YAML::Node node = whole[type];
    for (const auto& entry : node) {
      const std::string key = entry.first.Scalar();
      if (!setup.Take(key, entry.second)) {
        return file + ": " + type + " has an unknown key " + key;
      }
    }
  } catch (const YAML::Exception& exception) {
    return file + ": " + exception.what();
  }
  return setup;
}

conformance::Harness Setup::MakeHarness(const std::string& type, const std::string& version,
                                        const std::string& plugin) {
  views_[0] = ViewsOf(metadata_);
  views_[1] = ViewsOf(files_);
  views_[2] = ViewsOf(environment_);
  for (const auto& [name, pair] : secrets_) {
    known_.push_back({name, pair.first, pair.second});
  }
  return {.type = type,
          .version = version,
          .server = {},
          .is_shared = is_shared_,
          .metadata = views_[0],
          .files = views_[1],
          .environment = views_[2],
          .secrets = known_,
          .plugin = plugin};
}
