/* SPDX-License-Identifier: Apache-2.0 */
/* A plug-in that is wrong in the way its settings say: `init`, `get` and `write` each name a fault.
 * Its type state.bad is quick, state.bad-blocking blocks. Absent keys are all it knows. */
#include <mecha/component.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define VISIBLE __attribute__((visibility("default")))

typedef struct bad_store {
  const mecha_host* host;
  char fault_of_init[16];
  char fault_of_get[16];
  char fault_of_write[16];
} bad_store;

/* The one completion that comes after everything: what it needs, and its thread. */
static struct {
  const mecha_host* host;
  mecha_task task;
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int is_kept;
  int is_released;
  int is_repeated;        /* completed once more, and asked about, when nothing is open any more */
  mecha_status state;     /* of the task when it was released */
  mecha_status state_end; /* and when it was completed */
} kept = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void complete(const mecha_host* host, mecha_task task, mecha_status status,
                     const char* message) {
  mecha_outcome outcome = {0};
  outcome.struct_size = sizeof outcome;
  outcome.status = status;
  outcome.message = mecha_view_of(message);
  host->complete(host, task, &outcome);
}

/* A plug-in that owes outcomes remembers to whom; so nothing is lost, though it never pays. */
static void owe(const mecha_host* host) {
  static _Atomic(const mecha_host*) owed[64];
  static atomic_uint count;
  atomic_store(&owed[atomic_fetch_add(&count, 1) % 64], host);
}

static int is(const char* fault, const char* name) { return strcmp(fault, name) == 0; }

static void sleep_a_little(void) {
  const struct timespec time = {0, 2000000};
  nanosleep(&time, NULL);
}

/* Waits in its own thread until the call has ended, and completes all the same. */
static void* complete_late(void* unused) {
  (void)unused;
  while (kept.host->task_state(kept.host, kept.task) == MECHA_OK) {
    sleep_a_little();
  }
  pthread_mutex_lock(&kept.mutex);
  while (!kept.is_released) {
    pthread_cond_wait(&kept.changed, &kept.mutex);
  }
  pthread_mutex_unlock(&kept.mutex);
  kept.state = kept.host->task_state(kept.host, kept.task);
  complete(kept.host, kept.task, MECHA_NOT_FOUND, NULL);
  if (kept.is_repeated) {
    owe(kept.host);
    kept.state_end = kept.host->task_state(kept.host, kept.task);
    complete(kept.host, kept.task, MECHA_NOT_FOUND, NULL);
  }
  return NULL;
}

static void keep(const mecha_host* host, mecha_task task, int is_repeated) {
  kept.host = host;
  kept.is_repeated = is_repeated;
  kept.task = task;
  kept.is_released = 0;
  kept.is_kept = pthread_create(&kept.thread, NULL, complete_late, NULL) == 0;
}

/* For the test: lets the late completion happen, and tells when it has what the task's state was.
 */
VISIBLE mecha_status bad_store_release(void);
mecha_status bad_store_release(void) {
  pthread_mutex_lock(&kept.mutex);
  kept.is_released = 1;
  pthread_cond_broadcast(&kept.changed);
  pthread_mutex_unlock(&kept.mutex);
  if (kept.is_kept) {
    pthread_join(kept.thread, NULL);
    kept.is_kept = 0;
  }
  return kept.is_repeated && kept.state_end != MECHA_GONE ? MECHA_UNKNOWN : kept.state;
}

static void read_fault(const mecha_host* host, const char* field, char* into) {
  const mecha_view text = host->setting_text(host, field);
  if (text.data != NULL && text.size < 16) {
    memcpy(into, text.data, text.size);
  }
}

static void* create(const mecha_host* host) {
  bad_store* self = calloc(1, sizeof *self);
  if (self != NULL) {
    self->host = host;
    read_fault(host, "init", self->fault_of_init);
    read_fault(host, "get", self->fault_of_get);
    read_fault(host, "write", self->fault_of_write);
  }
  return self != NULL && is(self->fault_of_init, "no-memory") ? (free(self), NULL) : self;
}

static void init(void* context, mecha_task task) {
  bad_store* self = context;
  if (is(self->fault_of_init, "crashes")) {
    abort();
  }
  if (is(self->fault_of_init, "exits")) {
    exit(7);
  }
  if (is(self->fault_of_init, "fails")) {
    complete(self->host, task, MECHA_UNAUTHENTICATED, "the lamp is off. Switch it on");
    return;
  }
  if (is(self->fault_of_init, "never")) {
    owe(self->host);
  } else {
    complete(self->host, task, MECHA_OK, NULL);
  }
}

static void close_store(void* context) { free(context); }

static void complete_item(bad_store* self, mecha_task task, mecha_outcome_item item, size_t count) {
  const mecha_outcome_item items[2] = {item, item};
  mecha_outcome outcome = {0};
  outcome.struct_size = sizeof outcome;
  outcome.items = items;
  outcome.item_count = count;
  self->host->complete(self->host, task, &outcome);
}

/* Ends a task with what makes no sense, though it says that it was not applied. 0: no such fault.
 */
static int complete_badly(bad_store* self, mecha_task task, const char* fault) {
  mecha_outcome_item item = {0};
  mecha_outcome outcome = {0};
  outcome.struct_size = sizeof outcome;
  if (is(fault, "status")) {
    complete(self->host, task, 77, NULL);
  } else if (is(fault, "nothing")) {
    self->host->complete(self->host, task, NULL);
  } else if (is(fault, "items")) {
    item.status = MECHA_NOT_FOUND;
    complete_item(self, task, item, 2);
  } else if (is(fault, "etag")) {
    item.etag = mecha_view_of("01234567890123456789012345678901234567890123456789012345678901234");
    complete_item(self, task, item, 1);
  } else if (is(fault, "length") || is(fault, "memory")) {
    outcome.status = MECHA_ABORTED;
    outcome.message.data = "x";
    outcome.message.size = is(fault, "length") ? SIZE_MAX : SIZE_MAX / 4;
    self->host->complete(self->host, task, &outcome);
  } else {
    return 0;
  }
  return 1;
}

static void get(void* context, mecha_task task, const mecha_store_get* request) {
  bad_store* self = context;
  const char* fault = self->fault_of_get;
  mecha_outcome_item item = {0};
  (void)request;
  if (is(fault, "never")) {
    owe(self->host);
    return;
  }
  if (is(fault, "late") || is(fault, "late-twice")) {
    keep(self->host, task, is(fault, "late-twice"));
    return;
  }
  if (complete_badly(self, task, fault)) {
    return;
  }
  item.status = MECHA_NOT_FOUND;
  complete_item(self, task, item, 1);
  if (is(fault, "twice")) {
    complete_item(self, task, item, 1);
    complete_item(self, 0, item, 1);
  }
}

/* Blocks until nobody wants the answer any more. */
static void get_blocking(void* context, mecha_task task, const mecha_store_get* request) {
  bad_store* self = context;
  mecha_status state = MECHA_OK;
  (void)request;
  while (state == MECHA_OK && self->host->task_remaining_ns(self->host, task) > 0) {
    sleep_a_little();
    state = self->host->task_state(self->host, task);
  }
  /* No time remains of a stopped call either: which of both it was, the state says. */
  state = self->host->task_state(self->host, task);
  complete(self->host, task, state == MECHA_OK ? MECHA_DEADLINE_EXCEEDED : state, "gave up");
}

static void write_key(void* context, mecha_task task, const mecha_store_apply* request) {
  bad_store* self = context;
  (void)request;
  if (!complete_badly(self, task, self->fault_of_write)) {
    complete(self->host, task, MECHA_UNIMPLEMENTED, "it keeps nothing");
  }
}

static const mecha_field fields[] = {
    {.name = "init", .description = "What init does wrong"},
    {.name = "get", .description = "What get does wrong"},
    {.name = "write", .description = "What write does wrong"},
};
static const mecha_state_functions functions = {
    .struct_size = sizeof(mecha_state_functions), .get = get, .write = write_key};
static const mecha_state_functions blocking_functions = {
    .struct_size = sizeof(mecha_state_functions), .get = get_blocking, .write = write_key};

#define BAD_TYPE(name, how, table)                                                            \
  {                                                                                           \
    .struct_size = sizeof(mecha_component_type), .kind = MECHA_COMPONENT_STATE, .type = name, \
    .version = "v1", .status = "alpha", .description = "For tests.", .threads = how,          \
    .capabilities = MECHA_IS_EMBEDDED, .fields = fields,                                      \
    .field_count = sizeof fields / sizeof fields[0], .state = &(table), .create = create,     \
    .init = init, .close = close_store                                                        \
  }

static const mecha_component_type bad = BAD_TYPE("state.bad", MECHA_THREADS_QUICK, functions);
static const mecha_component_type bad_blocking =
    BAD_TYPE("state.bad-blocking", MECHA_THREADS_BLOCKING, blocking_functions);
static const mecha_component_type* const types[] = {&bad, &bad_blocking};
static const mecha_plugin plugin = {.struct_size = sizeof plugin,
                                    .spi_version = MECHA_SPI_VERSION,
                                    .name = "bad_store",
                                    .version = "0",
                                    .types = types,
                                    .type_count = 2};

VISIBLE const mecha_plugin* mecha_plugin_entry(const mecha_library* library);
const mecha_plugin* mecha_plugin_entry(const mecha_library* library) {
  return library->spi_version == MECHA_SPI_VERSION ? &plugin : NULL;
}
