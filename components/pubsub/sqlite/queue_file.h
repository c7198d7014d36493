// SPDX-License-Identifier: Apache-2.0
// QueueFile: the open queue: its database, the line of its writers, its upkeep, and who is told of
// new messages, in this process and in others. It does not know what is written (QueueUnit does).
// Commit, Defer and the announcements are safe from any thread; Open and Close run while nothing is
// under way.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "feed_list.h"
#include "queue_layout.h"
#include "queue_settings.h"
#include "sqlite/commit_group.h"
#include "sqlite/database.h"
#include "upkeep.h"
#include "wake_file.h"

namespace MECHA_COMPONENT {

class QueueFile {
 public:
  // `host` outlives it.
  QueueFile(QueueSettings settings, Host& host);
  ~QueueFile() { Close(); }

  Status Open(const CallContext& call);
  void Close();

  // Hears other processes from now on. Where that cannot be, a look once a second has to do.
  void Listen();

  // A unit that may publish something: Expect when it runs for the first time, Announce when its
  // outcome is known. The last of those that are expected rings for all, so that units which share
  // a transaction cost one word to the other processes.
  void Expect() { expected_.fetch_add(1); }
  void Announce(std::string_view topic);

  Database& database() { return database_; }
  CommitGroup& group() { return group_; }
  Upkeep& upkeep() { return upkeep_; }
  const std::shared_ptr<FeedList>& feeds() const { return feeds_; }
  const QueueSettings& settings() const { return settings_; }
  Host& host() { return host_; }

 private:
  const QueueSettings settings_;
  const QueueLayout layout_;
  Host& host_;
  Database database_;
  CommitGroup group_;
  Upkeep upkeep_;
  const std::shared_ptr<FeedList> feeds_;
  std::mutex listen_mutex_;
  bool is_listening_ = false;
  std::optional<WakeFile> wake_file_;
  std::atomic<int> expected_{0};
  std::atomic<Duration::rep> last_ring_{0};
};

// What is written to the queue in one piece, besides some upkeep.
class QueueUnit : public CommitUnit {
 public:
  explicit QueueUnit(QueueFile& file) : file_(file) {}

  void RunAlone(Connection& connection, const CallContext& call) final;
  bool RunInside(Connection& connection, const CallContext& call) final;

 protected:
  // In a transaction; what it did before an error is undone.
  virtual Status Apply(Connection& connection) = 0;

  QueueFile& file_;

 private:
  Status ApplyInside(Connection& connection);
};

}  // namespace MECHA_COMPONENT
