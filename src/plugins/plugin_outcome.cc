// SPDX-License-Identifier: Apache-2.0
#include "plugins/plugin_outcome.h"

#include <chrono>
#include <span>
#include <string>
#include <utility>

namespace mecha {
namespace {

// -1 to -16 and -100 to -110; the rest is no status that an operation may end with.
bool IsFailure(mecha_status status) {
  return (status <= -1 && status >= -16) || (status <= -100 && status >= -110);
}

std::span<const mecha_outcome_item> ItemsOf(const mecha_outcome& outcome) {
  return {outcome.items, outcome.items == nullptr ? 0 : outcome.item_count};
}

Status StatusOfWhole(const mecha_outcome& outcome) {
  return PluginStatus(outcome.status, outcome.applied, outcome.message);
}

Status CheckCount(const mecha_outcome& outcome, size_t expected) {
  RETURN_IF_ERROR(StatusOfWhole(outcome));
  const size_t count = ItemsOf(outcome).size();
  return count == expected ? OkStatus()
                           : WrongPlugin("an outcome has " + std::to_string(count) +
                                         " items instead of " + std::to_string(expected));
}

// A read changes nothing, whatever the plug-in says.
Status OfRead(Status status) {
  status.set_applied(Applied::kNo);
  return status;
}

// An absent key is nobody's fault and needs no words.
Status OfFind(Status status) { return IsNotFound(status) ? NotFound() : OfRead(std::move(status)); }

StatusOr<StateValue> ValueOf(const mecha_outcome_item& item) {
  RETURN_IF_ERROR(OfFind(PluginStatus(item.status, item.applied, item.message)));
  if (item.etag.size > Etag::kMaxBytes) {
    return OfRead(WrongPlugin("an etag has more than 64 bytes"));
  }
  StateValue value;
  value.data = Buffer::CopyOf(TextOf(item.value));
  value.etag = Etag(TextOf(item.etag));
  value.kind = (item.flags & MECHA_ITEM_JSON) != 0 ? ValueKind::kJson : ValueKind::kBinary;
  value.expires = TimeOf(item.expires_unix_ms);
  return value;
}

WriteOutcome EtagOf(const mecha_outcome_item& item) {
  RETURN_IF_ERROR(PluginStatus(item.status, item.applied, item.message));
  if (item.etag.size > Etag::kMaxBytes) {
    return MarkApplied(WrongPlugin("an etag has more than 64 bytes"), Applied::kYes);
  }
  return Etag(TextOf(item.etag));
}

PublishOutcome IdOf(const mecha_outcome_item& item) {
  RETURN_IF_ERROR(PluginStatus(item.status, item.applied, item.message));
  return std::string(TextOf(item.etag));
}

}  // namespace

std::optional<WallTime> TimeOf(int64_t unix_ms) {
  constexpr int64_t kLimit = Duration::max().count() / 1'000'000;
  return unix_ms > 0 && unix_ms < kLimit
             ? std::optional(WallTime(std::chrono::milliseconds(unix_ms)))
             : std::nullopt;
}

Status WrongPlugin(std::string_view what) {
  return MarkApplied(Internal("the plug-in is wrong: " + std::string(what) + ". Tell its makers"),
                     Applied::kMaybe);
}

Status PluginStatus(mecha_status status, uint32_t applied, mecha_view message) {
  if (status == MECHA_OK) {
    return OkStatus();
  }
  if (!IsFailure(status)) {
    return WrongPlugin("it ends an operation with status " + std::to_string(status));
  }
  Status read(static_cast<StatusCode>(-status), TextOf(message));
  if (applied == MECHA_APPLIED_YES) {
    return MarkApplied(std::move(read), Applied::kYes);
  }
  return applied == MECHA_APPLIED_NO ? read : MarkApplied(std::move(read), Applied::kMaybe);
}

StatusOr<int> ReadNothing(const mecha_outcome& outcome, size_t) {
  RETURN_IF_ERROR(StatusOfWhole(outcome));
  return 0;
}

StatusOr<StateValue> ReadValue(const mecha_outcome& outcome, size_t expected) {
  RETURN_IF_ERROR(OfFind(CheckCount(outcome, expected)));
  return ValueOf(outcome.items[0]);
}

StatusOr<std::vector<StatusOr<StateValue>>> ReadValues(const mecha_outcome& outcome,
                                                       size_t expected) {
  RETURN_IF_ERROR(OfRead(CheckCount(outcome, expected)));
  std::vector<StatusOr<StateValue>> values;
  values.reserve(expected);
  for (const mecha_outcome_item& item : ItemsOf(outcome)) {
    values.push_back(ValueOf(item));
  }
  return values;
}

StatusOr<Etag> ReadEtag(const mecha_outcome& outcome, size_t expected) {
  RETURN_IF_ERROR(CheckCount(outcome, expected));
  return EtagOf(outcome.items[0]);
}

StatusOr<std::vector<WriteOutcome>> ReadEtags(const mecha_outcome& outcome, size_t expected) {
  RETURN_IF_ERROR(CheckCount(outcome, expected));
  std::vector<WriteOutcome> etags;
  etags.reserve(expected);
  for (const mecha_outcome_item& item : ItemsOf(outcome)) {
    etags.push_back(EtagOf(item));
  }
  return etags;
}

StatusOr<ListPage> ReadPage(const mecha_outcome& outcome, size_t) {
  RETURN_IF_ERROR(OfRead(StatusOfWhole(outcome)));
  ListPage page;
  for (const mecha_outcome_item& item : ItemsOf(outcome)) {
    page.keys.emplace_back(TextOf(item.key));
  }
  page.next = TextOf(outcome.next);
  return page;
}

StatusOr<Secret> ReadSecret(const mecha_outcome& outcome, size_t) {
  RETURN_IF_ERROR(OfFind(StatusOfWhole(outcome)));
  Secret secret;
  for (const mecha_outcome_item& item : ItemsOf(outcome)) {
    RETURN_IF_ERROR(OfFind(PluginStatus(item.status, item.applied, item.message)));
    secret.insert_or_assign(std::string(TextOf(item.key)), TextOf(item.value));
  }
  return secret;
}

StatusOr<SecretList> ReadSecrets(const mecha_outcome& outcome, size_t) {
  RETURN_IF_ERROR(OfRead(StatusOfWhole(outcome)));
  SecretList secrets;
  for (const mecha_outcome_item& item : ItemsOf(outcome)) {
    RETURN_IF_ERROR(OfRead(PluginStatus(item.status, item.applied, item.message)));
    secrets[std::string(TextOf(item.group))].insert_or_assign(std::string(TextOf(item.key)),
                                                              TextOf(item.value));
  }
  return secrets;
}

StatusOr<std::string> ReadBrokerId(const mecha_outcome& outcome, size_t expected) {
  RETURN_IF_ERROR(CheckCount(outcome, expected));
  return IdOf(outcome.items[0]);
}

StatusOr<std::vector<PublishOutcome>> ReadBrokerIds(const mecha_outcome& outcome, size_t expected) {
  RETURN_IF_ERROR(CheckCount(outcome, expected));
  std::vector<PublishOutcome> ids;
  ids.reserve(expected);
  for (const mecha_outcome_item& item : ItemsOf(outcome)) {
    ids.push_back(IdOf(item));
  }
  return ids;
}

StatusOr<std::vector<uint64_t>> ReadLost(const mecha_outcome& outcome, size_t expected) {
  RETURN_IF_ERROR(OfRead(CheckCount(outcome, expected)));
  std::vector<uint64_t> lost;
  for (size_t i = 0; i < expected; ++i) {
    const mecha_outcome_item& item = outcome.items[i];
    const Status renewed = OfRead(PluginStatus(item.status, item.applied, item.message));
    if (IsNotFound(renewed)) {
      lost.push_back(i);
    } else if (!renewed.ok()) {
      return renewed;
    }
  }
  return lost;
}

}  // namespace mecha
