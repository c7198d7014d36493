// SPDX-License-Identifier: Apache-2.0
// PlayStores: lets Mecha and the raw client of each store do the same work in turns, from one
// thread, and reports how many times a second each did it. Used by state_bulk and
// state_transaction.
#pragma once

#include <functional>
#include <string>

#include "state_blocking/contender.h"

namespace bench {

struct Work {
  std::string bench;
  std::string question;
  std::string row;  // what each row says after the store's name
  // Does the work once, with keys that `turn` chooses. The keys have values of 1 KB.
  std::function<void(Contender& contender, size_t turn)> run;
};

// `count` keys, some others for each turn.
std::span<const Key> KeysAt(size_t turn, size_t count);

// Returns main's exit code: 0 when every target was met. Words among the arguments choose stores.
int PlayStores(const Work& work, int argc, char** argv);

}  // namespace bench
