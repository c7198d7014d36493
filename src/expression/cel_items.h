// SPDX-License-Identifier: Apache-2.0
// CelItems: walks over a list of either kind, in memory or in JSON text. Maps are walked with
// JsonWalk. One thread; the list and the arena outlive it.
#pragma once

#include <cstddef>
#include <optional>

#include "expression/cel_json.h"
#include "expression/cel_value.h"

namespace mecha {

class CelItems {
 public:
  CelItems(const CelValue& list, CelArena& arena);
  // Nothing at the end; an error when the text is no JSON.
  std::optional<CelValue> Next();

 private:
  CelArena& arena_;
  const CelValue list_;
  size_t next_ = 0;
  JsonWalk walk_;
};

}  // namespace mecha
