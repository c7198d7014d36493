// SPDX-License-Identifier: Apache-2.0
#include "runtime/runtime.h"

#include <array>
#include <utility>

#include "call/environment.h"
#include "encoding/nearest_name.h"
#include "encoding/quoted.h"
#include "encoding/uuid.h"
#include "operation/plain_result.h"
#include "plugins/plugin_loader.h"
#include "pubsub/topic_router.h"
#include "result/status.h"
#include "result/status_or.h"
#include "runtime/component_starter.h"
#include "runtime/resource_operation.h"
#include "runtime/settings_builder.h"

namespace mecha {
namespace {

HostOptions HostOptionsOf(const RuntimeOptions& options) {
  HostOptions host;
  host.threads.stack_bytes = options.settings.thread_stack_bytes;
  host.threads.started = options.thread_started;
  host.threads.stopping = options.thread_stopping;
  host.most_blocking_threads = options.settings.blocking_threads;
  host.host_runs_loop = options.host_runs_loop;
  host.load_cryptography = [modules = ModuleLoader(options.settings.module_path)] {
    return modules.LoadCryptography();
  };
  return host;
}

// "v1 or v2", of a type that is there.
std::string VersionsOf(const Registry& registry, std::string_view type) {
  std::string versions;
  for (const Registry::Entry& entry : registry.entries()) {
    if (registry.Find(type, entry.info->version) == &entry) {
      versions += (versions.empty() ? "" : " or ") + std::string(entry.info->version);
    }
  }
  return versions;
}

std::string UnknownType(const Registry& registry, const ComponentDocument& document) {
  const std::vector<std::string_view> types = registry.Types();
  std::string list;
  for (const std::string_view type : types) {
    list += (list.empty() ? "" : ", ") + std::string(type);
  }
  const std::string written = "\"" + document.type + "\"";
  if (registry.HasType(document.type)) {
    return "component type " + written + " has no version \"" +
           (document.version.empty() ? "v1" : document.version) +
           "\" here. Write as spec.version: " + VersionsOf(registry, document.type);
  }
  return "unknown component type " + written + "." + DidYouMean(document.type, types) +
         " Known: " + list;
}

}  // namespace

StatusOr<std::unique_ptr<Runtime>> Runtime::Open(RuntimeOptions options) {
  std::unique_ptr<Runtime> runtime(new Runtime(std::move(options)));
  RETURN_IF_ERROR(runtime->Load());
  return runtime;
}

Runtime::Runtime(RuntimeOptions options)
    : options_(std::move(options)),
      host_(std::make_shared<RuntimeHost>(HostOptionsOf(options_))),
      modules_(options_.settings.module_path) {
  resolver_options_.app_id = options_.app_id;
  resolver_options_.name_space = options_.name_space;
  resolver_options_.uses_environment = options_.uses_environment;
  if (options_.uses_environment) {
    if (resolver_options_.name_space.empty()) {
      resolver_options_.name_space = ReadEnvironment("NAMESPACE").value_or("");
    }
    resolver_options_.pod_name = ReadEnvironment("POD_NAME").value_or("");
    resolver_options_.environment_keys = ReadEnvironment("DAPR_ENV_KEYS");
  }
  starter_ = std::make_unique<ComponentStarter>(
      ComponentStarter::Surroundings{*host_, components_, configuration_, resolver_options_,
                                     options_.settings, [this] { return instance_id(); }});
  serving_ = std::make_unique<Serving>(
      host_, operations_, [this](std::string_view name) { return components_.FindPubSub(name); },
      options_.settings.strictness);
  RenewInstanceId();
  ForwardNotices();
}

Runtime::~Runtime() {
  if (phase() != Gate::Phase::kClosed) {
    Shutdown(Duration::zero(), nullptr).IgnoreError();
  }
  host_->notices().SetListener(nullptr);
}

LoadOptions Runtime::MakeLoadOptions() const {
  LoadOptions load;
  load.app_id = options_.app_id;
  load.name_space = resolver_options_.name_space;
  load.strictness = options_.settings.strictness;
  return load;
}

Status Runtime::Load() {
  options_.register_components(registry_);
  RETURN_IF_ERROR(modules_.RegisterLinked(registry_));
  if (!options_.settings.plugins.empty()) {  // who has none needs no page of that code
    RETURN_IF_ERROR(LoadPlugins(options_.settings.plugins, registry_));
  }
  ASSIGN_OR_RETURN(ResourceSet resources, LoadResources(MakeLoadOptions(), options_.resources));
  Findings findings(options_.settings.strictness);
  configuration_ = std::move(resources.configuration);
  CheckLeftOut(resources.left_out);
  components_.SetLeftOut(std::move(resources.left_out));
  std::vector<std::string> secret_stores;
  for (const ComponentDocument& document : resources.components) {
    if (document.type.starts_with("secretstores.")) {
      secret_stores.push_back(document.name);
    }
  }
  for (ComponentDocument& document : resources.components) {
    CheckReferences(document, resolver_options_, secret_stores, findings);
    RETURN_IF_ERROR(AddComponent(std::move(document), findings));
  }
  AddSubscriptions(std::move(resources.subscriptions), findings);
  for (const auto& warnings : {resources.warnings, findings.warnings()}) {
    for (const std::string& warning : warnings) {
      host_->Log(Severity::kWarning, "", warning);
    }
  }
  return findings.ToStatus();
}

// Rules of others that cannot be used are their problem, so the open goes on; describe tells.
void Runtime::CheckLeftOut(std::vector<LeftOutResource>& left_out) const {
  for (LeftOutResource& one : left_out) {
    if (one.subscription.has_value()) {
      Findings findings(options_.settings.strictness);
      TopicRouter::Create(*one.subscription, findings);
      one.problem = std::string(findings.ToStatus().message());
    }
  }
}

StatusOr<const Registry::Entry*> Runtime::FindType(const ComponentDocument& document) {
  RETURN_IF_ERROR(modules_.Load(document.type, registry_));
  const Registry::Entry* entry = registry_.Find(document.type, document.version);
  if (entry == nullptr) {
    return InvalidArgument(UnknownType(registry_, document));
  }
  return entry;
}

Status Runtime::AddComponent(ComponentDocument document, Findings& findings) {
  const StatusOr<const Registry::Entry*> found = FindType(document);
  if (!found.ok()) {
    const std::string message(found.status().message());
    if (document.ignores_errors) {
      findings.Warn(document.type_location, message + ". Left out, because ignoreErrors is true");
    } else {
      findings.Error(found.status().code(), document.type_location, message);
    }
    return OkStatus();
  }
  const Registry::Entry* entry = *found;
  CheckSettings(document, *entry->info, findings);
  auto slot = std::make_unique<ComponentSlot>();
  Service::Identity identity{
      .name = document.name,
      .block = std::string(entry->info->type.substr(0, entry->info->type.find('.'))),
      .file = document.location.file,
      .line = document.location.line};
  slot->document = std::move(document);
  slot->entry = entry;
  slot->service = std::make_unique<Service>(std::move(identity), *entry->info, *host_, *this);
  components_.Add(std::move(slot));
  return OkStatus();
}

void Runtime::AddSubscriptions(std::vector<SubscriptionDocument> documents, Findings& findings) {
  for (SubscriptionDocument& document : documents) {
    const Location location = document.location;
    if (components_.Find(document.spec.pubsub_name) == nullptr) {
      findings.Warn(location, "the subscription's component \"" + document.spec.pubsub_name +
                                  "\" is not loaded; nothing comes");
    }
    const Status applied = serving_->subscriptions()->Apply(std::move(document));
    if (!applied.ok()) {  // it says where by itself
      findings.Error(applied.code(), {}, std::string(applied.message()));
    }
  }
}

StatusOr<Prepared> Runtime::ApplyResources(const CallOptions& call, std::string_view text) {
  ASSIGN_OR_RETURN(ResourceSet resources, LoadResources(MakeLoadOptions(), {.texts = {text}}));
  if (!resources.components.empty()) {
    return Unimplemented(
        "components cannot change while the runtime runs; open another runtime with them");
  }
  if (resources.subscriptions.empty()) {
    return InvalidArgument("no document of kind Subscription for this application is in the text");
  }
  return Prepared{new ResourceOperation(own_target(), call, serving_->subscriptions(),
                                        {.applied = std::move(resources.subscriptions)}),
                  {}};
}

StatusOr<Prepared> Runtime::DeleteResource(const CallOptions& call, std::string_view kind,
                                           std::string_view name) {
  if (kind != "Subscription") {
    return Unimplemented("only a Subscription can be deleted while the runtime runs, not a " +
                         Quoted(kind));
  }
  return Prepared{new ResourceOperation(own_target(), call, serving_->subscriptions(),
                                        {.deleted = std::string(name)}),
                  {}};
}

// First in, then the look: whoever takes the request back waits for those inside.
Status Runtime::EnterWithin(uint64_t request) {
  gate_.Force();
  const Status open = serving_->requests().Check(request);
  if (!open.ok() || phase() == Gate::Phase::kOpened) {
    gate_.Leave();
    return Status(StatusCode::kGone, "the request named in mecha_call.within is not open");
  }
  return OkStatus();
}

void Runtime::OnOperationEnd(Operation& operation) {
  if (operation.id() != 0) {
    operations_->Remove(operation.id());
  }
  gate_.Leave();
}

Status Runtime::Cancel(uint64_t id) {
  Operation* operation = operations_->Find(id);
  if (operation == nullptr) {
    return NotFound();
  }
  operation->Stop(StopCause::kCancelled);
  operation->Release();
  return OkStatus();
}

StatusOr<std::shared_ptr<CompletionQueue>> Runtime::OpenQueue(QueueOptions options) {
  if (phase() == Gate::Phase::kClosed) {
    return StatusOf(StopCause::kClosed);
  }
  auto queue = std::make_shared<CompletionQueue>(host_, std::move(options));
  const std::lock_guard lock(mutex_);
  std::erase_if(queues_, [](const auto& known) { return known.expired(); });
  queues_.push_back(queue);
  return queue;
}

std::vector<std::shared_ptr<CompletionQueue>> Runtime::LiveQueues() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<CompletionQueue>> live;
  for (const auto& weak : queues_) {
    if (auto queue = weak.lock()) {
      live.push_back(std::move(queue));
    }
  }
  return live;
}

// Log lines as events, for the queues that asked for them.
void Runtime::ForwardNotices() {
  host_->notices().SetListener([this](const Notice& notice) {
    for (const auto& queue : LiveQueues()) {
      if (queue->wants_logs()) {
        queue->DeliverNotice(PlainResult::OfText(notice.component, notice.message,
                                                 static_cast<uint64_t>(notice.severity),
                                                 Result::Kind::kLog));
      }
    }
  });
}

Status Runtime::Ping(const CallContext& call, std::string_view component) {
  ASSIGN_OR_RETURN(ComponentSlot * slot, components_.FindAny(component));
  RETURN_IF_ERROR(slot->service->CheckReady());
  return slot->component()->Ping(call);
}

std::string Runtime::instance_id() const {
  const std::lock_guard lock(mutex_);
  return instance_id_;
}

void Runtime::RenewInstanceId() {
  std::array<unsigned char, 16> random{};
  host_->Random(random);
  const std::lock_guard lock(mutex_);
  instance_id_ = FormatUuid(random);
}

}  // namespace mecha
