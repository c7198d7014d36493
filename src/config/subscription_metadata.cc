// SPDX-License-Identifier: Apache-2.0
#include "config/subscription_metadata.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "encoding/ascii.h"
#include "encoding/boolean.h"
#include "encoding/duration.h"
#include "encoding/nearest_name.h"
#include "encoding/number.h"
#include "encoding/quoted.h"

namespace mecha {
namespace {

constexpr std::string_view kAttempts = "redeliveryAttempts";
constexpr std::string_view kInterval = "redeliveryInterval";
constexpr std::string_view kLongestInterval = "redeliveryMaxInterval";
constexpr std::string_view kRawPayload = "rawPayload";
constexpr std::string_view kOurNames[] = {kAttempts, kInterval, kLongestInterval, kRawPayload};

// Reads one document's entries; lives as long as that takes.
class MetadataReader {
 public:
  MetadataReader(NodeReader& reader, SubscriptionSpec& spec) : reader_(reader), spec_(spec) {}

  void Read(const YamlNode& entries) {
    for (const YamlNode& entry : entries.children) {
      if (entry.kind == YamlNode::Kind::kScalar || entry.kind == YamlNode::Kind::kNull) {
        ReportRepeated(entries, entry);
        ReadEntry(entry);
      } else {
        reader_.Break(entry, "metadata " + Quoted(entry.key) +
                                 " must be one value. Write it in quotes on the same line.");
      }
    }
    CheckIntervals(entries);
  }

 private:
  static bool Is(const YamlNode& entry, std::string_view name) {
    return EqualsIgnoringCase(entry.key, name);
  }

  // The same name twice in other letters: which one counts would surprise somebody.
  void ReportRepeated(const YamlNode& entries, const YamlNode& entry) {
    for (const YamlNode& earlier : entries.children) {
      if (&earlier == &entry) {
        return;
      }
      if (EqualsIgnoringCase(earlier.key, entry.key)) {
        reader_.findings().Lenient(reader_.KeyAt(entry),
                                   Quoted(entry.key) + " is set a second time, first at " +
                                       ToText(reader_.KeyAt(earlier)) + ". Remove one.");
        return;
      }
    }
  }

  void ReadEntry(const YamlNode& entry) {
    if (Is(entry, kAttempts)) {
      ReadAttempts(entry);
    } else if (Is(entry, kInterval)) {
      ReadInterval(entry, spec_.redelivery.interval);
    } else if (Is(entry, kLongestInterval)) {
      has_longest_interval_ = true;
      ReadInterval(entry, spec_.redelivery.longest_interval);
    } else {
      ReadForComponent(entry);
    }
  }

  void ReadForComponent(const YamlNode& entry) {
    if (Is(entry, kRawPayload)) {
      const std::optional<bool> flag = ParseBoolean(entry.text);
      spec_.is_raw = flag.value_or(false);
      if (!flag.has_value()) {
        reader_.Fail(entry, "metadata rawPayload " + Quoted(entry.text) +
                                " is not true or false. Write one of them in quotes.");
      }
    } else if (const std::string hint = DidYouMean(entry.key, kOurNames); !hint.empty()) {
      reader_.findings().Warn(reader_.KeyAt(entry), "metadata " + Quoted(entry.key) +
                                                        " goes to the component as it is." + hint);
    }
    spec_.metadata.push_back({entry.key, entry.text});
  }

  void ReadAttempts(const YamlNode& entry) {
    const std::optional<uint32_t> attempts = ParseNumber<uint32_t>(entry.text);
    if (attempts.value_or(0) == 0) {
      reader_.Fail(entry, "metadata redeliveryAttempts " + Quoted(entry.text) +
                              " is not a whole number above zero. It counts all handlings of a "
                              "message: write \"1\" for a single one.");
      return;
    }
    spec_.redelivery.attempts = *attempts;
  }

  void ReadInterval(const YamlNode& entry, Duration& interval) {
    const std::optional<Duration> value = ParseDuration(entry.text);
    if (!value.has_value() || *value < Duration::zero()) {
      reader_.Fail(entry, "metadata " + entry.key + " " + Quoted(entry.text) +
                              " is not a duration. Write one like \"500ms\" or \"1m30s\".");
      return;
    }
    interval = *value;
  }

  void CheckIntervals(const YamlNode& entries) {
    RedeliveryPolicy& policy = spec_.redelivery;
    if (policy.longest_interval >= policy.interval) {
      return;
    }
    if (!has_longest_interval_) {
      policy.longest_interval = policy.interval;
    } else if (!reader_.is_broken()) {
      reader_.Fail(entries,
                   "metadata redeliveryMaxInterval is below redeliveryInterval. Raise it, or "
                   "remove it.");
    }
  }

  NodeReader& reader_;
  SubscriptionSpec& spec_;
  bool has_longest_interval_ = false;
};

}  // namespace

void ReadSubscriptionMetadata(const YamlNode& spec_node, NodeReader& reader,
                              SubscriptionSpec& spec) {
  if (const YamlNode* entries = reader.Mapping(spec_node, "metadata"); entries != nullptr) {
    MetadataReader(reader, spec).Read(*entries);
  }
}

}  // namespace mecha
