/* SPDX-License-Identifier: Apache-2.0 */
/* What every test host does with the C interface: opens a runtime on YAML text, sets, gets.
 * It is plain C, uses nothing but the public headers, and prints only when a check fails. */
#ifndef MECHA_TESTS_GUEST_HOST_H
#define MECHA_TESTS_GUEST_HOST_H

#include <mecha/mecha.h>
#include <stdio.h>
#include <string.h>

#define HOST_MEMORY_YAML                                                              \
  "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: memory\nspec:\n" \
  "  type: state.in-memory\n  version: v1\n"

#define HOST_MESSAGES_YAML                                                              \
  "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: messages\nspec:\n" \
  "  type: pubsub.in-memory\n  version: v1\n"

/* A component on a database file; %s is the path. */
#define HOST_SQLITE_YAML                                                            \
  "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: file\nspec:\n" \
  "  type: state.sqlite\n  version: v1\n  metadata:\n  - name: connectionString\n"  \
  "    value: \"%s\"\n"

static inline mecha_view host_view(const char* text) {
  mecha_view view;
  view.data = text;
  view.size = strlen(text);
  return view;
}

static inline mecha_buf host_buf(const char* text) {
  mecha_buf buf;
  memset(&buf, 0, sizeof(buf));
  buf.data = text;
  buf.size = strlen(text);
  return buf;
}

static inline mecha_runtime_options host_options(const mecha_view* texts, size_t count) {
  mecha_runtime_options options;
  memset(&options, 0, sizeof(options));
  options.struct_size = sizeof(options);
  options.api_version = MECHA_API_VERSION;
  options.app_id = host_view("host");
  options.resource_texts = texts;
  options.resource_text_count = count;
  return options;
}

/* Opens and starts a runtime; says why on standard error when it cannot. */
static inline mecha_status host_start(const mecha_runtime_options* options, mecha_runtime** out) {
  mecha_error* error = NULL;
  mecha_status status = mecha_runtime_open(options, out, &error);
  if (status == MECHA_OK) status = mecha_runtime_start(*out, &error);
  if (status != MECHA_OK) fprintf(stderr, "host: %s\n", mecha_error_message(error));
  mecha_error_free(error);
  return status;
}

static inline mecha_status host_start_text(const char* yaml, mecha_runtime** out) {
  mecha_view text = host_view(yaml);
  mecha_runtime_options options = host_options(&text, 1);
  return host_start(&options, out);
}

static inline mecha_status host_set(mecha_runtime* rt, const char* store, const char* key,
                                    const char* value) {
  return mecha_state_set(rt, NULL, host_view(store), host_view(key), host_buf(value), NULL, NULL);
}

/* MECHA_OK when the key holds exactly `expected`; MECHA_DATA_LOSS when it holds something else. */
static inline mecha_status host_expect(mecha_runtime* rt, const char* store, const char* key,
                                       const char* expected) {
  mecha_result* result = NULL;
  mecha_item item;
  mecha_status status = mecha_state_get(rt, NULL, host_view(store), host_view(key), NULL, &result);
  memset(&item, 0, sizeof(item));
  item.struct_size = sizeof(item);
  if (status == MECHA_OK) status = mecha_result_item(result, 0, &item);
  if (status == MECHA_OK && (item.value.size != strlen(expected) ||
                             memcmp(item.value.data, expected, item.value.size) != 0)) {
    status = MECHA_DATA_LOSS;
  }
  mecha_result_release(result);
  return status;
}

/* Sets a key and reads it back. */
static inline mecha_status host_use(mecha_runtime* rt, const char* store) {
  mecha_status status = host_set(rt, store, "key", "value");
  return status == MECHA_OK ? host_expect(rt, store, "key", "value") : status;
}

#endif /* MECHA_TESTS_GUEST_HOST_H */
