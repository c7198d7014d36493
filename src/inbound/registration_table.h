// SPDX-License-Identifier: Apache-2.0
// RegistrationTable: what a host serves at this moment. Safe from any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "inbound/registration.h"

namespace mecha {

class RegistrationTable {
 public:
  void Add(std::shared_ptr<Registration> registration);
  // Once it is stopped and drained.
  void Remove(const Registration& registration);

  // For a runtime that rests and comes back.
  void HoldAll();
  void ResumeAll();
  void StopAll();

  std::vector<std::shared_ptr<Registration>> all() const;
  // What each has finished, returned and abandoned so far, as a JSON array.
  std::string ReportJson() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Registration>> registrations_;
};

// One of them, as a JSON object.
std::string ReportJson(const Registration& registration);

}  // namespace mecha
