/* SPDX-License-Identifier: Apache-2.0 */
/* secretstores.example-c: a file of lines NAME=VALUE, read when the component starts. A secret has
 * one key, its name. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stores.h"

typedef struct secret {
  char* line; /* "NAME\0VALUE"; its own memory */
  char* value;
} secret;

typedef struct secret_store {
  const mecha_host* host;
  secret* secrets; /* written by init alone */
  size_t count;
} secret_store;

static void* create(const mecha_host* host) {
  secret_store* self = calloc(1, sizeof *self);
  if (self != NULL) {
    self->host = host;
  }
  return self;
}

static void close_store(void* context) {
  secret_store* self = context;
  for (size_t i = 0; i < self->count; ++i) {
    free(self->secrets[i].line);
  }
  free(self->secrets);
  free(self);
}

/* Takes `line`. False when there is no memory. */
static bool add_line(secret_store* self, char* line) {
  char* sign = strchr(line, '=');
  if (sign == NULL || sign == line) {
    free(line); /* an empty line, or a comment */
    return true;
  }
  secret* more = realloc(self->secrets, (self->count + 1) * sizeof *more);
  if (more == NULL) {
    free(line);
    return false;
  }
  line[strcspn(line, "\n")] = '\0';
  *sign = '\0';
  more[self->count].line = line;
  more[self->count].value = sign + 1;
  self->secrets = more;
  ++self->count;
  return true;
}

static bool read_lines(secret_store* self, FILE* file) {
  bool is_read = true;
  for (;;) {
    char* line = NULL;
    size_t room = 0;
    if (!is_read || getline(&line, &room, file) < 0) {
      free(line);
      return is_read;
    }
    is_read = add_line(self, line);
  }
}

static void init(void* context, mecha_task task) {
  secret_store* self = context;
  /* The library has seen to it that the field is there. */
  const mecha_view path = self->host->setting_text(self->host, "file");
  char name[4096];
  if (path.size >= sizeof name) {
    complete_with(self->host, task, MECHA_INVALID_ARGUMENT, "the path in file is too long");
    return;
  }
  memcpy(name, path.data, path.size);
  name[path.size] = '\0';
  FILE* file = fopen(name, "re");
  if (file == NULL) {
    char message[4200];
    snprintf(message, sizeof message, "the file %s cannot be read. Correct the field file", name);
    complete_with(self->host, task, MECHA_FAILED_PRECONDITION, message);
    return;
  }
  const bool is_read = read_lines(self, file);
  fclose(file);
  complete_with(self->host, task, is_read ? MECHA_OK : MECHA_NO_MEMORY, NULL);
}

static mecha_outcome_item item_of(const secret* from) {
  mecha_outcome_item item = {0};
  item.group = mecha_view_of(from->line);
  item.key = item.group;
  item.value = mecha_view_of(from->value);
  return item;
}

static void get(void* context, mecha_task task, const mecha_secret_request* request) {
  const secret_store* self = context;
  for (size_t i = 0; i < self->count; ++i) {
    const mecha_outcome_item item = item_of(&self->secrets[i]);
    if (item.key.size == request->name.size &&
        memcmp(item.key.data, request->name.data, request->name.size) == 0) {
      complete_items(self->host, task, &item, 1);
      return;
    }
  }
  complete_with(self->host, task, MECHA_NOT_FOUND, NULL);
}

static void list(void* context, mecha_task task, const mecha_secret_request* request) {
  const secret_store* self = context;
  (void)request;
  mecha_outcome_item* items = calloc(self->count + 1, sizeof *items);
  if (items == NULL) {
    complete_with(self->host, task, MECHA_NO_MEMORY, NULL);
    return;
  }
  for (size_t i = 0; i < self->count; ++i) {
    items[i] = item_of(&self->secrets[i]);
  }
  complete_items(self->host, task, items, self->count);
  free(items);
}

static const mecha_field fields[] = {
    {.name = "file",
     .description = "A file of lines NAME=VALUE",
     .type = MECHA_FIELD_TEXT,
     .flags = MECHA_FIELD_REQUIRED},
};

static const mecha_secret_functions functions = {
    .struct_size = sizeof(mecha_secret_functions),
    .get = get,
    .list = list,
};

const mecha_component_type example_secret_type = {
    .struct_size = sizeof(mecha_component_type),
    .kind = MECHA_COMPONENT_SECRETS,
    .type = "secretstores.example-c",
    .version = "v1",
    .status = "alpha",
    .description = "A file of lines, as an example of a plug-in.",
    .threads = MECHA_THREADS_INLINE,
    .capabilities = MECHA_IS_EMBEDDED,
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
    .secrets = &functions,
    .create = create,
    .init = init,
    .close = close_store,
};
