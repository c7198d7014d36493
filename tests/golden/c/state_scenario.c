/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios.h"

/* A value or an etag, copied; long enough for those of the scenario. */
typedef struct Text {
  mecha_status status; /* MECHA_NOT_FOUND: absent */
  size_t size;
  char bytes[64];
} Text;

static mecha_runtime* rt;

static Text Copy(mecha_status status, mecha_view view) {
  Text text = {.status = status, .size = view.size};
  if (view.size > 0 && view.size < sizeof(text.bytes)) memcpy(text.bytes, view.data, view.size);
  return text;
}

static void Get(const char* key, Text* value, Text* etag) {
  mecha_result* result = NULL;
  mecha_item item = {.struct_size = sizeof(item)};
  const mecha_status status = mecha_state_get(rt, NULL, View("store"), View(key), NULL, &result);
  mecha_result_item(result, 0, &item);
  *value = Copy(status, item.value);
  *etag = Copy(status, item.etag);
  mecha_result_release(result);
}

static Text ValueOf(const char* key) {
  Text value, etag;
  Get(key, &value, &etag);
  if (value.status == MECHA_NOT_FOUND) return Copy(value.status, View("(absent)"));
  if (value.status < 0) return Copy(value.status, View(mecha_status_name(value.status)));
  return value;
}

static Text EtagOf(const char* key) {
  Text value, etag;
  Get(key, &value, &etag);
  return etag;
}

static mecha_view ViewOf(const Text* text) {
  mecha_view view = {text->bytes, text->size};
  return view;
}

/* The status of a set, by name. */
static const char* SetWith(const char* key, mecha_view value, mecha_state_set_options options) {
  const mecha_buf buffer = {value.data, value.size, NULL, NULL};
  options.struct_size = sizeof(options);
  return mecha_status_name(
      mecha_state_set(rt, NULL, View("store"), View(key), buffer, &options, NULL));
}

static const char* Set(const char* key, const char* value) {
  return SetWith(key, View(value), (mecha_state_set_options){0});
}

static const char* SetFirst(const char* key, const char* value, const Text* etag) {
  mecha_state_set_options options = {.flags = MECHA_STATE_FIRST_WRITE};
  if (etag != NULL) options.etag = ViewOf(etag);
  return SetWith(key, View(value), options);
}

static const char* Delete(const char* key, const Text* etag) {
  mecha_state_delete_options options = {.struct_size = sizeof(options)};
  if (etag != NULL) {
    options.flags = MECHA_STATE_FIRST_WRITE;
    options.etag = ViewOf(etag);
  }
  return mecha_status_name(mecha_state_delete(rt, NULL, View("store"), View(key), &options, NULL));
}

static void PrintHex(mecha_view bytes) {
  for (size_t i = 0; i < bytes.size; ++i) printf("%02x", ((const unsigned char*)bytes.data)[i]);
  printf("\n");
}

static void Etags(void) {
  printf("get a: %s\n", ValueOf("a").bytes);
  printf("set a=1: %s\n", Set("a", "1"));
  printf("get a: %s\n", ValueOf("a").bytes);
  const Text old = EtagOf("a");
  printf("get a has an etag: %s\n", old.size > 0 ? "yes" : "no");
  printf("set a=2 if absent: %s\n", SetFirst("a", "2", NULL));
  printf("set a=2 with its etag: %s\n", SetFirst("a", "2", &old));
  const Text current = EtagOf("a");
  printf("etag changed: %s\n", strcmp(current.bytes, old.bytes) != 0 ? "yes" : "no");
  printf("set a=3 with the old etag: %s\n", SetFirst("a", "3", &old));
  printf("delete a with the old etag: %s\n", Delete("a", &old));
  printf("get a: %s\n", ValueOf("a").bytes);
  printf("delete a with its etag: %s\n", Delete("a", &current));
  printf("get a: %s\n", ValueOf("a").bytes);
  printf("delete a again: %s\n", Delete("a", NULL));
}

static void GetMany(void) {
  const mecha_view keys[] = {View("json"), View("nothing"), View("bytes")};
  mecha_result* result = NULL;
  printf("get_many: %s\n",
         mecha_status_name(mecha_state_get_many(rt, NULL, View("store"), keys, 3, NULL, &result)));
  for (size_t i = 0; i < 3; ++i) {
    mecha_item item = {.struct_size = sizeof(item)};
    mecha_result_item(result, i, &item);
    printf("  %.*s: ", (int)keys[i].size, (const char*)keys[i].data);
    if (item.value.size > 0) {
      PrintHex(item.value);
    } else {
      printf("%s\n", mecha_status_name(item.status));
    }
  }
  mecha_result_release(result);
}

static void Values(void) {
  const mecha_state_set_options json = {.content_type = View("application/json")};
  const Text bytes = {.size = 3, .bytes = "\0\1\xff"};
  printf("set json: %s\n", SetWith("json", View("{\"n\": 1, \"text\": \"é\"}"), json));
  printf("get json: %s\n", ValueOf("json").bytes);
  printf("set empty: %s\n", Set("empty", ""));
  const Text empty = ValueOf("empty");
  printf("get empty: found %s, bytes %zu\n", empty.status == MECHA_OK ? "yes" : "no", empty.size);
  printf("set bytes: %s\n", SetWith("bytes", ViewOf(&bytes), (mecha_state_set_options){0}));
  const Text stored = ValueOf("bytes");
  printf("get bytes: ");
  PrintHex(ViewOf(&stored));
  GetMany();
}

static mecha_state_op SetOp(const char* key, const char* value) {
  mecha_state_op op = {.kind = MECHA_STATE_SET, .key = View(key)};
  op.value.data = value;
  op.value.size = strlen(value);
  return op;
}

/* The status of the whole. */
static mecha_status Apply(const mecha_state_op* ops, size_t count, uint32_t atomic,
                          mecha_result** out) {
  mecha_state_apply_options options = {.struct_size = sizeof(options), .atomic = atomic};
  return mecha_state_apply(rt, NULL, View("store"), ops, count, &options, out);
}

static void Transactions(void) {
  const mecha_state_op both[] = {
      SetOp("t1", "one"), SetOp("t2", "two"), {.kind = MECHA_STATE_DELETE, .key = View("empty")}};
  printf("transaction: %s\n", mecha_status_name(Apply(both, 3, 1, NULL)));
  printf("t1 %s, t2 %s, empty %s\n", ValueOf("t1").bytes, ValueOf("t2").bytes,
         ValueOf("empty").bytes);
  const Text old = EtagOf("t2");
  printf("set t2=2: %s\n", Set("t2", "2"));
  mecha_state_op broken[] = {SetOp("t1", "new"), SetOp("t2", "new")};
  broken[1].flags = MECHA_STATE_FIRST_WRITE;
  broken[1].etag = ViewOf(&old);
  mecha_result* result = NULL;
  const mecha_status failed = Apply(broken, 2, 1, &result);
  const mecha_view index =
      mecha_error_detail(mecha_result_error(result, MECHA_RESULT_WHOLE), "index");
  printf("transaction with an old etag: %s at %.*s\n", mecha_status_name(failed), (int)index.size,
         (const char*)index.data);
  mecha_result_release(result);
  printf("t1 %s, t2 %s\n", ValueOf("t1").bytes, ValueOf("t2").bytes);
  printf("apply one by one: %s\n", mecha_status_name(Apply(broken, 2, 0, &result)));
  for (size_t i = 0; i < 2; ++i) {
    mecha_item item = {.struct_size = sizeof(item)};
    mecha_result_item(result, i, &item);
    printf("  %zu: %s\n", i, mecha_status_name(item.status));
  }
  mecha_result_release(result);
  printf("t1 %s, t2 %s\n", ValueOf("t1").bytes, ValueOf("t2").bytes);
}

static int Compare(const void* left, const void* right) {
  return strcmp(((const Text*)left)->bytes, ((const Text*)right)->bytes);
}

static void Lists(void) {
  Text keys[8];
  mecha_result* result = NULL;
  mecha_result_info info = {.struct_size = sizeof(info)};
  mecha_state_list(rt, NULL, View("store"), View("t"), NULL, &result);
  mecha_result_read(result, &info);
  for (size_t i = 0; i < info.count && i < 8; ++i) {
    mecha_item item = {.struct_size = sizeof(item)};
    mecha_result_item(result, i, &item);
    keys[i] = Copy(MECHA_OK, item.key);
  }
  mecha_result_release(result);
  qsort(keys, info.count, sizeof(keys[0]), Compare);
  printf("keys that start with t:");
  for (size_t i = 0; i < info.count; ++i) printf(" %s", keys[i].bytes);
  printf("\n");
  for (int i = 0; i < 5; ++i) { /* read, change, write if unchanged */
    char text[16];
    const Text etag = EtagOf("count");
    const Text value = ValueOf("count");
    snprintf(text, sizeof(text), "%d", value.status == MECHA_OK ? atoi(value.bytes) + 1 : 1);
    SetFirst("count", text, value.status == MECHA_OK ? &etag : NULL);
  }
  printf("counted to: %s\n", ValueOf("count").bytes);
}

static void Expiry(void) {
  const mecha_state_set_options brief = {.ttl_ms = 1000};
  printf("set short with a TTL of 1 s: %s\n", SetWith("short", View("soon gone"), brief));
  printf("get short: %s\n", ValueOf("short").bytes);
  Sleep(2500);
  printf("get short after 2.5 s: %s\n", ValueOf("short").bytes);
}

void RunState(const char* folder) {
  rt = Start(folder);
  Etags();
  Values();
  Transactions();
  Lists();
  Expiry();
  mecha_runtime_free(rt);
}
