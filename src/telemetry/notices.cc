// SPDX-License-Identifier: Apache-2.0
#include "telemetry/notices.h"

#include <algorithm>
#include <utility>

namespace mecha {

void Notices::Add(Severity severity, std::string_view component, std::string_view message) {
  Notice notice{severity, std::string(component), std::string(message), 1};
  Listener listener;
  {
    const std::lock_guard lock(mutex_);
    listener = listener_;
    if (severity >= Severity::kWarning) {
      const auto same = std::ranges::find_if(warnings_, [&](const Notice& known) {
        return known.component == component && known.message == message;
      });
      if (same != warnings_.end()) {
        ++same->count;
      } else if (warnings_.size() < kMostWarnings) {
        warnings_.push_back(notice);
      } else {
        ++dropped_;
      }
    }
  }
  if (listener) {
    listener(notice);
  }
}

std::vector<Notice> Notices::Warnings() const {
  const std::lock_guard lock(mutex_);
  return warnings_;
}

uint64_t Notices::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void Notices::SetListener(Listener listener) {
  const std::lock_guard lock(mutex_);
  listener_ = std::move(listener);
}

}  // namespace mecha
