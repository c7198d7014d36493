/* SPDX-License-Identifier: Apache-2.0 */
/* A broker that is wrong in the way its settings say: each names a fault of the function it is
 * called like. It knows one feed, and hands out what was published last, as often as something was
 * published. All is done under one lock, also what it calls of the host. */
#include <mecha/component.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define VISIBLE __attribute__((visibility("default")))

enum { FAULT_ROOM = 16, MOST = 1000, THREADS = 64 };

typedef struct bad_broker {
  const mecha_host* host;
  char subscribe[FAULT_ROOM];
  char publish[FAULT_ROOM];
  char deliver[FAULT_ROOM];
  char settle[FAULT_ROOM];
  char renew[FAULT_ROOM];
  char stop[FAULT_ROOM];
  pthread_mutex_t mutex;
  char payload[4096];
  size_t payload_size;
  size_t waiting; /* how often it is still to be handed out */
  mecha_feed feed;
  uint64_t credit;
  uint64_t last_number;
  pthread_t threads[THREADS];
  size_t thread_count;
} bad_broker;

typedef struct settling {
  bad_broker* broker;
  mecha_task task;
} settling;

static atomic_int last_refusal; /* what deliver has said, if not MECHA_OK */
static atomic_int renewals;

/* For the tests. */
VISIBLE int bad_broker_refusal(void);
VISIBLE int bad_broker_renewals(void);
int bad_broker_refusal(void) { return atomic_exchange(&last_refusal, MECHA_OK); }
int bad_broker_renewals(void) { return atomic_load(&renewals); }

/* A plug-in that owes outcomes remembers to whom; so nothing is lost, though it never pays. */
static void owe(const mecha_host* host) {
  static _Atomic(const mecha_host*) owed[64];
  static atomic_uint count;
  atomic_store(&owed[atomic_fetch_add(&count, 1) % 64], host);
}

static int is(const char* fault, const char* name) { return strcmp(fault, name) == 0; }

static void complete(bad_broker* self, mecha_task task, mecha_status status, const char* words) {
  mecha_outcome outcome = {0};
  outcome.struct_size = sizeof outcome;
  outcome.status = status;
  outcome.message = mecha_view_of(words);
  self->host->complete(self->host, task, &outcome);
}

static void complete_items(bad_broker* self, mecha_task task, size_t count) {
  static const mecha_outcome_item items[MOST];
  mecha_outcome outcome = {0};
  outcome.struct_size = sizeof outcome;
  outcome.items = items;
  outcome.item_count = count;
  self->host->complete(self->host, task, &outcome);
}

static void read_fault(const mecha_host* host, const char* field, char* into) {
  const mecha_view text = host->setting_text(host, field);
  if (text.data != NULL && text.size < FAULT_ROOM) {
    memcpy(into, text.data, text.size);
  }
}

static void* create(const mecha_host* host) {
  bad_broker* self = calloc(1, sizeof *self);
  if (self != NULL) {
    self->host = host;
    pthread_mutex_init(&self->mutex, NULL);
    read_fault(host, "subscribe", self->subscribe);
    read_fault(host, "publish", self->publish);
    read_fault(host, "deliver", self->deliver);
    read_fault(host, "settle", self->settle);
    read_fault(host, "renew", self->renew);
    read_fault(host, "stop", self->stop);
  }
  return self;
}

static void init(void* context, mecha_task task) { complete(context, task, MECHA_OK, NULL); }

static void close_broker(void* context) {
  bad_broker* self = context;
  for (size_t i = 0; i < self->thread_count; ++i) {
    pthread_join(self->threads[i], NULL);
  }
  pthread_mutex_destroy(&self->mutex);
  free(self);
}

static void hand_over(bad_broker* self, mecha_feed feed, const mecha_delivery* deliveries,
                      size_t count) {
  const mecha_status status = self->host->deliver(self->host, feed, deliveries, count);
  if (status != MECHA_OK) {
    atomic_store(&last_refusal, status);
  }
}

/* Under the lock. */
static void deliver(bad_broker* self) {
  static mecha_delivery surplus[MOST];
  static const mecha_delivery none;
  for (; self->waiting > 0 && self->credit > 0; --self->waiting, --self->credit) {
    mecha_delivery one = none;
    one.number = ++self->last_number;
    one.payload.data = self->payload;
    one.payload.size = self->payload_size;
    one.held_since_ns = self->host->steady_ns(self->host);
    if (is(self->deliver, "surplus") && self->credit < MOST) {
      hand_over(self, self->feed, surplus, self->credit + 1);
    } else if (is(self->deliver, "nowhere")) {
      hand_over(self, self->feed + 100, &one, 1);
    } else if (is(self->deliver, "metadata")) {
      one.metadata_count = 1;
      hand_over(self, self->feed, &one, 1);
      one.metadata_count = 0;
    } else if (is(self->deliver, "sick")) {
      self->host->feed_health(self->host, self->feed, MECHA_UNAVAILABLE,
                              mecha_view_of("the lamp is off"));
      self->host->feed_health(self->host, self->feed, MECHA_UNAVAILABLE,
                              mecha_view_of("the lamp is still off"));
    }
    hand_over(self, self->feed, &one, 1);
    if (is(self->deliver, "number")) {
      hand_over(self, self->feed, &one, 1);
    }
  }
}

static void publish(void* context, mecha_task task, const mecha_broker_publish* request) {
  bad_broker* self = context;
  const mecha_view payload = request->messages[0].payload;
  if (is(self->publish, "never")) {
    owe(self->host);
    return;
  }
  pthread_mutex_lock(&self->mutex);
  if (payload.size <= sizeof self->payload) {
    memcpy(self->payload, payload.data, payload.size);
    self->payload_size = payload.size;
    ++self->waiting;
  }
  deliver(self);
  complete_items(self, task, is(self->publish, "items") ? 2 : 1);
  if (is(self->publish, "twice")) {
    complete_items(self, task, 1);
  }
  pthread_mutex_unlock(&self->mutex);
}

static void* open_feed(void* context, const mecha_feed_request* request) {
  bad_broker* self = context;
  if (is(self->subscribe, "crashes")) {
    abort();
  }
  self->feed = request->feed;
  self->credit = 0;
  self->last_number = 0;
  return is(self->subscribe, "no-memory") ? NULL : self;
}

static void subscribe(void* context, mecha_task task) {
  bad_broker* self = context;
  if (is(self->subscribe, "never")) {
    owe(self->host);
  } else if (is(self->subscribe, "fails")) {
    complete(self, task, MECHA_PERMISSION_DENIED, "the door is shut. Knock");
  } else {
    complete(self, task, MECHA_OK, NULL);
  }
}

static int64_t lease_ns(void* context) {
  (void)context;
  return 60 * INT64_C(1000000000);
}

static void request_more(void* context, uint64_t more) {
  bad_broker* self = context;
  pthread_mutex_lock(&self->mutex);
  self->credit += more;
  deliver(self);
  pthread_mutex_unlock(&self->mutex);
}

/* Under the lock that request_more takes, in a thread of its own. */
static void* settle_later(void* context) {
  const settling of = *(settling*)context;
  free(context);
  pthread_mutex_lock(&of.broker->mutex);
  complete(of.broker, of.task, MECHA_OK, NULL);
  deliver(of.broker);
  pthread_mutex_unlock(&of.broker->mutex);
  return NULL;
}

static void begin_thread(bad_broker* self, mecha_task task) {
  settling* of = calloc(1, sizeof *of);
  pthread_mutex_lock(&self->mutex);
  if (of != NULL && self->thread_count < THREADS) {
    of->broker = self;
    of->task = task;
    pthread_create(&self->threads[self->thread_count++], NULL, settle_later, of);
  } else {
    free(of);
  }
  pthread_mutex_unlock(&self->mutex);
}

static void settle(void* context, mecha_task task, const mecha_feed_settle* request) {
  bad_broker* self = context;
  const char* fault = self->settle;
  (void)request;
  if (is(fault, "never")) {
    owe(self->host);
  } else if (is(fault, "later")) {
    begin_thread(self, task);
  } else if (is(fault, "status")) {
    complete(self, task, 77, NULL);
  } else if (is(fault, "unknown")) {
    complete(self, task, MECHA_NOT_FOUND, NULL);
    complete(self, task + 1000, MECHA_NOT_FOUND, NULL);
  } else {
    complete(self, task, MECHA_OK, NULL);
    if (is(fault, "twice")) {
      complete(self, task, MECHA_OK, NULL);
    }
  }
}

static void renew(void* context, mecha_task task, const mecha_feed_renew* request) {
  bad_broker* self = context;
  complete_items(self, task, request->number_count + (is(self->renew, "items") ? 1 : 0));
  atomic_fetch_add(&renewals, 1);
}

static void stop(void* context, mecha_task task) {
  bad_broker* self = context;
  if (is(self->stop, "never")) {
    owe(self->host);
    return;
  }
  complete(self, task, MECHA_OK, NULL);
}

static void close_feed(void* context) {
  bad_broker* self = context;
  if (is(self->stop, "goes-on")) {
    mecha_delivery one = {0};
    one.number = self->last_number + 1;
    hand_over(self, self->feed, &one, 1);
  }
}

static const mecha_field fields[] = {
    {.name = "subscribe", .description = "What subscribe, or open_feed, does wrong"},
    {.name = "publish", .description = "What publish does wrong"},
    {.name = "deliver", .description = "What it does wrong when it delivers"},
    {.name = "settle", .description = "What settle does wrong"},
    {.name = "renew", .description = "What renew does wrong"},
    {.name = "stop", .description = "What stop does wrong"},
};
static const mecha_pubsub_functions functions = {
    .struct_size = sizeof(mecha_pubsub_functions),
    .publish = publish,
    .open_feed = open_feed,
    .subscribe = subscribe,
    .lease_ns = lease_ns,
    .request = request_more,
    .settle = settle,
    .renew = renew,
    .stop = stop,
    .close_feed = close_feed,
};
static const mecha_component_type bad = {
    .struct_size = sizeof(mecha_component_type),
    .kind = MECHA_COMPONENT_PUBSUB,
    .type = "pubsub.bad",
    .version = "v1",
    .status = "alpha",
    .description = "For tests.",
    .threads = MECHA_THREADS_QUICK,
    .capabilities = MECHA_IS_EMBEDDED,
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
    .create = create,
    .init = init,
    .close = close_broker,
    .pubsub = &functions,
};
static const mecha_component_type* const types[] = {&bad};
static const mecha_plugin plugin = {.struct_size = sizeof plugin,
                                    .spi_version = MECHA_SPI_VERSION,
                                    .name = "bad_broker",
                                    .version = "0",
                                    .types = types,
                                    .type_count = 1};

VISIBLE const mecha_plugin* mecha_plugin_entry(const mecha_library* library);
const mecha_plugin* mecha_plugin_entry(const mecha_library* library) {
  return library->spi_version == MECHA_SPI_VERSION ? &plugin : NULL;
}
