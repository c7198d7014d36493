// SPDX-License-Identifier: Apache-2.0
#include "config/load_resources.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>
#include <variant>

#include "call/read_file.h"
#include "config/component_reader.h"
#include "config/configuration_reader.h"
#include "config/document_header.h"
#include "config/document_splitter.h"
#include "config/node_reader.h"
#include "config/subscription_reader.h"
#include "config/yaml_document.h"
#include "encoding/ascii.h"
#include "encoding/quoted.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostFileBytes = 16 << 20;
constexpr size_t kMostDocumentBytes = 1 << 20;

// Collects what one call of LoadResources finds.
class Loader {
 public:
  explicit Loader(const LoadOptions& options) : options_(options), findings_(options.strictness) {}

  void AddPath(const std::string& path);
  void AddText(const std::string& file, std::string_view text);
  StatusOr<ResourceSet> Finish();

 private:
  using Places = std::map<std::string, Location, std::less<>>;

  void AddFolder(const std::string& folder);
  void AddFile(const std::string& path);
  void AddDocument(const std::string& file, const DocumentText& document);
  void AddRoot(const YamlNode& root, NodeReader& reader);
  void AddComponent(const YamlNode& root, const DocumentHeader& header, NodeReader& reader);
  void AddSubscription(const YamlNode& root, const DocumentHeader& header, NodeReader& reader);
  bool IsOfOtherNamespace(const DocumentHeader& header) const;
  std::string OutOfScope() const;
  void LeaveOut(const DocumentHeader& header, std::string reason, Location place);
  bool IsForUs(const std::vector<std::string>& scopes) const {
    return scopes.empty() || std::ranges::find(scopes, options_.app_id) != scopes.end();
  }

  // False, and reported, when another document of this kind has the name.
  bool TakeName(std::string_view kind, const DocumentHeader& header, const Location& here,
                Places& places);

  const LoadOptions& options_;
  Findings findings_;
  ResourceSet resources_;
  // By name; also those scoped to other apps.
  Places components_;
  Places subscriptions_;
};

bool IsYamlFile(const fs::path& path) {
  const std::string extension = ToLower(std::string_view(path.extension().native()));
  return extension == ".yaml" || extension == ".yml";
}

void Loader::AddPath(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    findings_.Error(StatusCode::kNotFound, {path, 0, 0},
                    "no such file or folder" + WhereRelative(path) + ". Check the resource paths.");
  } else if (fs::is_directory(status)) {
    AddFolder(path);
  } else {
    AddFile(path);
  }
}

// Entries in the order of their names, so that a load does not depend on the file system.
void Loader::AddFolder(const std::string& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_directory(ignored)) {
      continue;
    }
    if (IsYamlFile(entry->path())) {
      files.push_back(entry->path());
    } else {
      findings_.Warn({entry->path().native(), 0, 0},
                     "not read: only .yaml and .yml files are resources.");
    }
  }
  if (error) {
    findings_.Error(StatusCode::kPermissionDenied, {folder, 0, 0},
                    "the folder cannot be read: " + error.message() + ".");
    return;
  }
  if (files.empty()) {
    findings_.Warn({folder, 0, 0}, "no .yaml or .yml file in this folder.");
  }
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    AddFile(file.native());
  }
}

void Loader::AddFile(const std::string& path) {
  const StatusOr<std::string> content = ReadFile(path, kMostFileBytes);
  if (content.ok()) {
    AddText(path, *content);
  } else {
    findings_.Error(content.status().code(), {}, content.status().message());
  }
}

void Loader::AddText(const std::string& file, std::string_view text) {
  for (const DocumentText& document : SplitDocuments(text)) {
    AddDocument(file, document);
  }
}

void Loader::AddDocument(const std::string& file, const DocumentText& document) {
  const Location start{file, document.first_line, 1};
  const size_t lost = document.cut_away.find_first_not_of(" \t\r");
  if (lost != std::string_view::npos && document.cut_away[lost] != '#') {
    findings_.Warn(start,
                   "the document ends at a line that starts with \"---\"; what follows on "
                   "that line is not read.");
  }
  if (document.text.size() > kMostDocumentBytes) {
    findings_.Error(StatusCode::kResourceExhausted, start,
                    "a document larger than 1 MB. Split it with lines \"---\".");
    return;
  }
  const auto read = ReadYamlDocument(document.text, document.first_line);
  if (const auto* problem = std::get_if<YamlProblem>(&read); problem != nullptr) {
    const Location place{file, problem->line, problem->column};
    if (problem->is_refusal) {
      findings_.Error(place, problem->text);
    } else {
      findings_.Lenient(place, problem->text);
    }
    return;
  }
  NodeReader reader(file, findings_);
  AddRoot(std::get<YamlNode>(read), reader);
}

bool Loader::IsOfOtherNamespace(const DocumentHeader& header) const {
  return options_.filters_namespace && !options_.name_space.empty() && !header.name_space.empty() &&
         header.name_space != options_.name_space;
}

std::string Loader::OutOfScope() const {
  return "its scopes do not name the app " + Quoted(options_.app_id);
}

void Loader::LeaveOut(const DocumentHeader& header, std::string reason, Location place) {
  resources_.left_out.push_back(
      {header.kind_text, header.name, std::move(reason), std::move(place), {}, {}});
}

void Loader::AddRoot(const YamlNode& root, NodeReader& reader) {
  const std::optional<DocumentHeader> header = ReadHeader(root, reader);
  if (!header.has_value()) {
    return;
  }
  if (IsOfOtherNamespace(*header)) {
    const bool is_missed = header->kind == DocumentHeader::Kind::kComponent ||
                           header->kind == DocumentHeader::Kind::kSubscription;
    if (is_missed) {
      LeaveOut(*header, "it is of the namespace " + Quoted(header->name_space), reader.At(root));
    }
    return;
  }
  switch (header->kind) {
    case DocumentHeader::Kind::kComponent:
      AddComponent(root, *header, reader);
      return;
    case DocumentHeader::Kind::kConfiguration:
      MergeConfiguration(root, reader, resources_.configuration);
      return;
    case DocumentHeader::Kind::kSubscription:
      AddSubscription(root, *header, reader);
      return;
    case DocumentHeader::Kind::kUnused:
      findings_.Warn(reader.At(root),
                     "kind " + header->kind_text + " has no effect yet; the document is not used.");
      return;
  }
}

// Names are unique before scopes are looked at, as in Dapr: who reads the folder sees one meaning.
bool Loader::TakeName(std::string_view kind, const DocumentHeader& header, const Location& here,
                      Places& places) {
  const auto [first, is_new] = places.try_emplace(header.name, here);
  if (!is_new) {
    findings_.Error(StatusCode::kAlreadyExists, here,
                    "a second " + std::string(kind) + " is named \"" + header.name +
                        "\", the first is at " + ToText(first->second) + ". Rename or remove one.");
  }
  return is_new;
}

void Loader::AddComponent(const YamlNode& root, const DocumentHeader& header, NodeReader& reader) {
  if (!TakeName("component", header, reader.At(root), components_)) {
    return;
  }
  std::optional<ComponentDocument> document = ReadComponent(root, header, reader);
  if (!document.has_value()) {
    return;
  }
  if (IsForUs(document->scopes)) {
    resources_.components.push_back(*std::move(document));
  } else {
    LeaveOut(header, OutOfScope(), reader.At(root));
  }
}

void Loader::AddSubscription(const YamlNode& root, const DocumentHeader& header,
                             NodeReader& reader) {
  if (!TakeName("subscription", header, reader.At(root), subscriptions_)) {
    return;
  }
  std::optional<SubscriptionDocument> document = ReadSubscription(root, header, reader);
  if (!document.has_value()) {
    return;
  }
  if (IsForUs(document->scopes)) {
    resources_.subscriptions.push_back(*std::move(document));
  } else {
    LeaveOut(header, OutOfScope(), reader.At(root));
    resources_.left_out.back().subscription = std::move(document->spec);
  }
}

StatusOr<ResourceSet> Loader::Finish() {
  if (findings_.HasErrors()) {
    return findings_.ToStatus();
  }
  resources_.warnings = findings_.TakeWarnings();
  return std::move(resources_);
}

}  // namespace

StatusOr<ResourceSet> LoadResources(const LoadOptions& options, const ResourceSources& sources) {
  Loader loader(options);
  for (const std::string& path : sources.paths) {
    loader.AddPath(path);
  }
  for (size_t i = 0; i < sources.texts.size(); ++i) {
    loader.AddText("text " + std::to_string(i + 1), sources.texts[i]);
  }
  return loader.Finish();
}

}  // namespace mecha
