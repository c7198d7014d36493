/* SPDX-License-Identifier: Apache-2.0 */
/* The peer: a C program linked to hiredis and sqlite3 alone, as a host without Mecha would be. With
 * an argument, a database file, it uses SQLite as the store does. */
#include <hiredis/hiredis.h>
#include <sqlite3.h>

#include "process_numbers.h"

int main(int argc, char** argv) {
  sqlite3* database = NULL;
  redisReader* reader = redisReaderCreate();
  if (reader == NULL || sqlite3_libversion_number() == 0) return 2;
  if (argc > 1) {
    if (sqlite3_open(argv[1], &database) != SQLITE_OK ||
        sqlite3_exec(database,
                     "PRAGMA journal_mode=WAL; CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY "
                     "KEY, value TEXT); INSERT OR REPLACE INTO state VALUES ('key', 'value')",
                     NULL, NULL, NULL) != SQLITE_OK) {
      return 3;
    }
  }
  print_process();
  sqlite3_close(database);
  redisReaderFree(reader);
  return 0;
}
