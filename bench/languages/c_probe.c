/* SPDX-License-Identifier: Apache-2.0 */
/* What a call costs in C, for the languages to be compared with: a blocking get of 16 and of 1,024
 * bytes from memory, and gets through a queue with 512 in flight. Prints a line of JSON for each:
 * the median of several rounds in nanoseconds per operation. */
#include <mecha/mecha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 15, CALLS = 100000, WINDOW = 512 };

static const char kStore[] =
    "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: store}\n"
    "spec: {type: state.in-memory, version: v1}\n";

static mecha_view View(const char* text) {
  mecha_view view = {text, strlen(text)};
  return view;
}

static double Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int Compare(const void* left, const void* right) {
  const double a = *(const double*)left;
  const double b = *(const double*)right;
  return (a > b) - (a < b);
}

static void Print(const char* name, double* rounds) {
  qsort(rounds, ROUNDS, sizeof(rounds[0]), Compare);
  printf("{\"name\": \"%s\", \"language\": \"c\", \"ns\": %.1f}\n", name, rounds[ROUNDS / 2]);
}

/* One call, with the value looked at, as a program would. */
static size_t GetOnce(mecha_runtime* rt, const char* key) {
  mecha_result* result = NULL;
  mecha_item item = {.struct_size = sizeof(item)};
  mecha_state_get(rt, NULL, View("store"), View(key), NULL, &result);
  mecha_result_item(result, 0, &item);
  mecha_result_release(result);
  return item.value.size;
}

static void MeasureGet(mecha_runtime* rt, const char* name, const char* key, size_t size) {
  static char bytes[1024];
  double rounds[ROUNDS];
  const mecha_buf value = {bytes, size, NULL, NULL};
  size_t seen = 0;
  mecha_state_set(rt, NULL, View("store"), View(key), value, NULL, NULL);
  for (int round = 0; round < ROUNDS; ++round) {
    const double start = Now();
    for (int i = 0; i < CALLS; ++i) seen += GetOnce(rt, key);
    rounds[round] = (Now() - start) / CALLS;
  }
  if (seen != (size_t)ROUNDS * CALLS * size) exit(1);
  Print(name, rounds);
}

static void Submit(mecha_runtime* rt, mecha_queue* queue) {
  mecha_call call = {.struct_size = sizeof(call), .queue = queue};
  if (mecha_state_get(rt, &call, View("store"), View("k16"), NULL, NULL) != MECHA_PENDING) exit(1);
}

static void MeasureQueue(mecha_runtime* rt) {
  mecha_queue* queue = NULL;
  mecha_event events[256];
  double rounds[ROUNDS];
  mecha_queue_open(rt, NULL, &queue);
  for (int round = 0; round < ROUNDS; ++round) {
    int submitted = 0;
    int done = 0;
    const double start = Now();
    for (; submitted < WINDOW; ++submitted) Submit(rt, queue);
    while (done < CALLS) {
      const int32_t count = mecha_queue_wait(queue, events, 256, -1);
      for (int32_t i = 0; i < count; ++i) {
        mecha_result_release(events[i].result);
        if (submitted < CALLS) {
          Submit(rt, queue);
          ++submitted;
        }
      }
      done += count > 0 ? count : 0;
    }
    rounds[round] = (Now() - start) / CALLS;
  }
  mecha_queue_free(queue);
  Print("queue_get", rounds);
}

int main(void) {
  mecha_runtime* rt = NULL;
  const mecha_view text = View(kStore);
  mecha_runtime_options options = {.struct_size = sizeof(options), .app_id = View("bench")};
  options.api_version = MECHA_API_VERSION;
  options.resource_texts = &text;
  options.resource_text_count = 1;
  if (mecha_runtime_open(&options, &rt, NULL) || mecha_runtime_start(rt, NULL)) return 1;
  MeasureGet(rt, "get_16", "k16", 16);
  MeasureGet(rt, "get_1024", "k1024", 1024);
  MeasureQueue(rt);
  mecha_runtime_free(rt);
  return 0;
}
