// SPDX-License-Identifier: Apache-2.0
#include "redis_lister.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <unordered_set>
#include <utility>

#include "redis/redis_lease.h"
#include "redis_list_position.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {
namespace {

// How many keys one SCAN looks at: what the page lacks, and more while nothing matches.
constexpr size_t kShortestStep = 10;
constexpr size_t kLongestStep = 1000;
// After so many steps a page ends, however few keys it has.
constexpr int kStepsForPage = 1000;

Status UnexpectedReply(RedisLease& lease) {
  lease.connection().MarkBroken();
  return Status(StatusCode::kDataLoss, "Redis answered a listing with something else");
}

// Leaves out the keys of the last page that have gone since.
Status DropMissing(RedisLease& lease, const CallContext& call, std::vector<std::string>* keys) {
  lease.commands().Clear();
  for (const std::string& key : *keys) {
    lease.commands().AddCommand({"EXISTS", key});
  }
  RETURN_IF_ERROR(lease.Send(call));
  std::vector<std::string> existing;
  for (std::string& key : *keys) {
    ASSIGN_OR_RETURN(const Reply* reply, lease.Receive(call));
    if (reply->is_error()) {
      return lease.ErrorOf(*reply);
    }
    if (reply->integer != 0) {
      existing.push_back(std::move(key));
    }
  }
  *keys = std::move(existing);
  return OkStatus();
}

// One SCAN: moves the position on and adds what it found.
Status ScanStep(RedisLease& lease, const CallContext& call, std::string_view pattern, size_t step,
                ListPosition* position) {
  lease.commands().Clear();
  lease.commands().AddCommand(
      {"SCAN", std::to_string(position->cursor), "MATCH", pattern, "COUNT", std::to_string(step)});
  RETURN_IF_ERROR(lease.Send(call));
  ASSIGN_OR_RETURN(Reply * reply, lease.Receive(call));
  if (reply->is_error()) {
    return lease.ErrorOf(*reply);
  }
  if (!reply->is_array() || reply->items.size() != 2 || !reply->items[0].is_text() ||
      !reply->items[1].is_array()) {
    return UnexpectedReply(lease);
  }
  const std::string_view cursor = reply->items[0].text();
  const auto parsed =
      std::from_chars(cursor.data(), cursor.data() + cursor.size(), position->cursor);
  if (parsed.ec != std::errc() || parsed.ptr != cursor.data() + cursor.size()) {
    return UnexpectedReply(lease);
  }
  for (const Reply& key : reply->items[1].items) {
    position->keys.emplace_back(key.text());
  }
  return OkStatus();
}

// Moves keys from the position to the page, each once, as many as fit.
void FillPage(size_t limit, ListPosition* position, ListPage* page,
              std::unordered_set<std::string>* seen) {
  size_t used = 0;
  while (used < position->keys.size() && page->keys.size() < limit) {
    std::string& key = position->keys[used++];
    if (seen->insert(key).second) {
      page->keys.push_back(std::move(key));
    }
  }
  position->keys.erase(position->keys.begin(),
                       position->keys.begin() + static_cast<std::ptrdiff_t>(used));
}

}  // namespace

StatusOr<ListPage> ListKeys(ConnectionPool& pool, const CallContext& call,
                            const ListRequest& request) {
  ListPosition position;
  if (!request.position.empty()) {
    ASSIGN_OR_RETURN(position, ParsePosition(request.position, request.prefix));
  }
  ASSIGN_OR_RETURN(RedisLease lease, RedisLease::Take(pool, call));
  if (!position.keys.empty()) {
    RETURN_IF_ERROR(DropMissing(lease, call, &position.keys));
  }
  const std::string pattern = PrefixPattern(request.prefix);
  ListPage page;
  std::unordered_set<std::string> seen;
  FillPage(request.limit, &position, &page, &seen);
  // A position that names cursor 0 with keys belongs to a scan that had ended.
  bool has_ended = !request.position.empty() && position.cursor == 0;
  size_t step = 0;
  for (int i = 0; i < kStepsForPage && !has_ended && page.keys.size() < request.limit; ++i) {
    const size_t lacking = std::max(request.limit - page.keys.size(), kShortestStep);
    step = std::min(std::max(step, lacking), kLongestStep);
    RETURN_IF_ERROR(ScanStep(lease, call, pattern, step, &position));
    has_ended = position.cursor == 0;
    step = position.keys.empty() ? step * 2 : 0;
    FillPage(request.limit, &position, &page, &seen);
  }
  if (!position.is_end()) {
    page.next = position.Text();
  }
  return page;
}

}  // namespace MECHA_COMPONENT
