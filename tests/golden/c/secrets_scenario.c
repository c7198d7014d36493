/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios.h"

/* Prints the value, or the status when there is none. */
static void Print(mecha_runtime* rt, const char* what, const char* store, const char* name) {
  mecha_result* result = NULL;
  mecha_item item = {.struct_size = sizeof(item)};
  const mecha_status status = mecha_secret_get(rt, NULL, View(store), View(name), NULL, &result);
  mecha_result_item(result, 0, &item);
  if (status == MECHA_OK) {
    printf("%s: %.*s\n", what, (int)item.value.size, (const char*)item.value.data);
  } else if (mecha_result_error(result, MECHA_RESULT_WHOLE) == NULL) {
    printf("%s: %s, found no\n", what, mecha_status_name(status));
  } else {
    printf("%s: %s\n", what, mecha_status_name(status));
  }
  mecha_result_release(result);
}

static int Compare(const void* left, const void* right) { return strcmp(left, right); }

void RunSecrets(const char* folder) {
  mecha_runtime* rt = Start(folder);
  Print(rt, "token", "secrets", "token");
  Print(rt, "database:user", "secrets", "database:user");
  Print(rt, "nothing", "secrets", "nothing");
  Print(rt, "hidden", "secrets", "hidden");
  Print(rt, "no name", "secrets", "");
  char lines[8][128];
  mecha_result* result = NULL;
  mecha_result_info info = {.struct_size = sizeof(info)};
  mecha_secret_list(rt, NULL, View("secrets"), NULL, &result);
  mecha_result_read(result, &info);
  for (size_t i = 0; i < info.count && i < 8; ++i) {
    mecha_item item = {.struct_size = sizeof(item)};
    mecha_result_item(result, i, &item);
    snprintf(lines[i], sizeof(lines[i]), "%.*s/%.*s = %.*s", (int)item.group.size,
             (const char*)item.group.data, (int)item.key.size, (const char*)item.key.data,
             (int)item.value.size, (const char*)item.value.data);
  }
  mecha_result_release(result);
  qsort(lines, info.count, sizeof(lines[0]), Compare);
  printf("list: %zu\n", info.count);
  for (size_t i = 0; i < info.count; ++i) printf("  %s\n", lines[i]);
  Print(rt, "another store", "elsewhere", "token");
  mecha_runtime_free(rt);
}
