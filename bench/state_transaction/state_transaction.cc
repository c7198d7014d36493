// SPDX-License-Identifier: Apache-2.0
// What does one thread get that sets 10 values of 1 KB in one transaction through Mecha's C
// interface, and with the raw client by hand: MULTI, one statement, or BEGIN to COMMIT?
//   state_transaction [--json FILE] [WORD]     only the stores whose name contains WORD
#include "state_bulk/play_stores.h"

int main(int argc, char** argv) {
  static const std::string value(1024, 'v');
  return bench::PlayStores(
      {.bench = "state_transaction",
       .question = "What does a transaction of 10 sets cost, through Mecha and by hand?",
       .row = "transaction of 10 sets of 1 KB",
       .run = [](bench::Contender& contender,
                 size_t turn) { contender.SetTogether(bench::KeysAt(turn, 10), value); }},
      argc, argv);
}
