// SPDX-License-Identifier: Apache-2.0
#include "state/list_operation.h"

#include <algorithm>
#include <utility>

#include "result/status.h"
#include "result/status_or.h"
#include "state/key_prefix.h"
#include "state/page_token.h"

namespace mecha {

ListOperation::ListOperation(StateBlock& block, const CallOptions& call,
                             const ListKeysRequest& request)
    : Operation(Verb::kList, block.service().MakeTarget(), call),
      block_(block),
      stored_prefix_(block.options().key_prefix + std::string(request.prefix)),
      limit_(request.limit == 0 ? kDefaultLimit : std::min(request.limit, kMostLimit)) {}

Status ListOperation::Prepare(const ListKeysRequest& request) {
  if (block_.service().info().SupportOf("list") == Support::kNone) {
    return Unimplemented("the store cannot list its keys");
  }
  if (!request.prefix.empty()) {
    RETURN_IF_ERROR(block_.CheckKey(request.prefix));
  }
  if (!request.page.empty()) {
    const PageScope scope{block_.service().identity().name, stored_prefix_};
    ASSIGN_OR_RETURN(position_, DecodePageToken(scope, request.page));
  }
  return OkStatus();
}

void ListOperation::Attempt() {
  const ListRequest request{.prefix = stored_prefix_, .limit = limit_, .position = position_};
  block_.store().List(context(), request, [this](StatusOr<ListPage> page) {
    Status status = page.ok() ? CheckPage(*page) : page.status();
    if (status.ok()) {
      Record(*std::move(page));
    }
    AttemptDone(std::move(status));
  });
}

// What a store may get wrong; that of a plug-in is no code of ours.
Status ListOperation::CheckPage(const ListPage& page) const {
  if (page.keys.size() > limit_) {
    return Internal("the store listed " + std::to_string(page.keys.size()) +
                    " keys where at most " + std::to_string(limit_) +
                    " were asked for. Tell its makers");
  }
  const bool is_asked_for = std::ranges::all_of(
      page.keys, [this](const std::string& key) { return key.starts_with(stored_prefix_); });
  return is_asked_for ? OkStatus()
                      : Internal(
                            "the store listed a key that does not begin with the prefix that "
                            "was asked for. Tell its makers");
}

void ListOperation::Record(ListPage page) {
  const std::string_view prefix = block_.options().key_prefix;
  keys_ = std::move(page.keys);
  items_.clear();
  items_.reserve(keys_.size());
  for (const std::string& stored : keys_) {
    const std::string_view key = std::string_view(stored).substr(prefix.size());
    // Behind a prefix, a second separator marks somebody else's data (actors, say).
    if (prefix.empty() || key.find(kKeySeparator) == std::string_view::npos) {
      items_.emplace_back().key = key;
    }
  }
  SetItems(items_);
  if (!page.next.empty()) {
    SetPage(EncodePageToken({block_.service().identity().name, stored_prefix_}, page.next));
  }
}

std::unique_ptr<Error> ListOperation::MakeError(const Status& status) {
  return block_.service().MakeError(
      verb(), std::string_view(stored_prefix_).substr(block_.options().key_prefix.size()), status);
}

}  // namespace mecha
