// SPDX-License-Identifier: Apache-2.0
#include "sqlite_pub_sub.h"

#include <utility>

#include "contract/component_info.h"
#include "message_rows.h"
#include "publish_unit.h"
#include "queue_feed.h"
#include "queue_settings.h"
#include "result/status.h"
#include "result/status_or.h"
#include "sqlite/open_files.h"

namespace MECHA_COMPONENT {
namespace {

// Carries out `publish` here or later, then calls `done` with it.
template <class WhenDone>
class DeferredPublish final : public DeferredWrite {
 public:
  DeferredPublish(const CallContext& context, QueueFile& file, std::string_view topic,
                  std::span<const OutgoingMessage> messages, WhenDone when_done)
      : DeferredWrite(context, publish),
        publish(file, topic, messages),
        done(std::move(when_done)) {}
  void Complete() override {
    publish.Finish();
    done(publish);
  }

  PublishUnit publish;
  WhenDone done;
};

template <class WhenDone>
void Run(const CallContext& call, QueueFile& file, std::string_view topic,
         std::span<const OutgoingMessage> messages, WhenDone when_done) {
  const Status allowed = file.database().CheckCall(call);
  if (allowed.ok() && !call.may_block) {
    file.group().Defer(std::make_unique<DeferredPublish<WhenDone>>(call, file, topic, messages,
                                                                   std::move(when_done)));
    return;
  }
  PublishUnit publish(file, topic, messages);
  if (allowed.ok()) {
    file.group().Commit(call, publish);
    publish.Finish();
  } else {
    publish.status = allowed;
  }
  when_done(publish);
}

// Finds the group, or creates it.
class SubscribeUnit final : public QueueUnit {
 public:
  SubscribeUnit(QueueFile& file, const SubscribeRequest& request)
      : QueueUnit(file), request_(request) {}
  const GroupIds& ids() const { return ids_; }

 private:
  Status Apply(Connection& connection) override {
    ASSIGN_OR_RETURN(
        ids_, FindGroup(connection, request_.topic, request_.group, file_.settings().retention));
    return OkStatus();
  }

  const SubscribeRequest& request_;
  GroupIds ids_;
};

}  // namespace

Status SqlitePubSub::Init(const CallContext& call, const Settings& settings, Host& host) {
  ASSIGN_OR_RETURN(QueueSettings read, ReadQueueSettings(settings));
  WarnOfSecondSqliteLibrary(host, MECHA_COMPONENT_TYPE);
  for (const std::string& warning : read.database.location.warnings) {
    host.Log(Severity::kWarning, MECHA_COMPONENT_TYPE, warning);
  }
  file_ = std::make_unique<QueueFile>(std::move(read), host);
  return file_->Open(call);
}

Status SqlitePubSub::Ping(const CallContext& call) {
  return file_->group().RunExclusive(call, [](Connection& connection) {
    return connection.QueryText("SELECT value FROM mecha_queue WHERE name = 'version'").status();
  });
}

void SqlitePubSub::Suspend(bool keep_connections) {
  if (!keep_connections) {
    file_->Close();
  }
}

Status SqlitePubSub::Resume(const CallContext& call) { return file_->Open(call); }

void SqlitePubSub::Close() {
  if (file_ != nullptr) {
    file_->Close();
  }
}

void SqlitePubSub::Publish(const CallContext& call, std::string_view topic,
                           const OutgoingMessage& message, Done<std::string> done) {
  Run(call, *file_, topic, {&message, 1}, [done = std::move(done)](PublishUnit& publish) mutable {
    std::move(done)(publish.status.ok() ? std::move(publish.outcomes()[0])
                                        : PublishOutcome(publish.status));
  });
}

void SqlitePubSub::PublishMany(const CallContext& call, std::string_view topic,
                               std::span<const OutgoingMessage> messages,
                               Done<std::vector<PublishOutcome>> done) {
  if (messages.empty()) {
    std::move(done)(std::vector<PublishOutcome>());
    return;
  }
  Run(call, *file_, topic, messages, [done = std::move(done)](PublishUnit& publish) mutable {
    if (publish.status.ok()) {
      std::move(done)(std::move(publish.outcomes()));
    } else {
      std::move(done)(publish.status);
    }
  });
}

StatusOr<std::unique_ptr<Feed>> SqlitePubSub::Subscribe(const CallContext& call,
                                                        const SubscribeRequest& request,
                                                        FeedListener& listener) {
  RETURN_IF_ERROR(file_->database().CheckCall(call));
  SubscribeUnit subscribe(*file_, request);
  file_->group().Commit(call, subscribe);
  RETURN_IF_ERROR(subscribe.status);
  file_->Listen();
  return std::make_unique<QueueFeed>(*file_, request, subscribe.ids(), listener);
}

extern const ComponentInfo kComponentInfo;

namespace {

std::unique_ptr<PubSub> Make() { return std::make_unique<SqlitePubSub>(); }

}  // namespace

MECHA_RUNS_AT_START void Register(Registry& registry) { registry.Add(kComponentInfo, Make); }

}  // namespace MECHA_COMPONENT
