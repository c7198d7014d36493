/* SPDX-License-Identifier: Apache-2.0 */
/* Topics, their groups, and the members of these: who gets which message. They take no lock: the
 * broker does, and hands messages over under it, for no function of the host calls back. */
#ifndef EXAMPLE_TOPIC_H
#define EXAMPLE_TOPIC_H

#include "message.h"

/* One feed, as its group sees it. */
typedef struct member {
  const mecha_host* host;
  mecha_feed feed;
  int64_t lease_ns;
  uint64_t credit; /* what may still be delivered */
  uint64_t last_number;
  bool is_stopped;
  entry_list held;
  TAILQ_ENTRY(member) link;
} member;

/* Competing consumers. It stays until the broker goes, and keeps messages for those to come. */
typedef struct group {
  entry_list waiting; /* in the order of publishing */
  TAILQ_HEAD(, member) members;
  TAILQ_ENTRY(group) link;
  size_t name_size;
  char name[];
} group;

typedef struct topic {
  TAILQ_HEAD(, group) groups;
  TAILQ_ENTRY(topic) link;
  size_t name_size;
  char name[];
} topic;

typedef TAILQ_HEAD(topic_list, topic) topic_list;

/* NULL when there is none. */
topic* topic_find(topic_list* list, mecha_view name);
/* The group, made if it is not there; NULL when there is no memory. */
group* topic_list_join(topic_list* list, mecha_view topic_name, mecha_view group_name);
void topic_list_clear(topic_list* list);

/* Gives the message to every group, or to none: false when there is no memory. */
bool topic_give(topic* self, message* one);
void topic_deliver(topic* self, int64_t now);

/* Hands over what waits to the members that have credit, in turn. */
void group_deliver(group* self, int64_t now);
/* Gives back what the member holds: all, or those whose lease has ended. */
void group_take_back(group* self, member* from, int64_t now, bool all);
void group_return(group* self, entry* one, int64_t due_ns);
/* Whether something will be due: a pause, or the end of a lease. */
bool group_awaits(const group* self);

#endif
