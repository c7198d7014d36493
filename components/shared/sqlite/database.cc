// SPDX-License-Identifier: Apache-2.0
#include "sqlite/database.h"

#include <sys/stat.h>

#include <algorithm>
#include <string>

#include "result/status.h"
#include "result/status_or.h"

namespace mecha::components {
namespace {

bool IsNonEmptyFile(const std::string& name) {
  struct stat found {};
  return stat(name.c_str(), &found) == 0 && found.st_size > 0;
}

}  // namespace

Lease::~Lease() {
  if (connection_ != nullptr) {
    connection_->WaitFor(nullptr);
    if (is_pooled_) {
      database_->Release(*connection_);
    }
  }
}

Database::Database(DatabaseSettings settings, const Layout& layout, Host& host)
    : settings_(std::move(settings)), layout_(layout), host_(host) {}

Database::~Database() { Close(); }

Status Database::Open(const CallContext& call) {
  if (is_open()) {
    return OkStatus();
  }
  if (!settings_.location.is_in_memory) {
    RETURN_IF_ERROR(OpenFile::CheckNotInherited(settings_.location.file));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, OpenFirst(call));
  connection->WaitFor(&call);
  RETURN_IF_ERROR(Prepare(*connection));
  connection->WaitFor(nullptr);
  if (settings_.location.is_in_memory) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(connection.get());
    readers_.push_back(std::move(connection));
    reader_count_ = 1;
    return OkStatus();
  }
  open_file_ = OpenFile::Add(settings_.location.file);
  writer_ = std::move(connection);
  return OkStatus();
}

// A file in WAL mode whose folder may not be written can only be read as one that nobody changes.
StatusOr<std::unique_ptr<Connection>> Database::OpenFirst(const CallContext& call) {
  const std::string& file = settings_.location.file;
  Status first;
  for (const OpenAs as : {OpenAs::kConfigured, OpenAs::kReadOnly, OpenAs::kImmutable}) {
    if (as == OpenAs::kImmutable && IsNonEmptyFile(file + "-wal")) {
      break;
    }
    auto connection = Connection::Open(settings_, layout_, host_, call, as);
    if (connection.ok()) {
      open_as_ = as;
      if (as == OpenAs::kImmutable) {
        host_.Log(Severity::kWarning, settings_.component,
                  file +
                      ": read as a file that never changes, because its folder is read-only; "
                      "what others write is not seen");
      }
      return connection;
    }
    first.Update(connection.status());
    const bool may_be_read_only = IsFailedPrecondition(connection.status());
    if (!may_be_read_only || !IsNonEmptyFile(file)) {
      break;
    }
  }
  return first;
}

Status Database::Prepare(Connection& connection) {
  is_read_only_ = connection.is_read_only();
  return layout_.Prepare(connection);
}

void Database::Close() {
  idle_.clear();
  readers_.clear();
  reader_count_ = 0;
  writer_.reset();
  open_file_.Remove();
}

Status Database::CheckWritable() const {
  if (!is_read_only_) {
    return OkStatus();
  }
  return FailedPrecondition(settings_.location.file +
                            ": the file or its folder is read-only, or the connectionString says "
                            "so; allow this user to write both");
}

bool Database::waits_for_disk() const {
  const std::string& level = settings_.synchronous;
  return level == "full" || level == "extra" || (level == "normal" && !settings_.uses_wal);
}

CallContext Database::Bounded(const CallContext& call) const {
  CallContext bounded = call;
  if (bounded.deadline.is_never()) {
    bounded.deadline = Deadline::After(host_.clock().Now(), settings_.timeout);
  }
  return bounded;
}

Status Database::CheckCall(const CallContext& call) const {
  RETURN_IF_ERROR(call.waiter->Check());
  if (!call.deadline.is_never() && call.deadline.HasPassed(host_.clock().Now())) {
    return DeadlineExceeded("the deadline passed before the operation could begin");
  }
  return OkStatus();
}

StatusOr<Lease> Database::AcquireWriter(const CallContext& call) {
  if (writer_ == nullptr) {
    return AcquireReader(call);
  }
  return Lease(*this, *writer_, false);
}

StatusOr<Lease> Database::AcquireReader(const CallContext& call) {
  std::unique_lock lock(mutex_);
  if (!idle_.empty()) {
    Connection* connection = idle_.back();
    idle_.pop_back();
    lock.unlock();
    connection->WaitFor(&call);
    return Lease(*this, *connection, true);
  }
  const bool may_open = !settings_.location.is_in_memory && reader_count_ < kMostReaders;
  if (!may_open) {
    return AwaitReader(call, std::move(lock));
  }
  ++reader_count_;
  lock.unlock();
  return OpenReader(call);
}

StatusOr<Lease> Database::OpenReader(const CallContext& call) {
  auto opened = Connection::Open(settings_, layout_, host_, call, open_as_);
  const std::lock_guard lock(mutex_);
  if (!opened.ok()) {
    --reader_count_;
    if (!waiting_.empty()) {
      waiting_.front()->may_try_again = true;
      waiting_.front()->waiter->Notify();
      waiting_.pop_front();
    }
    return opened.status();
  }
  Connection& connection = **opened;
  readers_.push_back(*std::move(opened));
  connection.WaitFor(&call);
  return Lease(*this, connection, true);
}

StatusOr<Lease> Database::AwaitReader(const CallContext& call, std::unique_lock<std::mutex> lock) {
  Waiting self{call.waiter};
  call.waiter->ResetNotification();
  waiting_.push_back(&self);
  const CallContext bounded = Bounded(call);
  Status parked;
  while (parked.ok() && self.given == nullptr && !self.may_try_again) {
    lock.unlock();
    parked = host_.Park(bounded);
    call.waiter->ResetNotification();
    lock.lock();
  }
  std::erase(waiting_, &self);
  lock.unlock();
  if (self.given == nullptr) {
    return parked.ok() ? AcquireReader(call) : parked;
  }
  Lease lease(*this, *self.given, true);
  RETURN_IF_ERROR(parked);
  lease->WaitFor(&call);
  return lease;
}

void Database::Release(Connection& connection) {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) {
    idle_.push_back(&connection);
    return;
  }
  Waiting& next = *waiting_.front();
  waiting_.pop_front();
  next.given = &connection;
  // Under the lock, because `next` may give up and be gone as soon as it gets the lock.
  next.waiter->Notify();
}

}  // namespace mecha::components
