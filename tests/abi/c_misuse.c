/* SPDX-License-Identifier: Apache-2.0 */
/* Calls every function wrongly: NULL everywhere, structs of other sizes, handles used after their
 * end. Each must answer with the status the headers name; none may crash. */
#include <pthread.h>
#include <unistd.h>

#include "guest/host.h"

static int failures;

static void expect(int line, const char* what, int64_t got, int64_t wanted) {
  if (got == wanted) return;
  failures++;
  fprintf(stderr, "c_misuse.c:%d: %s gave %lld (%s), expected %lld (%s)\n", line, what,
          (long long)got, mecha_status_name((mecha_status)got), (long long)wanted,
          mecha_status_name((mecha_status)wanted));
}
#define EXPECT(call, wanted) expect(__LINE__, #call, (int64_t)(call), (int64_t)(wanted))
#define EXPECT_TRUE(condition) expect(__LINE__, #condition, (condition) ? 1 : 0, 1)

static const mecha_view kNothing = {NULL, 0};
static const mecha_buf kNoBytes = {NULL, 0, NULL, NULL};
static int released;

static void count_release(void* ctx) {
  (void)ctx;
  released++;
}

static mecha_buf counted_buf(const char* text) {
  mecha_buf buf = host_buf(text);
  buf.release = count_release;
  return buf;
}

static mecha_call new_call(mecha_queue* queue) {
  mecha_call call;
  memset(&call, 0, sizeof(call));
  call.struct_size = sizeof(call);
  call.queue = queue;
  return call;
}

static mecha_runtime* started(void) {
  mecha_runtime* rt = NULL;
  EXPECT(host_start_text(HOST_MEMORY_YAML
                         "---\napiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n"
                         "  name: variables\nspec:\n  type: secretstores.local.env\n"
                         "  version: v1\n---\n" HOST_MESSAGES_YAML,
                         &rt),
         MECHA_OK);
  return rt;
}

static void null_to_readers(void) {
  mecha_result_info info;
  mecha_item item;
  mecha_kv entry;
  memset(&info, 0, sizeof(info));
  memset(&item, 0, sizeof(item));
  EXPECT(mecha_result_read(NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_result_read(NULL, &info), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_result_item(NULL, 0, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_result_item(NULL, 0, &item), MECHA_INVALID_ARGUMENT);
  EXPECT_TRUE(mecha_result_error(NULL, MECHA_RESULT_WHOLE) == NULL);
  EXPECT_TRUE(mecha_result_error(NULL, 0) == NULL);
  EXPECT(mecha_result_metadata(NULL, 0, 0, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_result_metadata(NULL, 0, 0, &entry), MECHA_INVALID_ARGUMENT);
  EXPECT_TRUE(mecha_result_retain(NULL) == NULL);
  mecha_result_release(NULL);
  EXPECT(mecha_error_status(NULL), MECHA_OK);
  EXPECT_TRUE(strcmp(mecha_error_message(NULL), "") == 0);
  EXPECT_TRUE(mecha_error_detail(NULL, NULL).data == NULL);
  EXPECT_TRUE(mecha_error_detail(NULL, "component").data == NULL);
  EXPECT(mecha_error_retryable(NULL), MECHA_RETRYABLE_NO);
  mecha_error_free(NULL);
  EXPECT_TRUE(mecha_status_name(-4711) != NULL);
  EXPECT_TRUE(strcmp(mecha_status_name(-4711), "UNKNOWN") == 0);
}

static void null_to_runtime_and_queue(void) {
  mecha_queue* queue = NULL;
  mecha_event event;
  mecha_queue_options options;
  memset(&options, 0, sizeof(options));
  options.struct_size = sizeof(options);
  EXPECT(mecha_runtime_start(NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_runtime_suspend(NULL, 0, 0, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_runtime_resume(NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_runtime_shutdown(NULL, 0, NULL), MECHA_INVALID_ARGUMENT);
  mecha_runtime_free(NULL);
  EXPECT(mecha_runtime_run(NULL, 0), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_runtime_fd(NULL), -1);
  EXPECT(mecha_runtime_describe(NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_metrics_read(NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_runtime_cancel(NULL, 1), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_component_ping(NULL, NULL, kNothing, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_clock_advance(NULL, 1), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_queue_open(NULL, NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_queue_open(NULL, &options, &queue), MECHA_INVALID_ARGUMENT);
  EXPECT_TRUE(queue == NULL);
  EXPECT(mecha_queue_fd(NULL), -1);
  EXPECT(mecha_queue_poll(NULL, NULL, 0), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_queue_poll(NULL, &event, 1), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_queue_wait(NULL, NULL, 0, 0), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_queue_wake(NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_queue_close(NULL), MECHA_INVALID_ARGUMENT);
  mecha_queue_free(NULL);
}

/* Every operation with these arguments and nothing else must be MECHA_INVALID_ARGUMENT. */
static void null_to_operations(mecha_runtime* rt, const mecha_call* call) {
  mecha_view store = rt == NULL ? kNothing : host_view("memory");
  EXPECT(mecha_state_get(rt, call, store, kNothing, NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_state_get_many(rt, call, store, NULL, 3, NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_state_set(rt, call, store, kNothing, kNoBytes, NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_state_delete(rt, call, store, kNothing, NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_state_apply(rt, call, store, NULL, 3, NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_state_query(rt, call, store, kNothing, NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_publish(rt, call, store, kNothing, NULL, 3, NULL, NULL), MECHA_INVALID_ARGUMENT);
  if (rt == NULL) {
    EXPECT(mecha_publish(rt, call, store, kNothing, NULL, 0, NULL, NULL), MECHA_INVALID_ARGUMENT);
    EXPECT(mecha_state_list(rt, call, store, kNothing, NULL, NULL), MECHA_INVALID_ARGUMENT);
    EXPECT(mecha_secret_get(rt, call, store, kNothing, NULL, NULL), MECHA_INVALID_ARGUMENT);
    EXPECT(mecha_secret_list(rt, call, store, NULL, NULL), MECHA_INVALID_ARGUMENT);
  }
}

/* What belongs to inbound work, with `rt` NULL or started. */
static void null_to_serving(mecha_runtime* rt, const mecha_call* call) {
  mecha_registration* registration = NULL;
  mecha_request_info info;
  mecha_kv entry;
  memset(&info, 0, sizeof(info));
  EXPECT(mecha_serve(rt, call, NULL, NULL, NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_serve(rt, call, NULL, NULL, &registration, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT_TRUE(registration == NULL);
  EXPECT(mecha_serve_credit(NULL, 1), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_serve_stop(rt, call, NULL, NULL), MECHA_INVALID_ARGUMENT);
  mecha_registration_free(NULL);
  EXPECT(mecha_request_read(NULL, 0, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_request_read(NULL, 0, &info), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_request_metadata(NULL, 0, 0, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_request_metadata(NULL, 0, 0, &entry), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_request_cancelled(NULL, 1), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_request_extend(NULL, 1, 1), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_request_extend(rt, 1, 0), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_request_extend(rt, 1, -1), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_request_reply(NULL, 1, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_resource_apply(rt, call, kNothing, NULL), MECHA_INVALID_ARGUMENT);
  if (rt == NULL) {
    EXPECT(mecha_resource_delete(rt, call, kNothing, kNothing, NULL), MECHA_INVALID_ARGUMENT);
    return;
  }
  EXPECT(mecha_resource_delete(rt, call, host_view("Subscription"), host_view("none"), NULL),
         MECHA_NOT_FOUND);
  EXPECT(mecha_request_cancelled(rt, 0), MECHA_GONE);
  EXPECT(mecha_request_cancelled(rt, ~(mecha_request)0), MECHA_GONE);
  EXPECT(mecha_request_extend(rt, 4711, 1), MECHA_GONE);
  EXPECT(mecha_request_reply(rt, 4711, NULL), MECHA_GONE);
}

static void struct_sizes_of_open(void) {
  struct {
    mecha_runtime_options options;
    uint64_t tail[2];
  } future;
  mecha_view text = host_view(HOST_MEMORY_YAML);
  mecha_runtime* rt = NULL;
  mecha_error* error = NULL;
  memset(&future, 0, sizeof(future));
  future.options = host_options(&text, 1);
  future.options.struct_size = sizeof(future);
  EXPECT(mecha_runtime_open(&future.options, &rt, NULL), MECHA_OK);
  mecha_runtime_free(rt);
  future.tail[1] = 1;
  EXPECT(mecha_runtime_open(&future.options, &rt, &error), MECHA_VERSION);
  EXPECT_TRUE(rt == NULL && error != NULL && mecha_error_message(error)[0] != 0);
  mecha_error_free(error);
  error = NULL;
  future.options.struct_size = 0;
  EXPECT_TRUE(mecha_runtime_open(&future.options, &rt, &error) < 0 && rt == NULL);
  mecha_error_free(error);
  EXPECT(mecha_runtime_open(NULL, &rt, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_runtime_open(NULL, NULL, NULL), MECHA_INVALID_ARGUMENT);
  future.options = host_options(&text, 1);
  EXPECT(mecha_runtime_open(&future.options, NULL, NULL), MECHA_INVALID_ARGUMENT);
  future.options.api_version = 99000000;
  EXPECT(mecha_runtime_open(&future.options, &rt, NULL), MECHA_VERSION);
  future.options = host_options(NULL, 2);
  EXPECT(mecha_runtime_open(&future.options, &rt, NULL), MECHA_INVALID_ARGUMENT);
}

static void settings_of_open(void) {
  mecha_view text = host_view(HOST_MEMORY_YAML);
  mecha_runtime_options options = host_options(&text, 1);
  mecha_view path = host_view("/nowhere/at/all");
  mecha_runtime* rt = NULL;
  mecha_kv setting;
  setting.key = host_view("no_such_setting");
  setting.value = host_view("1");
  options.settings = &setting;
  options.setting_count = 1;
  EXPECT(mecha_runtime_open(&options, &rt, NULL), MECHA_INVALID_ARGUMENT);
  options = host_options(&text, 1);
  options.resource_paths = &path;
  options.resource_path_count = 1;
  EXPECT(mecha_runtime_open(&options, &rt, NULL), MECHA_NOT_FOUND);
  options = host_options(&text, 1);
  options.app_id.data = NULL;
  options.app_id.size = 7;
  EXPECT(mecha_runtime_open(&options, &rt, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT_TRUE(rt == NULL);
}

static void struct_sizes_of_calls(mecha_runtime* rt) {
  struct {
    mecha_call call;
    uint64_t tail;
  } future;
  struct {
    mecha_state_get_options options;
    uint64_t tail;
  } get;
  mecha_retry retry;
  mecha_view memory = host_view("memory"), key = host_view("key");
  memset(&future, 0, sizeof(future));
  future.call.struct_size = sizeof(future);
  EXPECT(mecha_state_get(rt, &future.call, memory, key, NULL, NULL), MECHA_NOT_FOUND);
  future.tail = 1;
  EXPECT(mecha_state_get(rt, &future.call, memory, key, NULL, NULL), MECHA_VERSION);
  future.call.struct_size = 0;
  EXPECT(mecha_state_get(rt, &future.call, memory, key, NULL, NULL), MECHA_INVALID_ARGUMENT);
  memset(&get, 0, sizeof(get));
  get.options.struct_size = sizeof(get);
  EXPECT(mecha_state_get(rt, NULL, memory, key, &get.options, NULL), MECHA_NOT_FOUND);
  get.tail = 1;
  EXPECT(mecha_state_get(rt, NULL, memory, key, &get.options, NULL), MECHA_VERSION);
  get.options.struct_size = 0;
  EXPECT(mecha_state_get(rt, NULL, memory, key, &get.options, NULL), MECHA_INVALID_ARGUMENT);
  future.call = new_call(NULL);
  future.call.struct_size = offsetof(mecha_call, op) + 4; /* ends inside a pointer */
  EXPECT(mecha_state_get(rt, &future.call, memory, key, NULL, NULL), MECHA_INVALID_ARGUMENT);
  get.options.struct_size = sizeof(get.options);
  get.options.consistency = 77;
  EXPECT(mecha_state_get(rt, NULL, memory, key, &get.options, NULL), MECHA_INVALID_ARGUMENT);
  memset(&retry, 0, sizeof(retry));
  future.call = new_call(NULL);
  future.call.retry = &retry;
  EXPECT(mecha_state_get(rt, &future.call, memory, key, NULL, NULL), MECHA_INVALID_ARGUMENT);
  retry.struct_size = sizeof(retry);
  retry.pattern = 99;
  EXPECT(mecha_state_get(rt, &future.call, memory, key, NULL, NULL), MECHA_INVALID_ARGUMENT);
  future.call = new_call(NULL);
  future.call.within = 4711;
  EXPECT(mecha_state_get(rt, &future.call, memory, key, NULL, NULL), MECHA_GONE);
  future.call = new_call(NULL);
  future.call.metadata_count = 1;
  EXPECT(mecha_state_get(rt, &future.call, memory, key, NULL, NULL), MECHA_INVALID_ARGUMENT);
}

static void wrong_keys_and_ops(mecha_runtime* rt) {
  static char long_key[4096];
  mecha_view memory = host_view("memory"), broken = {NULL, 5}, keys[2];
  mecha_state_op op;
  mecha_result* result = NULL;
  memset(long_key, 'k', sizeof(long_key) - 1);
  EXPECT(mecha_state_get(rt, NULL, memory, broken, NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_state_get(rt, NULL, broken, memory, NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_state_get(rt, NULL, memory, host_view(""), NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_state_get(rt, NULL, memory, host_view("a||b"), NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_state_get(rt, NULL, memory, host_view(long_key), NULL, NULL),
         MECHA_INVALID_ARGUMENT);
  keys[0] = host_view("a");
  keys[1] = broken;
  EXPECT_TRUE(mecha_state_get_many(rt, NULL, memory, keys, 2, NULL, NULL) != MECHA_OK);
  EXPECT(mecha_state_get_many(rt, NULL, memory, NULL, 0, NULL, NULL), MECHA_OK);
  EXPECT(mecha_state_apply(rt, NULL, memory, NULL, 0, NULL, NULL), MECHA_OK);
  memset(&op, 0, sizeof(op));
  op.key = host_view("a");
  op.kind = 99;
  EXPECT(mecha_state_apply(rt, NULL, memory, &op, 1, NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_state_get(rt, NULL, host_view("nowhere"), keys[0], NULL, &result), MECHA_NOT_FOUND);
  /* Unlike an absent key, an absent store has an error that names those that are loaded. */
  EXPECT_TRUE(mecha_result_error(result, MECHA_RESULT_WHOLE) != NULL);
  EXPECT_TRUE(strstr(mecha_error_message(mecha_result_error(result, MECHA_RESULT_WHOLE)),
                     "memory") != NULL);
  EXPECT_TRUE(mecha_error_detail(mecha_result_error(result, MECHA_RESULT_WHOLE), NULL).data ==
              NULL);
  mecha_result_release(result);
  EXPECT(mecha_secret_get(rt, NULL, host_view("variables"), host_view(""), NULL, NULL),
         MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_secret_get(rt, NULL, memory, host_view("name"), NULL, NULL), MECHA_NOT_FOUND);
  EXPECT(mecha_component_ping(rt, NULL, host_view("nowhere"), NULL), MECHA_NOT_FOUND);
}

static void wrong_reads_of_a_result(mecha_runtime* rt) {
  mecha_result* result = NULL;
  mecha_result_info info;
  mecha_item item;
  mecha_kv entry;
  struct {
    mecha_item item;
    uint64_t tail;
  } future;
  EXPECT(host_set(rt, "memory", "read", "value"), MECHA_OK);
  EXPECT(mecha_state_get(rt, NULL, host_view("memory"), host_view("read"), NULL, &result),
         MECHA_OK);
  memset(&info, 0, sizeof(info));
  EXPECT(mecha_result_read(result, &info), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_result_read(result, NULL), MECHA_INVALID_ARGUMENT);
  memset(&item, 0, sizeof(item));
  EXPECT(mecha_result_item(result, 0, &item), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_result_item(result, 0, NULL), MECHA_INVALID_ARGUMENT);
  item.struct_size = sizeof(item);
  EXPECT(mecha_result_item(result, 1, &item), MECHA_OUT_OF_RANGE);
  EXPECT(mecha_result_item(result, (size_t)-1, &item), MECHA_OUT_OF_RANGE);
  /* An old program's shorter struct is filled as far as it goes. */
  memset(&item, 0xEE, sizeof(item));
  item.struct_size = offsetof(mecha_item, etag);
  EXPECT(mecha_result_item(result, 0, &item), MECHA_OK);
  EXPECT(item.value.size, 5);
  EXPECT_TRUE(item.etag.size == (size_t)0xEEEEEEEEEEEEEEEEu);
  memset(&future, 0, sizeof(future));
  future.item.struct_size = sizeof(future);
  EXPECT(mecha_result_item(result, 0, &future.item), MECHA_OK);
  EXPECT(mecha_result_metadata(result, 99, 0, &entry), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_result_metadata(result, 0, 4711, &entry), MECHA_OUT_OF_RANGE);
  EXPECT(mecha_result_metadata(result, 0, 0, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT_TRUE(mecha_result_error(result, 4711) == NULL);
  EXPECT_TRUE(mecha_result_error(result, 0) == NULL);
  EXPECT_TRUE(mecha_result_error(result, MECHA_RESULT_WHOLE) == NULL);
  mecha_result_release(mecha_result_retain(result));
  mecha_result_release(result);
}

static void values_are_released_once_even_when_the_call_fails(mecha_runtime* rt) {
  mecha_view memory = host_view("memory"), key = host_view("key");
  mecha_state_op ops[2];
  released = 0;
  EXPECT(mecha_state_set(rt, NULL, memory, key, counted_buf("v"), NULL, NULL), MECHA_OK);
  EXPECT(released, 1);
  EXPECT(mecha_state_set(rt, NULL, host_view("nowhere"), key, counted_buf("v"), NULL, NULL),
         MECHA_NOT_FOUND);
  EXPECT(released, 2);
  EXPECT(mecha_state_set(NULL, NULL, memory, key, counted_buf("v"), NULL, NULL),
         MECHA_INVALID_ARGUMENT);
  EXPECT(released, 3);
  memset(ops, 0, sizeof(ops));
  ops[0].kind = ops[1].kind = MECHA_STATE_SET;
  ops[0].key = host_view("a");
  ops[0].value = counted_buf("1");
  ops[1].value = counted_buf("2"); /* no key */
  EXPECT_TRUE(mecha_state_apply(rt, NULL, memory, ops, 2, NULL, NULL) != MECHA_OK);
  EXPECT(released, 5);
}

static void wrong_messages(mecha_runtime* rt) {
  mecha_view messages = host_view("messages"), topic = host_view("topic"), broken = {NULL, 5};
  mecha_message two[2];
  struct {
    mecha_publish_options options;
    uint64_t tail;
  } future;
  memset(two, 0, sizeof(two));
  memset(&future, 0, sizeof(future));
  released = 0;
  two[0].data = counted_buf("1");
  two[1].data = counted_buf("2");
  EXPECT(mecha_publish(rt, NULL, messages, topic, two, 2, NULL, NULL), MECHA_OK);
  EXPECT(released, 2);
  EXPECT(mecha_publish(rt, NULL, messages, topic, two, 0, NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_publish(rt, NULL, messages, broken, two, 2, NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_publish(rt, NULL, broken, topic, two, 2, NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_publish(rt, NULL, topic, topic, two, 2, NULL, NULL), MECHA_NOT_FOUND);
  EXPECT(mecha_publish(rt, NULL, host_view("memory"), topic, two, 2, NULL, NULL), MECHA_NOT_FOUND);
  EXPECT(released, 10);
  future.options.struct_size = sizeof(future);
  EXPECT(mecha_publish(rt, NULL, messages, topic, two, 2, &future.options, NULL), MECHA_OK);
  future.tail = 1;
  EXPECT(mecha_publish(rt, NULL, messages, topic, two, 2, &future.options, NULL), MECHA_VERSION);
  EXPECT(released, 14);
  two[1].flags = 1u << 31;
  EXPECT(mecha_publish(rt, NULL, messages, topic, two, 2, NULL, NULL), MECHA_INVALID_ARGUMENT);
  two[1].flags = 0;
  two[1].metadata_count = 1;
  EXPECT(mecha_publish(rt, NULL, messages, topic, two, 2, NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_publish(NULL, NULL, messages, topic, two, 2, NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(released, 20);
}

static mecha_serve_options topic_options(const mecha_view* topic) {
  mecha_serve_options options;
  memset(&options, 0, sizeof(options));
  options.struct_size = sizeof(options);
  options.kind = MECHA_SERVE_TOPIC;
  options.component = host_view("messages");
  options.names = topic;
  options.name_count = 1;
  return options;
}

static mecha_status serve(mecha_runtime* rt, mecha_queue* queue, const void* options) {
  mecha_registration* registration = NULL;
  mecha_result* result = NULL;
  mecha_status status =
      mecha_serve(rt, NULL, queue, (const mecha_serve_options*)options, &registration, &result);
  EXPECT_TRUE((status == MECHA_OK) == (registration != NULL));
  EXPECT_TRUE(status == MECHA_OK || mecha_result_error(result, MECHA_RESULT_WHOLE) != NULL);
  mecha_result_release(result);
  mecha_registration_free(registration);
  return status;
}

static void wrong_registrations(mecha_runtime* rt) {
  mecha_view topic = host_view("topic"), path = host_view("/orders");
  mecha_runtime* other = started();
  mecha_queue *queue = NULL, *foreign = NULL;
  struct {
    mecha_serve_options options;
    uint64_t tail;
  } future;
  memset(&future, 0, sizeof(future));
  EXPECT(mecha_queue_open(rt, NULL, &queue), MECHA_OK);
  EXPECT(mecha_queue_open(other, NULL, &foreign), MECHA_OK);
  future.options = topic_options(&topic);
  future.options.struct_size = sizeof(future);
  EXPECT(serve(rt, queue, &future), MECHA_OK);
  EXPECT(serve(rt, foreign, &future), MECHA_INVALID_ARGUMENT);
  EXPECT(serve(rt, NULL, &future), MECHA_INVALID_ARGUMENT);
  future.tail = 1;
  EXPECT(serve(rt, queue, &future), MECHA_VERSION);
  future.options.struct_size = 0;
  EXPECT(serve(rt, queue, &future), MECHA_INVALID_ARGUMENT);
#define EXPECT_WITH(change, wanted)       \
  future.options = topic_options(&topic); \
  future.options.change;                  \
  EXPECT(serve(rt, queue, &future.options), wanted)
  EXPECT_WITH(kind = 0, MECHA_INVALID_ARGUMENT);
  EXPECT_WITH(kind = MECHA_SERVE_ACTOR + 1, MECHA_INVALID_ARGUMENT);
  EXPECT_WITH(kind = MECHA_SERVE_ACTOR, MECHA_UNIMPLEMENTED);
  EXPECT_WITH(kind = MECHA_SERVE_ROUTE, MECHA_INVALID_ARGUMENT); /* has a component */
  EXPECT_WITH(component = kNothing, MECHA_INVALID_ARGUMENT);
  EXPECT_WITH(component = host_view("nowhere"), MECHA_NOT_FOUND);
  EXPECT_WITH(component = host_view("memory"), MECHA_NOT_FOUND);
  EXPECT_WITH(component.data = NULL, MECHA_INVALID_ARGUMENT);
  EXPECT_WITH(names = NULL, MECHA_INVALID_ARGUMENT);
  EXPECT_WITH(names = &kNothing, MECHA_INVALID_ARGUMENT);
  EXPECT_WITH(name_count = 0, MECHA_INVALID_ARGUMENT);
  EXPECT_WITH(flags = MECHA_SERVE_SNAPSHOT, MECHA_INVALID_ARGUMENT);
  EXPECT_WITH(ordering = MECHA_ORDER_SERIAL + 1, MECHA_INVALID_ARGUMENT);
  EXPECT_WITH(reply_timeout_ns = -1, MECHA_INVALID_ARGUMENT);
  EXPECT_WITH(setting_count = 1, MECHA_INVALID_ARGUMENT);
  EXPECT_WITH(spec.size = 5, MECHA_INVALID_ARGUMENT);
  EXPECT_WITH(spec = host_view("topic: a"), MECHA_INVALID_ARGUMENT); /* beside names */
#undef EXPECT_WITH
  memset(&future, 0, sizeof(future));
  future.options.struct_size = sizeof(future.options);
  future.options.kind = MECHA_SERVE_ROUTE;
  EXPECT(serve(rt, queue, &future.options), MECHA_INVALID_ARGUMENT);
  future.options.names = &path;
  future.options.name_count = 1;
  EXPECT(serve(rt, queue, &future.options), MECHA_OK);
  mecha_queue_free(queue);
  mecha_queue_free(foreign);
  mecha_runtime_free(other);
}

/* One message of the topic as a request; the result is the caller's. */
static mecha_event received(mecha_runtime* rt, mecha_queue* queue, mecha_view topic) {
  mecha_message message;
  mecha_event event;
  memset(&message, 0, sizeof(message));
  memset(&event, 0, sizeof(event));
  message.data = host_buf("hello");
  EXPECT(mecha_publish(rt, NULL, host_view("messages"), topic, &message, 1, NULL, NULL), MECHA_OK);
  EXPECT(mecha_queue_wait(queue, &event, 1, -1), 1);
  EXPECT(event.kind, MECHA_EVENT_REQUEST);
  EXPECT(event.token, 11);
  return event;
}

static void wrong_replies(mecha_runtime* rt, mecha_event event) {
  mecha_entry_verdict entry;
  struct {
    mecha_reply reply;
    uint64_t tail;
  } future;
  memset(&entry, 0, sizeof(entry));
  memset(&future, 0, sizeof(future));
  EXPECT(mecha_request_reply(rt, event.id, &future.reply), MECHA_INVALID_ARGUMENT);
  future.tail = 1;
  future.reply.struct_size = sizeof(future);
  EXPECT(mecha_request_reply(rt, event.id, &future.reply), MECHA_VERSION);
  future.reply.struct_size = sizeof(future.reply);
  future.reply.verdict = MECHA_VERDICT_ERROR + 1;
  EXPECT(mecha_request_reply(rt, event.id, &future.reply), MECHA_INVALID_ARGUMENT);
  future.reply.verdict = MECHA_VERDICT_OK;
  future.reply.entry_count = 1;
  EXPECT(mecha_request_reply(rt, event.id, &future.reply), MECHA_INVALID_ARGUMENT);
  future.reply.entries = &entry;
  entry.index = 1;
  EXPECT(mecha_request_reply(rt, event.id, &future.reply), MECHA_INVALID_ARGUMENT);
  entry.index = 0;
  entry.verdict = 77;
  EXPECT(mecha_request_reply(rt, event.id, &future.reply), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_request_cancelled(rt, event.id), MECHA_OK);
  EXPECT(mecha_request_extend(rt, event.id, 1000000000), MECHA_OK);
  entry.verdict = MECHA_VERDICT_OK;
  EXPECT(mecha_request_reply(rt, event.id, &future.reply), MECHA_OK);
  EXPECT(mecha_request_reply(rt, event.id, &future.reply), MECHA_GONE);
  EXPECT(mecha_request_reply(rt, event.id, NULL), MECHA_GONE);
  EXPECT(mecha_request_cancelled(rt, event.id), MECHA_GONE);
  EXPECT(mecha_request_extend(rt, event.id, 1), MECHA_GONE);
}

static void wrong_reads_of_a_request(const mecha_result* request) {
  struct {
    mecha_request_info info;
    uint64_t tail;
  } future;
  mecha_kv entry;
  memset(&future, 0, sizeof(future));
  EXPECT(mecha_request_read(request, 0, &future.info), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_request_read(request, 0, NULL), MECHA_INVALID_ARGUMENT);
  future.info.struct_size = sizeof(future);
  EXPECT(mecha_request_read(request, 1, &future.info), MECHA_OUT_OF_RANGE);
  EXPECT(mecha_request_read(request, (size_t)-1, &future.info), MECHA_OUT_OF_RANGE);
  EXPECT(mecha_request_read(request, 0, &future.info), MECHA_OK);
  EXPECT(future.info.attempt, 1);
  EXPECT_TRUE(future.info.topic.size == 5 && memcmp(future.info.topic.data, "topic", 5) == 0);
  memset(&future, 0xEE, sizeof(future));
  future.info.struct_size = offsetof(mecha_request_info, topic);
  EXPECT(mecha_request_read(request, 0, &future.info), MECHA_OK);
  EXPECT(future.info.component.size, 8);
  EXPECT_TRUE(future.info.topic.size == (size_t)0xEEEEEEEEEEEEEEEEu);
  EXPECT(mecha_request_metadata(request, 0, 0, &entry), MECHA_OK);
  EXPECT(mecha_request_metadata(request, 0, 0, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_request_metadata(request, 0, 4711, &entry), MECHA_OUT_OF_RANGE);
  EXPECT(mecha_request_metadata(request, 1, 0, &entry), MECHA_OUT_OF_RANGE);
}

static int has_had_enough(void* user) { return ++*(int*)user; }

static void wrong_requests(mecha_runtime* rt) {
  mecha_view topic = host_view("topic");
  mecha_serve_options options = topic_options(&topic);
  mecha_registration* registration = NULL;
  mecha_queue* queue = NULL;
  mecha_result* other = NULL;
  mecha_request_info info;
  mecha_kv entry;
  mecha_event event;
  mecha_call call = new_call(NULL);
  int asked = 0;
  options.token = 11;
  EXPECT(mecha_queue_open(rt, NULL, &queue), MECHA_OK);
  EXPECT(mecha_serve(rt, NULL, queue, &options, &registration, NULL), MECHA_OK);
  event = received(rt, queue, topic);
  wrong_reads_of_a_request(event.result);
  wrong_replies(rt, event);
  wrong_reads_of_a_request(event.result); /* it is read after its answer as before */
  mecha_result_release(event.result);
  EXPECT(host_set(rt, "memory", "read", "value"), MECHA_OK);
  EXPECT(mecha_state_get(rt, NULL, host_view("memory"), host_view("read"), NULL, &other), MECHA_OK);
  memset(&info, 0, sizeof(info));
  info.struct_size = sizeof(info);
  EXPECT(mecha_request_read(other, 0, &info), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_request_metadata(other, 0, 0, &entry), MECHA_INVALID_ARGUMENT);
  mecha_result_release(other);
  EXPECT(mecha_serve_credit(registration, 0), MECHA_OK);
  EXPECT(mecha_serve_credit(registration, UINT32_MAX), MECHA_OK);
  event = received(rt, queue, topic);
  call.timeout_ns = -1;
  call.interrupted = has_had_enough; /* of waiting for the answer */
  call.user = &asked;
  EXPECT(mecha_serve_stop(rt, &call, registration, NULL), MECHA_CANCELLED);
  EXPECT(asked, 1);
  mecha_result_release(event.result);
  EXPECT(mecha_serve_stop(rt, NULL, registration, NULL), MECHA_CLOSED);
  EXPECT(mecha_serve_credit(registration, 1), MECHA_CLOSED);
  mecha_registration_free(registration);
  mecha_queue_free(queue);
}

static void wrong_queues(mecha_runtime* rt) {
  mecha_queue* queue = NULL;
  mecha_queue_options options;
  mecha_event event;
  mecha_call call;
  mecha_op op = 0;
  memset(&options, 0, sizeof(options));
  EXPECT(mecha_queue_open(rt, &options, &queue), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_queue_open(rt, NULL, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_queue_open(rt, NULL, &queue), MECHA_OK);
  EXPECT(mecha_queue_poll(queue, &event, 1), 0);
  EXPECT(mecha_queue_poll(queue, NULL, 1), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_queue_wait(queue, NULL, 1, 0), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_queue_wait(queue, &event, 0, 0), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_queue_wait(queue, &event, 1, 0), 0);
  call = new_call(queue);
  call.op = &op;
  call.token = 7;
  EXPECT(mecha_state_get(rt, &call, host_view("memory"), host_view("k"), NULL, NULL),
         MECHA_PENDING);
  EXPECT(mecha_queue_wait(queue, &event, 1, -1), 1);
  EXPECT(event.token, 7);
  EXPECT(event.id, op);
  EXPECT(mecha_runtime_cancel(rt, op), MECHA_NOT_FOUND);
  EXPECT(mecha_runtime_cancel(rt, 0), MECHA_NOT_FOUND);
  EXPECT(mecha_runtime_cancel(rt, ~(mecha_op)0), MECHA_NOT_FOUND);
  mecha_result_release(event.result);
  EXPECT(mecha_component_ping(rt, &call, host_view("memory"), NULL), MECHA_UNIMPLEMENTED);
  EXPECT(mecha_queue_close(queue), MECHA_OK);
  EXPECT(mecha_queue_close(queue), MECHA_OK);
  EXPECT(mecha_state_get(rt, &call, host_view("memory"), host_view("k"), NULL, NULL), MECHA_CLOSED);
  EXPECT(mecha_queue_poll(queue, &event, 1), MECHA_CLOSED);
  EXPECT(mecha_queue_wait(queue, &event, 1, -1), MECHA_CLOSED);
  EXPECT(mecha_queue_wake(queue), MECHA_CLOSED);
  EXPECT_TRUE(mecha_queue_fd(queue) >= 0);
  mecha_queue_free(queue);
}

struct delivery {
  mecha_runtime* rt;
  pthread_mutex_t mutex;
  pthread_cond_t arrived;
  mecha_status blocking, shutdown, suspend;
  int count;
};

static void misuse_inside_deliver(void* user, const mecha_event* events, size_t count) {
  struct delivery* delivery = (struct delivery*)user;
  pthread_mutex_lock(&delivery->mutex);
  delivery->blocking = host_set(delivery->rt, "memory", "inside", "value");
  delivery->shutdown = mecha_runtime_shutdown(delivery->rt, 0, NULL);
  delivery->suspend = mecha_runtime_suspend(delivery->rt, 0, 0, NULL);
  while (count > 0) mecha_result_release(events[--count].result);
  delivery->count++;
  pthread_cond_signal(&delivery->arrived);
  pthread_mutex_unlock(&delivery->mutex);
}

static void blocking_on_a_thread_of_the_runtime(mecha_runtime* rt) {
  struct delivery delivery = {rt, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, 0, 0};
  mecha_queue_options options;
  mecha_queue* queue = NULL;
  mecha_event event;
  mecha_call call;
  memset(&options, 0, sizeof(options));
  options.struct_size = sizeof(options);
  options.deliver = misuse_inside_deliver;
  options.user = &delivery;
  EXPECT(mecha_queue_open(rt, &options, &queue), MECHA_OK);
  EXPECT(mecha_queue_fd(queue), -1);
  EXPECT(mecha_queue_poll(queue, &event, 1), MECHA_FAILED_PRECONDITION);
  EXPECT(mecha_queue_wait(queue, &event, 1, 0), MECHA_FAILED_PRECONDITION);
  call = new_call(queue);
  EXPECT(mecha_state_get(rt, &call, host_view("memory"), host_view("k"), NULL, NULL),
         MECHA_PENDING);
  pthread_mutex_lock(&delivery.mutex);
  while (delivery.count == 0) pthread_cond_wait(&delivery.arrived, &delivery.mutex);
  pthread_mutex_unlock(&delivery.mutex);
  EXPECT(delivery.blocking, MECHA_REENTRANT);
  EXPECT(delivery.shutdown, MECHA_REENTRANT);
  EXPECT(delivery.suspend, MECHA_REENTRANT);
  mecha_queue_free(queue);
}

static void wrong_phases(void) {
  mecha_view text = host_view(HOST_MEMORY_YAML);
  mecha_runtime_options options = host_options(&text, 1);
  mecha_runtime* rt = NULL;
  EXPECT(mecha_runtime_open(&options, &rt, NULL), MECHA_OK);
  EXPECT(host_set(rt, "memory", "key", "value"), MECHA_FAILED_PRECONDITION);
  EXPECT(mecha_runtime_suspend(rt, 0, 0, NULL), MECHA_FAILED_PRECONDITION);
  EXPECT(mecha_runtime_resume(rt, NULL), MECHA_FAILED_PRECONDITION);
  EXPECT(mecha_runtime_run(rt, 0), MECHA_FAILED_PRECONDITION);
  EXPECT(mecha_runtime_fd(rt), -1);
  EXPECT(mecha_runtime_describe(rt, NULL), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_clock_advance(rt, -1), MECHA_INVALID_ARGUMENT);
  EXPECT(mecha_runtime_start(rt, NULL), MECHA_OK);
  EXPECT(mecha_runtime_start(rt, NULL), MECHA_OK);
  EXPECT(mecha_runtime_resume(rt, NULL), MECHA_FAILED_PRECONDITION);
  EXPECT(mecha_runtime_suspend(rt, 1000000000, 0, NULL), MECHA_OK);
  EXPECT(host_set(rt, "memory", "key", "value"), MECHA_SUSPENDED);
  EXPECT(mecha_runtime_resume(rt, NULL), MECHA_OK);
  EXPECT(host_use(rt, "memory"), MECHA_OK);
  mecha_runtime_free(rt);
}

static void after_the_end(void) {
  mecha_runtime* rt = started();
  mecha_view topic = host_view("topic");
  mecha_serve_options options = topic_options(&topic);
  mecha_registration *registration = NULL, *refused = NULL;
  mecha_queue *queue = NULL, *late = NULL;
  mecha_result* kept = NULL;
  mecha_event event;
  mecha_item item;
  EXPECT(mecha_queue_open(rt, NULL, &queue), MECHA_OK);
  EXPECT(mecha_serve(rt, NULL, queue, &options, &registration, NULL), MECHA_OK);
  EXPECT(host_use(rt, "memory"), MECHA_OK);
  EXPECT(mecha_state_get(rt, NULL, host_view("memory"), host_view("key"), NULL, &kept), MECHA_OK);
  EXPECT(mecha_runtime_shutdown(rt, 1000000000, NULL), MECHA_OK);
  EXPECT(mecha_runtime_shutdown(rt, 0, NULL), MECHA_CLOSED);
  EXPECT(mecha_runtime_start(rt, NULL), MECHA_CLOSED);
  EXPECT(mecha_runtime_suspend(rt, 0, 0, NULL), MECHA_CLOSED);
  EXPECT(mecha_runtime_resume(rt, NULL), MECHA_CLOSED);
  EXPECT(host_set(rt, "memory", "key", "value"), MECHA_CLOSED);
  EXPECT(mecha_queue_open(rt, NULL, &late), MECHA_CLOSED);
  EXPECT(mecha_serve(rt, NULL, queue, &options, &refused, NULL), MECHA_CLOSED);
  EXPECT_TRUE(refused == NULL);
  EXPECT(mecha_request_reply(rt, 1, NULL), MECHA_GONE);
  EXPECT(mecha_serve_credit(registration, 1), MECHA_CLOSED);
  EXPECT(mecha_queue_poll(queue, &event, 1), MECHA_CLOSED);
  EXPECT(mecha_queue_wake(queue), MECHA_CLOSED);
  mecha_runtime_free(rt);
  EXPECT(mecha_queue_poll(queue, &event, 1), MECHA_CLOSED);
  EXPECT(mecha_queue_wait(queue, &event, 1, -1), MECHA_CLOSED);
  EXPECT_TRUE(mecha_queue_fd(queue) >= 0);
  EXPECT(mecha_queue_close(queue), MECHA_OK);
  mecha_queue_free(queue);
  mecha_registration_free(registration); /* the last of all */
  memset(&item, 0, sizeof(item));
  item.struct_size = sizeof(item);
  EXPECT(mecha_result_item(kept, 0, &item), MECHA_OK);
  EXPECT_TRUE(item.value.size == 5 && memcmp(item.value.data, "value", 5) == 0);
  mecha_result_release(kept);
}

int main(void) {
  mecha_runtime* rt = NULL;
  mecha_call call = new_call(NULL);
  alarm(50); /* a call that never returns is a failure too */
  null_to_readers();
  null_to_runtime_and_queue();
  null_to_operations(NULL, NULL);
  null_to_operations(NULL, &call);
  null_to_serving(NULL, NULL);
  null_to_serving(NULL, &call);
  struct_sizes_of_open();
  settings_of_open();
  rt = started();
  if (rt == NULL) return 1;
  null_to_operations(rt, NULL);
  null_to_operations(rt, &call);
  null_to_serving(rt, NULL);
  null_to_serving(rt, &call);
  struct_sizes_of_calls(rt);
  wrong_keys_and_ops(rt);
  wrong_reads_of_a_result(rt);
  values_are_released_once_even_when_the_call_fails(rt);
  wrong_messages(rt);
  wrong_registrations(rt);
  wrong_requests(rt);
  wrong_queues(rt);
  blocking_on_a_thread_of_the_runtime(rt);
  mecha_runtime_free(rt);
  wrong_phases();
  after_the_end();
  if (failures > 0) fprintf(stderr, "%d checks failed\n", failures);
  return failures > 0 ? 1 : 0;
}
