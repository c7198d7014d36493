// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "scenarios.h"

namespace golden {
namespace {

// The status of a failure, whether it may be tried again, and whether its text names `word`.
template <class T>
void Report(const char* what, const mecha::Result<T>& result, std::string_view word) {
  if (result.ok()) {
    Print(what, ": ", NameOf(result));
    return;
  }
  const mecha::Error& error = result.error();
  const char* retryable = "never";
  if (error.retryable() == mecha::Retryable::kSafe) retryable = "safe";
  if (error.retryable() == mecha::Retryable::kOnlyIfIdempotent) retryable = "if idempotent";
  Print(what, ": ", Name(error.status()), ", retry ", retryable, ", names ", word, " ",
        YesNo(error.message().find(word) != std::string_view::npos));
}

void OpenBadly() {
  mecha::RuntimeOptions options;
  options.app_id = "golden";
  options.resource_paths = {"no-such-folder"};
  Report("open a folder that is not there", mecha::Runtime::Open(options), "no-such-folder");
  options.resource_paths.clear();
  options.resource_texts = {
      "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: x}\n"
      "spec: {type: state.nothing, version: v1}\n"};
  Report("open an unknown component type", mecha::Runtime::Open(options), "state.nothing");
  options.resource_texts.clear();
  options.settings = {{"colour", "blue"}};
  Report("open with an unknown setting", mecha::Runtime::Open(options), "colour");
}

}  // namespace

void RunErrors(const std::string& folder) {
  OpenBadly();
  mecha::Runtime runtime = Start(folder);
  const mecha::State store = runtime.state("store");
  Report("get of another store", runtime.state("elsewhere").Get("a"), "elsewhere");
  Report("get without a key", store.Get(""), "key");
  mecha::SetOptions json;
  json.content_type = mecha::kJson;
  Report("set of JSON that is none", store.Set("a", "{", json), "JSON");
  Report("transaction without a write", store.Apply({}), "store");
  Report("query", store.Query(R"({"filter": {}})"), "query");
  Report("publish to another broker",
         runtime.pubsub("elsewhere").Publish("t", mecha::Message::Of("x")), "elsewhere");
  Report("publish to no topic", runtime.pubsub("messages").Publish("", mecha::Message::Of("x")),
         "topic");
  Report("publish JSON that is none",
         runtime.pubsub("messages").Publish("t", mecha::Message::Json("{")), "JSON");
  Print("suspend: ", NameOf(runtime.Suspend(std::chrono::seconds(5))));
  Report("get while suspended", store.Get("a"), "suspend");
  Print("resume: ", NameOf(runtime.Resume()));
  Print("get after resume: ", NameOf(store.Get("a")), ", found ", YesNo(store.Get("a")->found()));
  Print("shutdown: ", NameOf(runtime.Shutdown(std::chrono::seconds(5))));
  Report("get after shutdown", store.Get("a"), "shut");
}

}  // namespace golden
