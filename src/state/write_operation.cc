// SPDX-License-Identifier: Apache-2.0
#include "state/write_operation.h"

#include <utility>

namespace mecha {

WriteOperation::WriteOperation(StateBlock& block, const CallOptions& call,
                               const WriteRequest& request, const StateWrite& write)
    : Operation(write.kind == StateWrite::Kind::kSet ? Verb::kSet : Verb::kDelete,
                block.service().MakeTarget(), call),
      block_(block),
      write_(write),
      etag_(write.etag) {
  const std::string_view prefix = block.options().key_prefix;
  stored_key_.Assign(prefix, request.key);
  write_.key = stored_key_.view();
  write_.etag = etag_.view();
  write_.value = inputs().Keep(request.value, call.must_copy);
  item_.key = write_.key.substr(prefix.size());
  SetItems({&item_, 1});
}

void WriteOperation::Attempt() {
  block_.store().Write(context(), write_, [this](StatusOr<Etag> etag) {
    Status status = etag.status();
    if (status.ok()) {
      CountBytes(write_.value.size());
      item_.etag = *etag;
    }
    AttemptDone(std::move(status));
  });
}

void WriteOperation::Finish(const Status& status) { item_.status = status; }

std::unique_ptr<Error> WriteOperation::MakeError(const Status& status) {
  return block_.service().MakeError(verb(), item_.key, status);
}

}  // namespace mecha
