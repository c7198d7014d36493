// SPDX-License-Identifier: Apache-2.0
#include "config/subscription_reader.h"

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "config/subscription_metadata.h"
#include "config/yaml_document.h"
#include "config/yaml_from_json.h"
#include "encoding/boolean.h"
#include "encoding/json.h"
#include "encoding/number.h"
#include "encoding/quoted.h"

namespace mecha {
namespace {

constexpr std::string_view kSubscriptionKeys[] = {"apiVersion", "kind", "metadata", "spec",
                                                  "scopes"};
constexpr std::string_view kFirstKeys[] = {"topic",    "pubsubname",    "route",
                                           "metadata", "bulkSubscribe", "deadLetterTopic"};
constexpr std::string_view kSecondKeys[] = {"topic",    "pubsubname",    "routes",
                                            "metadata", "bulkSubscribe", "deadLetterTopic"};
constexpr std::string_view kRoutesKeys[] = {"rules", "default"};
constexpr std::string_view kRuleKeys[] = {"match", "path"};
constexpr std::string_view kBulkKeys[] = {"enabled", "maxMessagesCount", "maxAwaitDurationMs"};

constexpr size_t kMostSpecBytes = 1 << 20;

// Where a spec stands decides what it must say.
enum class Shape : uint8_t { kFirst, kSecond, kAlone };

void ReadRule(const YamlNode& entry, NodeReader& reader, std::vector<SubscriptionRule>& rules) {
  if (entry.kind != YamlNode::Kind::kMapping) {
    reader.Break(entry, "an entry of routes.rules must have \"match\" and \"path\".");
    return;
  }
  reader.WarnUnknownKeys(entry, "routes.rules", kRuleKeys);
  SubscriptionRule rule{reader.Text(entry, "match"), reader.Text(entry, "path"), {}};
  const YamlNode* match = entry.Find("match");
  rule.location = reader.At(match == nullptr ? entry : *match);
  if (rule.path.empty() && !reader.is_broken()) {
    reader.Break(entry,
                 "a rule has no path. Write \"path:\" with where its messages go, for example "
                 "\"path: /orders\".");
  }
  if (!rules.empty() && rules.back().match.empty()) {
    reader.findings().Warn(rule.location,
                           "this rule is never reached: the one before has no match and takes "
                           "every message. Put that one last.");
  }
  rules.push_back(std::move(rule));
}

void ReadRoutes(const YamlNode& node, NodeReader& reader, SubscriptionSpec& spec) {
  const YamlNode* routes = reader.Mapping(node, "routes");
  if (routes == nullptr) {
    return;
  }
  reader.WarnUnknownKeys(*routes, "routes", kRoutesKeys);
  if (const YamlNode* rules = reader.Sequence(*routes, "rules"); rules != nullptr) {
    for (const YamlNode& entry : rules->children) {
      ReadRule(entry, reader, spec.rules);
    }
  }
  if (std::string path = reader.Text(*routes, "default"); !path.empty()) {
    spec.default_path = std::move(path);
  }
}

void CheckRoutes(const YamlNode& node, Shape shape, NodeReader& reader, SubscriptionSpec& spec) {
  if (!spec.rules.empty() || spec.default_path.has_value() || reader.is_broken()) {
    return;
  }
  if (shape == Shape::kAlone) {
    spec.default_path = "";
    return;
  }
  const bool is_first = shape == Shape::kFirst;
  std::string text = "no message is delivered without a route. ";
  if (node.Find(is_first ? "routes" : "route") != nullptr) {
    text += is_first ? "\"routes\" is of v2alpha1: write \"apiVersion: dapr.io/v2alpha1\"."
                     : "\"route\" is of v1alpha1: write \"routes:\" with \"default:\" below it.";
  } else {
    text += is_first ? "Write \"route: /orders\"."
                     : "Write \"routes:\" with \"default: /orders\" below it.";
  }
  reader.Break(node, text);
}

// A count above zero; absent and 0 mean the default, as in Dapr.
void ReadCount(const YamlNode& bulk, std::string_view name, NodeReader& reader, uint32_t& count) {
  const YamlNode* node = reader.Scalar(bulk, name);
  if (node == nullptr) {
    return;
  }
  constexpr uint32_t kMost = INT32_MAX;
  const std::optional<uint32_t> value = ParseNumber<uint32_t>(node->text);
  if (!value.has_value() || *value > kMost) {
    reader.Break(*node, "bulkSubscribe." + std::string(name) + " " + Quoted(node->text) +
                            " is not a whole number of 32 bits. Write one like 100.");
  } else if (*value != 0) {
    count = *value;
  }
}

void ReadBulk(const YamlNode& node, NodeReader& reader, BulkSubscribe& result) {
  const YamlNode* bulk = reader.Mapping(node, "bulkSubscribe");
  if (bulk == nullptr) {
    return;
  }
  reader.WarnUnknownKeys(*bulk, "bulkSubscribe", kBulkKeys);
  if (const YamlNode* flag = reader.Scalar(*bulk, "enabled"); flag != nullptr) {
    const std::optional<bool> value = ParseBoolean(flag->text);
    result.is_enabled = value.value_or(false);
    if (!value.has_value()) {
      reader.Break(*flag, "bulkSubscribe.enabled " + Quoted(flag->text) +
                              " is not true or false. Write one of them.");
    }
  }
  uint32_t milliseconds = 0;
  ReadCount(*bulk, "maxMessagesCount", reader, result.most_messages);
  ReadCount(*bulk, "maxAwaitDurationMs", reader, milliseconds);
  if (milliseconds != 0) {
    result.longest_wait = std::chrono::milliseconds(milliseconds);
  }
}

void RequireText(const std::string& text, std::string_view name, const YamlNode& node,
                 NodeReader& reader) {
  if (text.empty() && !reader.is_broken()) {
    reader.Break(node, "spec." + std::string(name) + " is missing. Write \"" + std::string(name) +
                           ": orders\" with your name for it.");
  }
}

void CheckDeadLetter(const YamlNode& node, NodeReader& reader, const SubscriptionSpec& spec) {
  if (!spec.topic.empty() && spec.dead_letter_topic == spec.topic) {
    reader.findings().Lenient(reader.At(*node.Find("deadLetterTopic")),
                              "deadLetterTopic is the subscription's own topic, so a bad message "
                              "would go round for ever. Name another topic.");
  }
}

SubscriptionSpec ReadSpec(const YamlNode& node, Shape shape, NodeReader& reader) {
  const bool is_first = shape == Shape::kFirst;
  reader.WarnUnknownKeys(node, "spec", is_first ? kFirstKeys : kSecondKeys);
  SubscriptionSpec spec;
  spec.location = reader.At(node);
  spec.pubsub_name = reader.Text(node, "pubsubname");
  spec.topic = reader.Text(node, "topic");
  spec.dead_letter_topic = reader.Text(node, "deadLetterTopic");
  if (shape != Shape::kAlone) {
    RequireText(spec.pubsub_name, "pubsubname", node, reader);
    RequireText(spec.topic, "topic", node, reader);
  }
  if (!is_first) {
    ReadRoutes(node, reader, spec);
  } else if (std::string path = reader.Text(node, "route"); !path.empty()) {
    spec.default_path = std::move(path);
  }
  CheckRoutes(node, shape, reader, spec);
  ReadBulk(node, reader, spec.bulk);
  ReadSubscriptionMetadata(node, reader, spec);
  CheckDeadLetter(node, reader, spec);
  return spec;
}

// True when `root` can be read as a spec; says what it is otherwise.
bool IsSpec(const YamlNode& root, NodeReader& reader) {
  if (root.kind != YamlNode::Kind::kMapping) {
    reader.Fail(root, "the spec must be a mapping. Write \"key: value\" lines, or a JSON object.");
  } else if (root.Find("kind") != nullptr && root.Find("spec") != nullptr) {
    reader.Fail(root, "this is a whole document. Give only what stands below its \"spec:\".");
  }
  return !reader.is_broken();
}

}  // namespace

std::optional<SubscriptionDocument> ReadSubscription(const YamlNode& root,
                                                     const DocumentHeader& header,
                                                     NodeReader& reader) {
  reader.WarnUnknownKeys(root, "the document", kSubscriptionKeys);
  SubscriptionDocument document;
  document.name = header.name;
  document.name_space = header.name_space;
  document.location = reader.At(root);
  document.scopes = reader.Texts(root, "scopes");
  const YamlNode* spec = reader.Mapping(root, "spec");
  if (spec != nullptr) {
    const bool is_first = header.version == "dapr.io/v1alpha1";
    document.spec = ReadSpec(*spec, is_first ? Shape::kFirst : Shape::kSecond, reader);
  } else if (!reader.is_broken()) {
    reader.Break(root, "spec is missing. Write \"spec:\" with \"pubsubname\" and \"topic\" below.");
  }
  return reader.is_broken() ? std::nullopt : std::optional(std::move(document));
}

StatusOr<SubscriptionSpec> ReadSubscriptionSpec(std::string_view text,
                                                std::vector<std::string>* warnings) {
  if (text.size() > kMostSpecBytes) {
    return ResourceExhausted("the spec of a subscription is larger than 1 MB. Shorten it.");
  }
  Findings findings(Strictness::kStrict);
  NodeReader reader("spec", findings);
  const std::string yaml = IsJson(text) ? YamlFromJson(text) : std::string(text);
  auto read = ReadYamlDocument(yaml, 1);
  if (const auto* problem = std::get_if<YamlProblem>(&read); problem != nullptr) {
    findings.Error({"spec", problem->line, problem->column}, problem->text);
    return findings.ToStatus();
  }
  YamlNode& root = std::get<YamlNode>(read);
  if (root.kind == YamlNode::Kind::kNull) {
    root.kind = YamlNode::Kind::kMapping;
  }
  SubscriptionSpec spec;
  if (IsSpec(root, reader)) {
    spec = ReadSpec(root, Shape::kAlone, reader);
  }
  if (findings.HasErrors()) {
    return findings.ToStatus();
  }
  if (warnings != nullptr) {
    for (std::string& warning : findings.TakeWarnings()) {
      warnings->push_back(std::move(warning));
    }
  }
  return spec;
}

}  // namespace mecha
