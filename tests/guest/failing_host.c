/* SPDX-License-Identifier: Apache-2.0 */
/* Walks through failures a library might be tempted to print: broken YAML, unknown components, an
 * unreachable server, a missing file. It prints nothing itself; its runner checks that nothing is
 * printed at all. */
#include "guest/host.h"

static const char* const kBroken[] = {
    "apiVersion: [",
    "kind: Component",
    "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: x\nspec:\n"
    "  type: state.nowhere\n  version: v1\n",
    "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: x\nspec:\n"
    "  type: state.redis\n  version: v1\n  initTimeout: 1s\n  metadata:\n"
    "  - name: redisHost\n    value: 127.0.0.1:1\n",
    "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: x\nspec:\n"
    "  type: state.sqlite\n  version: v1\n  metadata:\n"
    "  - name: connectionString\n    value: /nowhere/at/all/x.db\n",
    "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: x\nspec:\n"
    "  type: secretstores.local.file\n  version: v1\n  metadata:\n"
    "  - name: secretsFile\n    value: /nowhere/at/all.json\n"};

/* Returns how many of the broken documents were taken for good ones. */
static int open_broken(void) {
  int accepted = 0;
  for (size_t i = 0; i < sizeof(kBroken) / sizeof(kBroken[0]); i++) {
    mecha_view text = host_view(kBroken[i]);
    mecha_runtime_options options = host_options(&text, 1);
    mecha_runtime* rt = NULL;
    mecha_error* error = NULL;
    mecha_status status = mecha_runtime_open(&options, &rt, &error);
    if (status == MECHA_OK) status = mecha_runtime_start(rt, &error);
    /* Every failure comes with words. */
    if (status == MECHA_OK || mecha_error_message(error)[0] == 0) accepted++;
    mecha_error_free(error);
    mecha_runtime_free(rt);
  }
  return accepted;
}

int main(void) {
  mecha_runtime* rt = NULL;
  int accepted = open_broken();
  if (host_start_text(HOST_MEMORY_YAML, &rt) != MECHA_OK) return 1;
  host_set(rt, "nowhere", "key", "value");
  host_set(rt, "memory", "", "value");
  host_set(rt, "memory", "a||b", "value");
  host_expect(rt, "memory", "absent", "value");
  mecha_runtime_free(rt);
  return accepted == 0 ? 0 : 10 + accepted;
}
