// SPDX-License-Identifier: Apache-2.0
// Submit: the way every operation takes from the C interface into a block and back: checks the
// handle, reads mecha_call, enters the gate, prepares, runs or submits.
#pragma once

#include "absl/functional/function_ref.h"
#include "capi/convert.h"
#include "capi/guard.h"
#include "capi/handles.h"
#include "mecha/types.h"

namespace mecha::capi {

// Finds the block and asks it for an operation. What is over before the call returns, whatever
// comes, may be made without the sink of `options`: then it runs as a blocking one.
using Prepare = absl::FunctionRef<StatusOr<Prepared>(Runtime& runtime, CallOptions& options)>;

// MECHA_PENDING, or how the operation ended. `component` is named by a failure of `prepare`; empty
// when the operation is not one component's.
mecha_status Submit(mecha_runtime* rt, const mecha_call* call, mecha_result** out,
                    mecha_view component, Prepare prepare);

// Reads mecha_call. Also for functions that are no operations.
Status ReadCall(Runtime& runtime, const mecha_call* call, mecha_call* known, CallOptions* options);

// Ends a registration that still lives, without waiting for its handlers.
void EndRegistration(const std::shared_ptr<Registration>& registration,
                     RegistrationTable& registrations,
                     const std::weak_ptr<SubscriptionTable>& subscriptions);

// The status a finished operation shows.
mecha_status StatusOfDone(const Result& result);

// Whether `rt` may be used: MECHA_OK, MECHA_INVALID_ARGUMENT or MECHA_FORKED.
mecha_status CheckHandle(const mecha_runtime* rt);

// A result that carries `status` as an error, into `out` if that is wanted.
mecha_status Fail(const Status& status, mecha_result** out);
// The same of a call to a component, which the error names if there is one of that name.
mecha_status FailAt(const Runtime& runtime, mecha_view component, const Status& status,
                    mecha_result** out);

// As Fail, from a handle that was not checked yet.
mecha_status Refuse(mecha_runtime* rt, const Status& status, mecha_result** out);

// A text as item 0 of a result.
mecha_status GiveText(std::string_view key, std::string_view text, mecha_result** out);

}  // namespace mecha::capi
