// SPDX-License-Identifier: Apache-2.0
#include "queue_file.h"

#include <chrono>
#include <string>
#include <utility>

#include "network_file_system.h"
#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

// Rung so often even while more is expected all the time.
constexpr Duration kLongestSilence = std::chrono::milliseconds(1);

}  // namespace

QueueFile::QueueFile(QueueSettings settings, Host& host)
    : settings_(std::move(settings)),
      host_(host),
      database_(settings_.database, layout_, host),
      group_(database_, host),
      upkeep_(settings_.retention),
      feeds_(std::make_shared<FeedList>(host)) {}

Status QueueFile::Open(const CallContext& call) {
  const std::string& file = settings_.database.location.file;
  RETURN_IF_ERROR(CheckLocalFile(file));
  RETURN_IF_ERROR(database_.Open(call));
  if (!wake_file_.has_value()) {
    wake_file_.emplace(file, host_);
  }
  return OkStatus();
}

void QueueFile::Close() {
  wake_file_.reset();
  is_listening_ = false;
  database_.Close();
}

void QueueFile::Listen() {
  const std::lock_guard lock(listen_mutex_);
  if (std::exchange(is_listening_, true)) {
    return;
  }
  const Status status = wake_file_->Listen([feeds = feeds_] { feeds->Wake({}); });
  if (!status.ok()) {
    host_.Log(Severity::kWarning, settings_.database.component,
              "messages of other processes are noticed once a second only, because their word "
              "cannot be heard: " +
                  std::string(status.message()));
  }
}

void QueueFile::Announce(std::string_view topic) {
  feeds_->Wake(topic);
  const bool is_last = expected_.fetch_sub(1) == 1;
  const Duration::rep now = host_.clock().Now().time_since_epoch().count();
  const Duration silence(now - last_ring_.load(std::memory_order_relaxed));
  if (is_last || silence >= kLongestSilence) {
    last_ring_.store(now, std::memory_order_relaxed);
    wake_file_->Ring();
  }
}

void QueueUnit::RunAlone(Connection& connection, const CallContext& /*call*/) {
  status = connection.Run(Transaction::kBeginImmediate);
  if (!status.ok()) {
    return;
  }
  status = Apply(connection);
  if (status.ok()) {
    status = file_.upkeep().RunIfDue(connection);
  }
  if (status.ok()) {
    status = connection.Run(Transaction::kCommit);
  }
  connection.RollBack();
}

bool QueueUnit::RunInside(Connection& connection, const CallContext& /*call*/) {
  status = ApplyInside(connection);
  if (connection.is_in_transaction()) {
    // What the upkeep could not do now it does later.
    file_.upkeep().RunIfDue(connection).IgnoreError();
  }
  return connection.is_in_transaction();
}

Status QueueUnit::ApplyInside(Connection& connection) {
  RETURN_IF_ERROR(connection.Run(Transaction::kSavepoint));
  Status applied = Apply(connection);
  if (!connection.is_in_transaction()) {
    return applied;
  }
  Status undone = applied.ok() ? OkStatus() : connection.Run(Transaction::kRollbackTo);
  undone.Update(connection.Run(Transaction::kRelease));
  if (!undone.ok()) {
    // Half a unit must not be committed.
    connection.RollBack();
  }
  return applied.ok() ? undone : applied;
}

}  // namespace MECHA_COMPONENT
