// SPDX-License-Identifier: Apache-2.0
#include "inbound/registration_table.h"

#include <utility>

namespace mecha {

std::string ReportJson(const Registration& registration) {
  const Registration::Tally tally = registration.tally();
  return "{\"token\":" + std::to_string(registration.options().token) +
         ",\"finished\":" + std::to_string(tally.finished) +
         ",\"returned\":" + std::to_string(tally.returned) +
         ",\"abandoned\":" + std::to_string(tally.abandoned) + "}";
}

void RegistrationTable::Add(std::shared_ptr<Registration> registration) {
  const std::lock_guard lock(mutex_);
  registrations_.push_back(std::move(registration));
}

void RegistrationTable::Remove(const Registration& registration) {
  const std::lock_guard lock(mutex_);
  std::erase_if(registrations_, [&](const auto& known) { return known.get() == &registration; });
}

void RegistrationTable::HoldAll() {
  for (const auto& registration : all()) {
    registration->Hold();
  }
}

void RegistrationTable::ResumeAll() {
  for (const auto& registration : all()) {
    registration->Resume();
  }
}

void RegistrationTable::StopAll() {
  for (const auto& registration : all()) {
    registration->Stop();
  }
}

std::vector<std::shared_ptr<Registration>> RegistrationTable::all() const {
  const std::lock_guard lock(mutex_);
  return registrations_;
}

std::string RegistrationTable::ReportJson() const {
  std::string json = "[";
  for (const auto& registration : all()) {
    json += (json.size() == 1 ? "" : ",") + mecha::ReportJson(*registration);
  }
  return json + "]";
}

}  // namespace mecha
