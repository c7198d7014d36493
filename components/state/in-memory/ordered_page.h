// SPDX-License-Identifier: Apache-2.0
// PageOf: one page of a list, merged in key order from several tables. It takes no lock.
#pragma once

#include <span>

#include "contract/state_store.h"
#include "entry_table.h"

namespace MECHA_COMPONENT {

// The position of a page is the last key of the one before, so pages neither repeat nor miss a key
// that stays, whatever is written between them. Costs the page's length times the logarithm of the
// number of tables, plus one search per table.
ListPage PageOf(std::span<const EntryTable* const> tables, const ListRequest& request);

}  // namespace MECHA_COMPONENT
