// SPDX-License-Identifier: Apache-2.0
#include "mecha/runtime.h"

#include <algorithm>
#include <thread>

#include "capi/convert.h"
#include "capi/guard.h"
#include "capi/handles.h"
#include "capi/submit.h"
#include "contract/registration.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha::capi {
namespace {

mecha_status GiveError(const Status& status, mecha_error** error) {
  if (error != nullptr && !status.ok()) {
    *error = new mecha_error{Error::From(status)};
  }
  return ToStatus(status);
}

Status CheckArrays(const mecha_runtime_options& from) {
  const auto all_well_formed = [](const mecha_view* views, size_t count) {
    return (views != nullptr || count == 0) &&
           std::all_of(views, views + count, [](mecha_view view) { return IsWellFormed(view); });
  };
  if (!IsWellFormed(from.app_id) || !IsWellFormed(from.name_space) ||
      !all_well_formed(from.resource_paths, from.resource_path_count) ||
      !all_well_formed(from.resource_texts, from.resource_text_count) ||
      (from.settings == nullptr && from.setting_count != 0)) {
    return InvalidArgument("mecha_runtime_options has NULL where a count or size is not 0");
  }
  for (size_t i = 0; i < from.setting_count; ++i) {
    if (!IsWellFormed(from.settings[i].key) || !IsWellFormed(from.settings[i].value)) {
      return InvalidArgument("mecha_runtime_options.settings has a NULL name or value");
    }
  }
  return OkStatus();
}

StatusOr<RuntimeOptions> ToOptions(const mecha_runtime_options& from) {
  RETURN_IF_ERROR(CheckArrays(from));
  if (from.api_version == 0) {
    return InvalidArgument("api_version is not set; set it to MECHA_API_VERSION");
  }
  if (from.api_version > MECHA_API_VERSION) {
    return Status(StatusCode::kVersion, "the program was built for a newer libmecha than the " +
                                            std::string(mecha_version_string()) +
                                            " that is loaded");
  }
  if ((from.flags & ~(MECHA_OPEN_USE_ENVIRONMENT | MECHA_OPEN_HOST_THREADS)) != 0) {
    return InvalidArgument("mecha_runtime_options.flags has an unknown flag");
  }
  RuntimeOptions options;
  options.app_id = ToText(from.app_id);
  options.name_space = ToText(from.name_space);
  options.uses_environment = (from.flags & MECHA_OPEN_USE_ENVIRONMENT) != 0;
  options.host_runs_loop = (from.flags & MECHA_OPEN_HOST_THREADS) != 0;
  for (size_t i = 0; i < from.resource_path_count; ++i) {
    options.resources.paths.emplace_back(ToText(from.resource_paths[i]));
  }
  for (size_t i = 0; i < from.resource_text_count; ++i) {
    options.resources.texts.push_back(ToText(from.resource_texts[i]));
  }
  ASSIGN_OR_RETURN(options.settings,
                   ParseRuntimeSettings(ToPairs(from.settings, from.setting_count)));
  if (from.thread_started != nullptr) {
    options.thread_started = [hook = from.thread_started, user = from.user](const char* name) {
      hook(user, name);
    };
  }
  if (from.thread_stopping != nullptr) {
    options.thread_stopping = [hook = from.thread_stopping, user = from.user](const char* name) {
      hook(user, name);
    };
  }
  options.register_components = RegisterComponents;
  return options;
}

StatusOr<mecha_runtime*> Open(const mecha_runtime_options* from) {
  if (from == nullptr) {
    return InvalidArgument(
        "options is NULL; pass a zeroed mecha_runtime_options with its "
        "struct_size and api_version set");
  }
  mecha_runtime_options known;
  RETURN_IF_ERROR(ReadStruct(from, &known));
  ASSIGN_OR_RETURN(RuntimeOptions options, ToOptions(known));
  ASSIGN_OR_RETURN(auto runtime, Runtime::Open(std::move(options)));
  return new mecha_runtime{std::move(runtime)};
}

// For suspend and shutdown: they wait for the runtime's threads, so none of those may call them.
mecha_status CheckOutside(const mecha_runtime* rt) {
  const mecha_status usable = CheckHandle(rt);
  if (usable != MECHA_OK) {
    return usable;
  }
  return rt->runtime->host().IsAtWork() ? MECHA_REENTRANT : MECHA_OK;
}

mecha_status Ping(Runtime& runtime, const mecha_call* call, mecha_view component,
                  mecha_result** out) {
  mecha_call known;
  CallOptions options;
  Status status = ReadCall(runtime, call, &known, &options);
  if (status.ok() && (known.queue != nullptr || !IsWellFormed(component))) {
    status = known.queue != nullptr ? Unimplemented("ping only blocks; call it without a queue")
                                    : InvalidArgument("component is NULL but has a size");
  }
  if (status.ok()) {
    status = runtime.Enter();
  }
  if (!status.ok()) {
    return Fail(status, out);
  }
  Waiter waiter;
  CallContext context;
  context.deadline = options.deadline;
  context.waiter = &waiter;
  context.interrupt = options.interrupt;
  context.may_block = true;
  status = runtime.Ping(context, ToText(component));
  runtime.Leave();
  return status.ok() ? MECHA_OK : FailAt(runtime, component, status, out);
}

void FreeHere(mecha_runtime* rt) {
  rt->runtime->Shutdown(Duration::zero(), nullptr).IgnoreError();
  if (rt->runtime->CanBeDestroyed()) {
    delete rt;
  }
}

}  // namespace
}  // namespace mecha::capi

using mecha::Duration;
using mecha::Runtime;
using mecha::Status;
using mecha::StatusOr;
using mecha::capi::CheckHandle;
using mecha::capi::CheckOutside;
using mecha::capi::Fail;
using mecha::capi::GiveText;
using mecha::capi::Guard;

extern "C" {

mecha_status mecha_runtime_open(const mecha_runtime_options* options, mecha_runtime** out,
                                mecha_error** error) {
  if (error != nullptr) {
    *error = nullptr;
  }
  if (out == nullptr) {
    return MECHA_INVALID_ARGUMENT;
  }
  *out = nullptr;
  return Guard([&]() -> mecha_status {
    auto opened = mecha::capi::Open(options);
    if (!opened.ok()) {
      return mecha::capi::GiveError(opened.status(), error);
    }
    *out = *opened;
    return MECHA_OK;
  });
}

mecha_status mecha_runtime_start(mecha_runtime* rt, mecha_error** error) {
  if (error != nullptr) {
    *error = nullptr;
  }
  const mecha_status usable = CheckOutside(rt);
  if (usable != MECHA_OK) {
    return usable;
  }
  return Guard([&] { return mecha::capi::GiveError(rt->runtime->Start(), error); });
}

mecha_status mecha_runtime_suspend(mecha_runtime* rt, int64_t deadline_ns, uint32_t flags,
                                   mecha_result** out) {
  if (out != nullptr) {
    *out = nullptr;
  }
  const mecha_status usable = CheckOutside(rt);
  if (usable != MECHA_OK) {
    return usable;
  }
  if ((flags & ~MECHA_SUSPEND_KEEP_CONNECTIONS) != 0) {
    return MECHA_INVALID_ARGUMENT;
  }
  return Guard([&]() -> mecha_status {
    mecha::DrainReport report;
    const Status status =
        rt->runtime->Suspend(Duration(std::max<int64_t>(deadline_ns, 0)),
                             (flags & MECHA_SUSPEND_KEEP_CONNECTIONS) != 0, &report);
    GiveText("report", report.ToJson(), out);
    return mecha::capi::ToStatus(status);
  });
}

mecha_status mecha_runtime_resume(mecha_runtime* rt, mecha_error** error) {
  if (error != nullptr) {
    *error = nullptr;
  }
  mecha_status usable = CheckOutside(rt);
  if (usable == MECHA_FORKED && rt->runtime->Adopt()) {
    usable = CheckOutside(rt);
  }
  if (usable != MECHA_OK) {
    return usable;
  }
  return Guard([&] { return mecha::capi::GiveError(rt->runtime->Resume(), error); });
}

mecha_status mecha_runtime_shutdown(mecha_runtime* rt, int64_t deadline_ns, mecha_result** out) {
  if (out != nullptr) {
    *out = nullptr;
  }
  const mecha_status usable = CheckOutside(rt);
  if (usable != MECHA_OK) {
    return usable;
  }
  return Guard([&]() -> mecha_status {
    mecha::DrainReport report;
    const Status status = rt->runtime->Shutdown(Duration(deadline_ns), &report);
    GiveText("report", report.ToJson(), out);
    return mecha::capi::ToStatus(status);
  });
}

void mecha_runtime_free(mecha_runtime* rt) {
  if (rt == nullptr || CheckHandle(rt) == MECHA_FORKED) {
    return;
  }
  if (CheckOutside(rt) == MECHA_REENTRANT) {
    Guard([rt]() -> mecha_status {
      const mecha::BlockedSignals blocked;
      std::thread([rt] { mecha::capi::FreeHere(rt); }).detach();
      return MECHA_OK;
    });
    return;
  }
  Guard([rt]() -> mecha_status {
    mecha::capi::FreeHere(rt);
    return MECHA_OK;
  });
}

int32_t mecha_runtime_run(mecha_runtime* rt, int64_t timeout_ns) {
  const mecha_status usable = CheckHandle(rt);
  if (usable != MECHA_OK) {
    return usable;
  }
  Runtime& runtime = *rt->runtime;
  if (!runtime.host().host_runs_loop()) {
    return MECHA_FAILED_PRECONDITION;
  }
  if (runtime.phase() == mecha::Gate::Phase::kClosed) {
    return MECHA_CLOSED;
  }
  // A callback that runs in here may free the runtime; the loop must last until it has returned.
  const std::shared_ptr<mecha::RuntimeHost> host = runtime.shared_host();
  return Guard([&] { return host->loop().Run(Duration(timeout_ns)); });
}

int mecha_runtime_fd(mecha_runtime* rt) {
  if (CheckHandle(rt) != MECHA_OK || !rt->runtime->host().host_runs_loop()) {
    return -1;
  }
  return rt->runtime->host().loop().Descriptor();
}

mecha_status mecha_runtime_describe(mecha_runtime* rt, mecha_result** out) {
  const mecha_status usable = CheckHandle(rt);
  if (usable != MECHA_OK || out == nullptr) {
    return usable != MECHA_OK ? usable : MECHA_INVALID_ARGUMENT;
  }
  *out = nullptr;
  return Guard([&] { return GiveText("describe", rt->runtime->Describe(), out); });
}

mecha_status mecha_metrics_read(mecha_runtime* rt, mecha_result** out) {
  const mecha_status usable = CheckHandle(rt);
  if (usable != MECHA_OK || out == nullptr) {
    return usable != MECHA_OK ? usable : MECHA_INVALID_ARGUMENT;
  }
  *out = nullptr;
  return Guard([&] { return GiveText("metrics", rt->runtime->Metrics(), out); });
}

mecha_status mecha_runtime_cancel(mecha_runtime* rt, mecha_op op) {
  const mecha_status usable = CheckHandle(rt);
  if (usable != MECHA_OK) {
    return usable;
  }
  return Guard([&] { return mecha::capi::ToStatus(rt->runtime->Cancel(op)); });
}

mecha_status mecha_resource_apply(mecha_runtime* rt, const mecha_call* call, mecha_view text,
                                  mecha_result** out) {
  return mecha::capi::Submit(
      rt, call, out, {},
      [&](mecha::Runtime& runtime,
          const mecha::CallOptions& how) -> mecha::StatusOr<mecha::Prepared> {
        if (!mecha::capi::IsWellFormed(text)) {
          return mecha::InvalidArgument("text is NULL but has a size");
        }
        return runtime.ApplyResources(how, mecha::capi::ToText(text));
      });
}

mecha_status mecha_resource_delete(mecha_runtime* rt, const mecha_call* call, mecha_view kind,
                                   mecha_view name, mecha_result** out) {
  return mecha::capi::Submit(
      rt, call, out, {},
      [&](mecha::Runtime& runtime,
          const mecha::CallOptions& how) -> mecha::StatusOr<mecha::Prepared> {
        if (!mecha::capi::IsWellFormed(kind) || !mecha::capi::IsWellFormed(name)) {
          return mecha::InvalidArgument("kind or name is NULL but has a size");
        }
        return runtime.DeleteResource(how, mecha::capi::ToText(kind), mecha::capi::ToText(name));
      });
}

mecha_status mecha_component_ping(mecha_runtime* rt, const mecha_call* call, mecha_view component,
                                  mecha_result** out) {
  if (out != nullptr) {
    *out = nullptr;
  }
  const mecha_status usable = CheckHandle(rt);
  if (usable != MECHA_OK) {
    return usable;
  }
  if (rt->runtime->host().IsRuntimeThread()) {
    return MECHA_REENTRANT;
  }
  return Guard([&]() -> mecha_status {
    Runtime& runtime = *rt->runtime;
    return mecha::capi::Ping(runtime, call, component, out);
  });
}

mecha_status mecha_clock_advance(mecha_runtime* rt, int64_t by_ns) {
  const mecha_status usable = CheckHandle(rt);
  if (usable != MECHA_OK || by_ns < 0) {
    return usable != MECHA_OK ? usable : MECHA_INVALID_ARGUMENT;
  }
  rt->runtime->host().AdvanceClock(Duration(by_ns));
  return MECHA_OK;
}

}  // extern "C"
