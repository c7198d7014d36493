/* SPDX-License-Identifier: Apache-2.0 */
/* What a probe reports of itself: one "name value" per line on standard output. Plain C, because a
 * C++ host would already have loaded part of what is measured. */
#ifndef MECHA_BENCH_FOOTPRINT_PROCESS_NUMBERS_H
#define MECHA_BENCH_FOOTPRINT_PROCESS_NUMBERS_H

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static inline double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* A line of /proc/self/smaps_rollup, in KB. */
static inline long memory_kb(const char* name) {
  char line[256];
  long value = -1;
  FILE* file = fopen("/proc/self/smaps_rollup", "r");
  if (file == NULL) return -1;
  while (fgets(line, sizeof(line), file) != NULL) {
    if (strncmp(line, name, strlen(name)) == 0) sscanf(line + strlen(name), ": %ld", &value);
  }
  fclose(file);
  return value;
}

static inline int count_entries(const char* folder) {
  int count = 0;
  struct dirent* entry;
  DIR* handle = opendir(folder);
  if (handle == NULL) return -1;
  while ((entry = readdir(handle)) != NULL) count += entry->d_name[0] != '.';
  closedir(handle);
  return count;
}

static inline void print_process(void) {
  printf("rss_kb %ld\n", memory_kb("Rss"));
  printf("private_dirty_kb %ld\n", memory_kb("Private_Dirty"));
  printf("threads %d\n", count_entries("/proc/self/task"));
  printf("descriptors %d\n", count_entries("/proc/self/fd") - 1);
}

#endif /* MECHA_BENCH_FOOTPRINT_PROCESS_NUMBERS_H */
