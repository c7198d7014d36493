/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "messages.h"

static int Is(mecha_view view, const char* text) {
  return view.size == strlen(text) && memcmp(view.data, text, view.size) == 0;
}

static mecha_view TypeOf(const mecha_result* request) {
  mecha_kv entry;
  for (size_t i = 0; mecha_request_metadata(request, 0, i, &entry) == MECHA_OK; ++i) {
    if (Is(entry.key, "cloudevent.type")) return entry.value;
  }
  return View("none");
}

/* One line for one handling, and what becomes of the message: its data says it. */
static uint32_t Handle(void* user, const mecha_event* request) {
  static const char* const names[] = {"OK", "RETRY", "DROP"};
  Inbox* inbox = user;
  mecha_request_info info = {.struct_size = sizeof(info)};
  mecha_item item = {.struct_size = sizeof(item)};
  mecha_request_read(request->result, 0, &info);
  mecha_result_item(request->result, 0, &item);
  const int is_dead = Is(info.topic, "dead");
  uint32_t verdict = MECHA_VERDICT_OK;
  if (Is(item.value, "poison") && !is_dead) verdict = MECHA_VERDICT_RETRY;
  if (Is(item.value, "unwanted") && !is_dead) verdict = MECHA_VERDICT_DROP;
  if (Is(item.value, "second try") && info.attempt == 1) verdict = MECHA_VERDICT_RETRY;
  const mecha_view type = TypeOf(request->result);
#define TEXT(view) (int)(view).size, (const char*)(view).data
  snprintf(inbox->lines[inbox->count++], sizeof(inbox->lines[0]),
           "%.*s of %.*s: %.*s type %.*s as %.*s, attempt %u%s%s: %.*s -> %s", TEXT(info.path),
           TEXT(info.topic), TEXT(info.message_id), TEXT(type), TEXT(info.content_type),
           (unsigned)info.attempt, info.flags & MECHA_REQUEST_REDELIVERED ? " (again)" : "",
           info.flags & MECHA_REQUEST_LAST_ATTEMPT ? " (last)" : "", TEXT(item.value),
           names[verdict]);
#undef TEXT
  return verdict;
}

static void PrintAll(Inbox* inbox, size_t count) {
  Collect(inbox, count, 30000);
  for (size_t i = 0; i < inbox->count; ++i) printf("  %s\n", inbox->lines[i]);
  inbox->count = 0;
}

static void PublishNews(Inbox* inbox, const char* id, const char* data, const mecha_kv* metadata,
                        size_t handlings) {
  mecha_message message = Message(id, data);
  message.metadata = metadata;
  message.metadata_count = metadata != NULL;
  printf("publish %s: %s as %s\n", data, Publish(inbox, "news", message), id);
  PrintAll(inbox, handlings);
}

static int Compare(const void* left, const void* right) { return strcmp(left, right); }

static void PublishThree(Inbox* inbox) {
  const mecha_message batch[] = {Message("b1", "one of many"), Message("b2", "one of many"),
                                 Message("b3", "one of many")};
  mecha_result* result = NULL;
  mecha_result_info info = {.struct_size = sizeof(info)};
  const mecha_status status =
      mecha_publish(inbox->rt, NULL, View("messages"), View("many"), batch, 3, NULL, &result);
  mecha_result_read(result, &info);
  printf("publish three: %s, %zu\n", mecha_status_name(status), info.count);
  mecha_result_release(result);
  Collect(inbox, 3, 30000);
  qsort(inbox->lines, inbox->count, sizeof(inbox->lines[0]), Compare);
  PrintAll(inbox, 3);
}

void RunPubSub(const char* folder) {
  Inbox inbox;
  OpenInbox(&inbox, folder);
  const mecha_view paths[] = {View("/plain"), View("/urgent")};
  const mecha_view topics[] = {View("dead"), View("many")};
  mecha_serve_options topic = {
      .kind = MECHA_SERVE_TOPIC, .component = View("messages"), .names = topics, .name_count = 1};
  Serve(&inbox, "serve the paths",
        (mecha_serve_options){.kind = MECHA_SERVE_ROUTE, .names = paths, .name_count = 2}, Handle);
  Serve(&inbox, "serve topic dead", topic, Handle);
  topic.names = &topics[1];
  Serve(&inbox, "serve topic many", topic, Handle);

  const mecha_kv urgent = {View("cloudevent.type"), View("urgent")};
  PublishNews(&inbox, "m1", "hello", NULL, 1);
  PublishNews(&inbox, "m2", "fire", &urgent, 1);
  PublishNews(&inbox, "m3", "second try", NULL, 2);
  PublishNews(&inbox, "m4", "unwanted", NULL, 2);
  PublishNews(&inbox, "m5", "poison", NULL, 4);
  mecha_message json = Message("j1", "{\"n\": 1}");
  json.content_type = View("application/json");
  printf("publish JSON: %s\n", Publish(&inbox, "news", json));
  PrintAll(&inbox, 1);
  PublishThree(&inbox);
  CloseInbox(&inbox);
}
