/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "scenarios.h"

static const int64_t kSecond = 1000000000;

/* The status of a failure, whether it may be tried again, and whether its text names `word`. */
static void ReportError(const char* what, mecha_status status, const mecha_error* error,
                        const char* word) {
  static const char* const retryable[] = {"never", "safe", "if idempotent"};
  if (status >= 0 || error == NULL) {
    printf("%s: %s\n", what, mecha_status_name(status));
    return;
  }
  printf("%s: %s, retry %s, names %s %s\n", what, mecha_status_name(status),
         retryable[mecha_error_retryable(error)], word,
         strstr(mecha_error_message(error), word) != NULL ? "yes" : "no");
}

static void Report(const char* what, mecha_status status, mecha_result* result, const char* word) {
  ReportError(what, status, mecha_result_error(result, MECHA_RESULT_WHOLE), word);
  mecha_result_release(result);
}

static void OpenBadly(const char* what, mecha_runtime_options options, const char* word) {
  mecha_runtime* rt = NULL;
  mecha_error* error = NULL;
  options.struct_size = sizeof(options);
  options.api_version = MECHA_API_VERSION;
  options.app_id = View("golden");
  const mecha_status status = mecha_runtime_open(&options, &rt, &error);
  ReportError(what, status, error, word);
  mecha_error_free(error);
  mecha_runtime_free(rt);
}

static void OpenInThreeBadWays(void) {
  const mecha_view folder = View("no-such-folder");
  const mecha_view text = View(
      "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: x}\n"
      "spec: {type: state.nothing, version: v1}\n");
  const mecha_kv setting = {View("colour"), View("blue")};
  OpenBadly("open a folder that is not there",
            (mecha_runtime_options){.resource_paths = &folder, .resource_path_count = 1},
            "no-such-folder");
  OpenBadly("open an unknown component type",
            (mecha_runtime_options){.resource_texts = &text, .resource_text_count = 1},
            "state.nothing");
  OpenBadly("open with an unknown setting",
            (mecha_runtime_options){.settings = &setting, .setting_count = 1}, "colour");
}

static void Get(mecha_runtime* rt, const char* what, const char* store, const char* key,
                const char* word) {
  mecha_result* result = NULL;
  const mecha_status status = mecha_state_get(rt, NULL, View(store), View(key), NULL, &result);
  Report(what, status, result, word);
}

static void WriteBadly(mecha_runtime* rt) {
  mecha_result* result = NULL;
  const mecha_state_set_options json = {.struct_size = sizeof(json),
                                        .content_type = View("application/json")};
  const mecha_buf half = {"{", 1, NULL, NULL};
  mecha_status status = mecha_state_set(rt, NULL, View("store"), View("a"), half, &json, &result);
  Report("set of JSON that is none", status, result, "JSON");
  result = NULL;
  const mecha_state_apply_options atomic = {.struct_size = sizeof(atomic), .atomic = 1};
  status = mecha_state_apply(rt, NULL, View("store"), NULL, 0, &atomic, &result);
  Report("transaction without a write", status, result, "store");
  result = NULL;
  status = mecha_state_query(rt, NULL, View("store"), View("{\"filter\": {}}"), NULL, &result);
  Report("query", status, result, "query");
}

typedef struct Place {
  const char* broker;
  const char* topic;
} Place;

static void Publish(mecha_runtime* rt, const char* what, Place place, mecha_message message,
                    const char* word) {
  mecha_result* result = NULL;
  const mecha_status status =
      mecha_publish(rt, NULL, View(place.broker), View(place.topic), &message, 1, NULL, &result);
  Report(what, status, result, word);
}

void RunErrors(const char* folder) {
  OpenInThreeBadWays();
  mecha_runtime* rt = Start(folder);
  const mecha_message plain = {.data = {"x", 1, NULL, NULL}};
  const mecha_message json = {.data = {"{", 1, NULL, NULL},
                              .content_type = View("application/json")};
  Get(rt, "get of another store", "elsewhere", "a", "elsewhere");
  Get(rt, "get without a key", "store", "", "key");
  WriteBadly(rt);
  Publish(rt, "publish to another broker", (Place){"elsewhere", "t"}, plain, "elsewhere");
  Publish(rt, "publish to no topic", (Place){"messages", ""}, plain, "topic");
  Publish(rt, "publish JSON that is none", (Place){"messages", "t"}, json, "JSON");
  printf("suspend: %s\n", mecha_status_name(mecha_runtime_suspend(rt, 5 * kSecond, 0, NULL)));
  Get(rt, "get while suspended", "store", "a", "suspend");
  printf("resume: %s\n", mecha_status_name(mecha_runtime_resume(rt, NULL)));
  mecha_result* result = NULL;
  const mecha_status status = mecha_state_get(rt, NULL, View("store"), View("a"), NULL, &result);
  printf("get after resume: %s, found %s\n", mecha_status_name(status),
         status == MECHA_OK ? "yes" : "no");
  mecha_result_release(result);
  printf("shutdown: %s\n", mecha_status_name(mecha_runtime_shutdown(rt, 5 * kSecond, NULL)));
  Get(rt, "get after shutdown", "store", "a", "shut");
  mecha_runtime_free(rt);
}
