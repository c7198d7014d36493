// SPDX-License-Identifier: Apache-2.0
#include "mecha/secretstores.h"

#include "capi/convert.h"
#include "capi/submit.h"
#include "result/status.h"
#include "result/status_or.h"
#include "secretstores/secret_block.h"

namespace mecha::capi {
namespace {

StatusOr<SecretBlock*> FindBlock(Runtime& runtime, mecha_view store) {
  if (!IsWellFormed(store)) {
    return InvalidArgument("store is NULL but has a size");
  }
  return runtime.components().FindSecrets(ToText(store));
}

}  // namespace
}  // namespace mecha::capi

using mecha::CallOptions;
using mecha::Prepared;
using mecha::Runtime;
using mecha::StatusOr;
using mecha::capi::Submit;

extern "C" {

mecha_status mecha_secret_get(mecha_runtime* rt, const mecha_call* call, mecha_view store,
                              mecha_view name, const mecha_secret_get_options* options,
                              mecha_result** out) {
  return Submit(
      rt, call, out, store, [&](Runtime& runtime, const CallOptions& how) -> StatusOr<Prepared> {
        mecha_secret_get_options known;
        RETURN_IF_ERROR(mecha::capi::ReadStruct(options, &known));
        if (!mecha::capi::IsWellFormed(name)) {
          return mecha::InvalidArgument("name is NULL but has a size");
        }
        ASSIGN_OR_RETURN(mecha::SecretBlock * block, mecha::capi::FindBlock(runtime, store));
        return block->Get(how, mecha::capi::ToText(name));
      });
}

mecha_status mecha_secret_list(mecha_runtime* rt, const mecha_call* call, mecha_view store,
                               const mecha_secret_list_options* options, mecha_result** out) {
  return Submit(
      rt, call, out, store, [&](Runtime& runtime, const CallOptions& how) -> StatusOr<Prepared> {
        mecha_secret_list_options known;
        RETURN_IF_ERROR(mecha::capi::ReadStruct(options, &known));
        ASSIGN_OR_RETURN(mecha::SecretBlock * block, mecha::capi::FindBlock(runtime, store));
        return block->List(how);
      });
}

}  // extern "C"
