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
      if (key == "metadata") {
        setup.metadata_ = TextsOf(entry.second);
      } else if (key == "files") {
        setup.files_ = TextsOf(entry.second);
      } else if (key == "environment") {
        setup.environment_ = TextsOf(entry.second);
      } else if (key == "shared") {
        setup.is_shared_ = entry.second.Scalar() == "true";
      } else if (key == "secrets") {
        for (const auto& secret : entry.second) {
          for (const auto& [name, value] : TextsOf(secret.second)) {
            setup.secrets_.push_back({secret.first.Scalar(), {name, value}});
          }
        }
      } else {
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
