// SPDX-License-Identifier: Apache-2.0
// What does one thread get that reads 100 values of 1 KB at once through Mecha's C interface, and
// with the raw client by hand: one statement, or one pipeline?
//   state_bulk [--json FILE] [WORD]     only the stores whose name contains WORD
#include "state_bulk/play_stores.h"

int main(int argc, char** argv) {
  constexpr size_t kCount = 100;
  return bench::PlayStores(
      {.bench = "state_bulk",
       .question = "What does reading 100 values at once cost, through Mecha and by hand?",
       .row = "get_many of 100 keys of 1 KB",
       .run =
           [](bench::Contender& contender, size_t turn) {
             if (contender.GetMany(bench::KeysAt(turn, kCount)) != kCount * 1024) {
               bench::Fail(contender.name() + ": wrong values");
             }
           }},
      argc, argv);
}
