// SPDX-License-Identifier: Apache-2.0
#include "redis_value.h"

namespace MECHA_COMPONENT {

StatusOr<StateValue> TakeValue(Reply& reply) {
  const bool is_hash = reply.is_array() && reply.items.size() == 2;
  Reply& data = is_hash ? reply.items[0] : reply;
  if (data.is_nil()) {
    return NotFound();
  }
  if (!data.is_text()) {
    return Status(StatusCode::kDataLoss, "Redis answered a read with something else");
  }
  StatusOr<StateValue> value{StateValue{}};
  value->data = data.TakeText();
  if (is_hash && reply.items[1].is_text()) {
    value->etag = Etag(reply.items[1].text());
  }
  return value;
}

}  // namespace MECHA_COMPONENT
