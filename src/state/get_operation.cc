// SPDX-License-Identifier: Apache-2.0
#include "state/get_operation.h"

#include <utility>

namespace mecha {

void FillItem(ResultItem& item, StateValue&& value) {
  item.status = OkStatus();
  item.value = std::move(value.data);
  item.etag = value.etag;
  item.is_json = value.kind == ValueKind::kJson;
  item.expires = value.expires;
}

GetOperation::GetOperation(StateBlock& block, const CallOptions& call, std::string_view key,
                           const StateRead& read)
    : Operation(Verb::kGet, block.service().MakeTarget(), call), block_(block), read_(read) {
  const std::string_view prefix = block.options().key_prefix;
  stored_key_.Assign(prefix, key);
  item_.key = stored_key_.view().substr(prefix.size());
  SetItems({&item_, 1});
}

void GetOperation::Attempt() {
  block_.store().Get(context(), stored_key_.view(), read_, [this](StatusOr<StateValue> value) {
    Status status = value.status();
    if (status.ok()) {
      CountBytes(value->data.size());
      FillItem(item_, *std::move(value));
    }
    AttemptDone(std::move(status));
  });
}

void GetOperation::Finish(const Status& status) { item_.status = status; }

std::unique_ptr<Error> GetOperation::MakeError(const Status& status) {
  return block_.service().MakeError(verb(), item_.key, status);
}

}  // namespace mecha
