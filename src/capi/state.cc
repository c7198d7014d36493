// SPDX-License-Identifier: Apache-2.0
#include "mecha/state.h"

#include "capi/convert.h"
#include "capi/submit.h"
#include "result/status.h"
#include "result/status_or.h"
#include "state/state_block.h"

namespace mecha::capi {
namespace {

StatusOr<Consistency> ToConsistency(uint32_t value) {
  if (value > MECHA_STATE_STRONG) {
    return InvalidArgument("consistency is neither MECHA_STATE_EVENTUAL nor MECHA_STATE_STRONG");
  }
  return value == MECHA_STATE_STRONG ? Consistency::kStrong : Consistency::kEventual;
}

Status CheckWriteFlags(uint32_t flags) {
  return (flags & ~MECHA_STATE_FIRST_WRITE) == 0
             ? OkStatus()
             : InvalidArgument("flags has an unknown flag; known: MECHA_STATE_FIRST_WRITE");
}

Status CheckViews(std::initializer_list<mecha_view> views) {
  for (const mecha_view view : views) {
    if (!IsWellFormed(view)) {
      return InvalidArgument("a NULL pointer was passed with a size that is not 0");
    }
  }
  return OkStatus();
}

// An operation that is over before the call returns, whatever comes, needs no queue, and nothing
// that outlives the call.
void RunHereIfAtOnce(StateBlock& block, CallOptions& options) {
  if (options.may_complete_inline && !options.retry.has_value() &&
      block.service().info().execution == Execution::kInline) {
    options.sink.reset();
    options.must_copy = false;
  }
}

StatusOr<Prepared> PrepareGet(Runtime& runtime, CallOptions& options, mecha_view store,
                              mecha_view key, const mecha_state_get_options* given) {
  mecha_state_get_options known;
  RETURN_IF_ERROR(ReadStruct(given, &known));
  RETURN_IF_ERROR(CheckViews({store, key}));
  ASSIGN_OR_RETURN(const Consistency consistency, ToConsistency(known.consistency));
  ASSIGN_OR_RETURN(StateBlock * block, runtime.components().FindState(ToText(store)));
  RunHereIfAtOnce(*block, options);
  return block->Get(options, ToText(key), consistency);
}

StatusOr<WriteRequest> ToRequest(const mecha_state_op& op, Consistency consistency,
                                 Metadata metadata) {
  RETURN_IF_ERROR(CheckViews({op.key, op.etag, op.content_type}));
  RETURN_IF_ERROR(CheckWriteFlags(op.flags));
  if (op.kind != MECHA_STATE_SET && op.kind != MECHA_STATE_DELETE) {
    return InvalidArgument("kind is neither MECHA_STATE_SET nor MECHA_STATE_DELETE");
  }
  if (!IsWellFormed(op.value.data, op.value.size)) {
    return InvalidArgument("value is NULL but has a size");
  }
  WriteRequest request;
  request.kind = op.kind == MECHA_STATE_SET ? StateWrite::Kind::kSet : StateWrite::Kind::kDelete;
  request.is_first_write = (op.flags & MECHA_STATE_FIRST_WRITE) != 0;
  request.consistency = consistency;
  request.key = ToText(op.key);
  request.value = ToInput(op.value);
  request.etag = ToText(op.etag);
  request.content_type = ToText(op.content_type);
  request.ttl_ms = op.ttl_ms;
  request.metadata = metadata;
  return request;
}

StatusOr<Prepared> PrepareWrite(Runtime& runtime, CallOptions& options, mecha_view store,
                                const mecha_state_op& op, uint32_t consistency) {
  RETURN_IF_ERROR(CheckViews({store}));
  ASSIGN_OR_RETURN(const Consistency wanted, ToConsistency(consistency));
  ASSIGN_OR_RETURN(const WriteRequest request, ToRequest(op, wanted, options.metadata));
  ASSIGN_OR_RETURN(StateBlock * block, runtime.components().FindState(ToText(store)));
  RunHereIfAtOnce(*block, options);
  return block->Write(options, request);
}

StatusOr<Prepared> PrepareApply(Runtime& runtime, const CallOptions& options, mecha_view store,
                                std::span<const mecha_state_op> ops,
                                const mecha_state_apply_options* given) {
  mecha_state_apply_options known;
  RETURN_IF_ERROR(ReadStruct(given, &known));
  RETURN_IF_ERROR(CheckViews({store}));
  ASSIGN_OR_RETURN(const Consistency consistency, ToConsistency(known.consistency));
  ASSIGN_OR_RETURN(StateBlock * block, runtime.components().FindState(ToText(store)));
  std::vector<WriteRequest> writes;
  std::vector<std::vector<std::pair<std::string_view, std::string_view>>> metadata;
  writes.reserve(ops.size());
  metadata.reserve(ops.size());
  for (const mecha_state_op& op : ops) {
    if (op.metadata == nullptr && op.metadata_count != 0) {
      return InvalidArgument("mecha_state_op.metadata is NULL but metadata_count is not 0");
    }
    metadata.push_back(ToPairs(op.metadata, op.metadata_count));
    ASSIGN_OR_RETURN(WriteRequest request, ToRequest(op, consistency, metadata.back()));
    writes.push_back(request);
  }
  return block->Apply(options, {.writes = writes, .is_atomic = known.atomic != 0});
}

// A value handed in must be released, also when no operation came of it.
void ReleaseValue(const mecha_buf& value) {
  if (value.release != nullptr) {
    value.release(value.ctx);
  }
}

StatusOr<std::vector<std::string_view>> ToKeys(const mecha_view* keys, size_t count) {
  if (keys == nullptr && count != 0) {
    return InvalidArgument("keys is NULL but key_count is not 0");
  }
  std::vector<std::string_view> texts;
  texts.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    RETURN_IF_ERROR(CheckViews({keys[i]}));
    texts.push_back(ToText(keys[i]));
  }
  return texts;
}

// The arguments every operation has.
struct Caller {
  mecha_runtime* rt;
  const mecha_call* call;
  mecha_result** out;
};

mecha_status SubmitWrite(const Caller& caller, mecha_view store, const mecha_state_op& op,
                         uint32_t consistency) {
  bool is_taken = false;
  const mecha_status status = Submit(
      caller.rt, caller.call, caller.out, store, [&](Runtime& runtime, CallOptions& options) {
        auto prepared = PrepareWrite(runtime, options, store, op, consistency);
        is_taken = prepared.ok();
        return prepared;
      });
  if (!is_taken) {
    ReleaseValue(op.value);
  }
  return status;
}

}  // namespace
}  // namespace mecha::capi

using mecha::CallOptions;
using mecha::Prepared;
using mecha::Runtime;
using mecha::Status;
using mecha::StatusOr;
using mecha::capi::Submit;

extern "C" {

mecha_status mecha_state_get(mecha_runtime* rt, const mecha_call* call, mecha_view store,
                             mecha_view key, const mecha_state_get_options* options,
                             mecha_result** out) {
  return Submit(rt, call, out, store, [&](Runtime& runtime, CallOptions& how) {
    return mecha::capi::PrepareGet(runtime, how, store, key, options);
  });
}

mecha_status mecha_state_get_many(mecha_runtime* rt, const mecha_call* call, mecha_view store,
                                  const mecha_view* keys, size_t key_count,
                                  const mecha_state_get_options* options, mecha_result** out) {
  return Submit(
      rt, call, out, store, [&](Runtime& runtime, const CallOptions& how) -> StatusOr<Prepared> {
        mecha_state_get_options known;
        RETURN_IF_ERROR(mecha::capi::ReadStruct(options, &known));
        RETURN_IF_ERROR(mecha::capi::CheckViews({store}));
        ASSIGN_OR_RETURN(const auto consistency, mecha::capi::ToConsistency(known.consistency));
        ASSIGN_OR_RETURN(const auto texts, mecha::capi::ToKeys(keys, key_count));
        ASSIGN_OR_RETURN(mecha::StateBlock * block,
                         runtime.components().FindState(mecha::capi::ToText(store)));
        return block->GetMany(how, texts, consistency);
      });
}

mecha_status mecha_state_set(mecha_runtime* rt, const mecha_call* call, mecha_view store,
                             mecha_view key, mecha_buf value,
                             const mecha_state_set_options* options, mecha_result** out) {
  mecha_state_set_options known;
  const Status read = mecha::capi::ReadStruct(options, &known);
  mecha_state_op op{};
  op.kind = MECHA_STATE_SET;
  op.flags = known.flags;
  op.key = key;
  op.value = value;
  op.etag = known.etag;
  op.content_type = known.content_type;
  op.ttl_ms = known.ttl_ms;
  if (!read.ok()) {
    mecha::capi::ReleaseValue(value);
    return mecha::capi::Refuse(rt, read, out);
  }
  return mecha::capi::SubmitWrite({rt, call, out}, store, op, known.consistency);
}

mecha_status mecha_state_delete(mecha_runtime* rt, const mecha_call* call, mecha_view store,
                                mecha_view key, const mecha_state_delete_options* options,
                                mecha_result** out) {
  mecha_state_delete_options known;
  const Status read = mecha::capi::ReadStruct(options, &known);
  mecha_state_op op{};
  op.kind = MECHA_STATE_DELETE;
  op.flags = known.flags;
  op.key = key;
  op.etag = known.etag;
  if (!read.ok()) {
    return mecha::capi::Refuse(rt, read, out);
  }
  return mecha::capi::SubmitWrite({rt, call, out}, store, op, known.consistency);
}

mecha_status mecha_state_apply(mecha_runtime* rt, const mecha_call* call, mecha_view store,
                               const mecha_state_op* ops, size_t op_count,
                               const mecha_state_apply_options* options, mecha_result** out) {
  if (ops == nullptr && op_count != 0) {
    return mecha::capi::Refuse(rt, mecha::InvalidArgument("ops is NULL but op_count is not 0"),
                               out);
  }
  bool is_taken = false;
  const std::span<const mecha_state_op> given(ops, op_count);
  const mecha_status status =
      Submit(rt, call, out, store, [&](Runtime& runtime, const CallOptions& how) {
        auto prepared = mecha::capi::PrepareApply(runtime, how, store, given, options);
        is_taken = prepared.ok();
        return prepared;
      });
  if (!is_taken) {
    for (const mecha_state_op& op : given) {
      mecha::capi::ReleaseValue(op.value);
    }
  }
  return status;
}

mecha_status mecha_state_list(mecha_runtime* rt, const mecha_call* call, mecha_view store,
                              mecha_view prefix, const mecha_state_list_options* options,
                              mecha_result** out) {
  return Submit(rt, call, out, store,
                [&](Runtime& runtime, const CallOptions& how) -> StatusOr<Prepared> {
                  mecha_state_list_options known;
                  RETURN_IF_ERROR(mecha::capi::ReadStruct(options, &known));
                  RETURN_IF_ERROR(mecha::capi::CheckViews({store, prefix, known.page}));
                  ASSIGN_OR_RETURN(mecha::StateBlock * block,
                                   runtime.components().FindState(mecha::capi::ToText(store)));
                  return block->List(how, {.prefix = mecha::capi::ToText(prefix),
                                           .limit = known.limit,
                                           .page = mecha::capi::ToText(known.page)});
                });
}

mecha_status mecha_state_query(mecha_runtime* rt, const mecha_call* call, mecha_view store,
                               mecha_view query, const mecha_state_query_options* options,
                               mecha_result** out) {
  return Submit(rt, call, out, store,
                [&](Runtime& runtime, const CallOptions& how) -> StatusOr<Prepared> {
                  mecha_state_query_options known;
                  RETURN_IF_ERROR(mecha::capi::ReadStruct(options, &known));
                  RETURN_IF_ERROR(mecha::capi::CheckViews({store, query, known.page}));
                  ASSIGN_OR_RETURN(mecha::StateBlock * block,
                                   runtime.components().FindState(mecha::capi::ToText(store)));
                  return block->Query(how, {.query = mecha::capi::ToText(query),
                                            .limit = known.limit,
                                            .page = mecha::capi::ToText(known.page)});
                });
}

}  // extern "C"
