// SPDX-License-Identifier: Apache-2.0
#include "state/query_operation.h"

#include <algorithm>
#include <utility>

#include "result/status.h"
#include "result/status_or.h"
#include "state/get_operation.h"
#include "state/key_prefix.h"
#include "state/page_token.h"

namespace mecha {

Status QueryOperation::Prepare(const QueryValuesRequest& request) {
  ASSIGN_OR_RETURN(query_, ParseQuery(request.query));
  if (!request.page.empty() && !query_.token.empty()) {
    return InvalidArgument("both the query and the options have a page token; give it once");
  }
  const size_t asked = request.limit == 0 ? query_.limit : request.limit;
  limit_ = asked == 0 ? kDefaultLimit : std::min(asked, kMostLimit);
  // A token of a list does not fit a query, nor the other way round: no list has this prefix.
  scope_ = block_.options().key_prefix;
  scope_.append(kKeySeparator).append(FingerprintOf(query_));
  const std::string_view token = request.page.empty() ? query_.token : request.page;
  if (!token.empty()) {
    ASSIGN_OR_RETURN(position_, DecodePageToken({block_.service().identity().name, scope_}, token));
  }
  return OkStatus();
}

void QueryOperation::Attempt() {
  const QueryRequest request{.prefix = block_.options().key_prefix,
                             .filter = query_.filter.has_value() ? &*query_.filter : nullptr,
                             .sort = query_.sort,
                             .limit = limit_,
                             .position = position_};
  block_.store().Query(context(), request, [this](StatusOr<QueryPage> page) {
    Status status = page.ok() ? CheckPage(*page) : page.status();
    if (status.ok()) {
      Record(*std::move(page));
    }
    AttemptDone(std::move(status));
  });
}

// What a store may get wrong.
Status QueryOperation::CheckPage(const QueryPage& page) const {
  const std::string_view prefix = block_.options().key_prefix;
  const bool is_asked_for =
      page.items.size() <= limit_ && std::ranges::all_of(page.items, [&](const QueryItem& item) {
        return item.key.starts_with(prefix);
      });
  return is_asked_for
             ? OkStatus()
             : Internal("the store found more, or other keys, than asked for. Tell its makers");
}

void QueryOperation::Record(QueryPage page) {
  const std::string_view prefix = block_.options().key_prefix;
  page_ = std::move(page);
  items_.clear();
  items_.reserve(page_.items.size());
  for (QueryItem& found : page_.items) {
    const std::string_view key = std::string_view(found.key).substr(prefix.size());
    // Behind a prefix, a second separator marks somebody else's data (actors, say).
    if (prefix.empty() || key.find(kKeySeparator) == std::string_view::npos) {
      ResultItem& item = items_.emplace_back();
      item.key = key;
      CountBytes(found.value.data.size());
      FillItem(item, std::move(found.value));
    }
  }
  SetItems(items_);
  if (!page_.next.empty()) {
    SetPage(EncodePageToken({block_.service().identity().name, scope_}, page_.next));
  }
}

std::unique_ptr<Error> QueryOperation::MakeError(const Status& status) {
  return block_.service().MakeError(verb(), {}, status);
}

}  // namespace mecha
