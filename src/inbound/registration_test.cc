// SPDX-License-Identifier: Apache-2.0
#include "inbound/registration.h"

#include <array>
#include <atomic>
#include <limits>
#include <map>
#include <mutex>
#include <thread>

#include "support/catch.h"
#include "support/moment.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;
using test::AwaitThat;
using Kind = Answer::Kind;
using Then = MessageSource::Then;

std::string_view NameOf(Kind kind) {
  constexpr std::array<std::string_view, 7> kNames{"ok",     "retry",     "drop", "late",
                                                   "unseen", "abandoned", "lost"};
  return kNames[static_cast<size_t>(kind)];
}

// Notes what became of its messages. What is answered with RETRY comes again when `keeps_retries`.
class FakeSource final : public MessageSource {
 public:
  const Names& names() const override { return names_; }
  Duration lease() const override { return Duration::zero(); }
  bool Holds(const Message& message) const override {
    const std::lock_guard lock(mutex_);
    return std::ranges::find(lost_, message.delivery.id) == lost_.end();
  }
  Then OnAnswer(const MessagePtr& message, const Answer& answer) override {
    const std::lock_guard lock(mutex_);
    answers_ += (answers_.empty() ? "" : " ") + message->delivery.id + ":";
    answers_ += NameOf(answer.kind);
    ++count_;
    return keeps_retries && answer.kind == Kind::kRetry ? Then::kComesAgain : Then::kIsOver;
  }

  void OnHandled(std::span<const Offered> messages) override {
    MessageSource::OnHandled(messages);
    most_together_ = std::max(most_together_.load(), messages.size());
  }
  size_t most_together() const { return most_together_; }

  void Lose(const std::string& id) {
    const std::lock_guard lock(mutex_);
    lost_.push_back(id);
  }
  // "a:ok b:retry", and forgets them.
  std::string answers() {
    const std::lock_guard lock(mutex_);
    return std::exchange(answers_, {});
  }
  size_t count() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }

  std::atomic<bool> keeps_retries{false};

 private:
  const Names names_{"messages", "orders", ""};
  mutable std::mutex mutex_;
  std::vector<std::string> lost_;
  std::string answers_;
  size_t count_ = 0;
  std::atomic<size_t> most_together_{0};
};

struct World {
  explicit World(RegistrationOptions options = {}, QueueOptions queue_options = {})
      : host(std::make_shared<RuntimeHost>(HostOptions{})),
        requests(std::make_shared<RequestTable>(host->clock())),
        queue(std::make_shared<CompletionQueue>(host, std::move(queue_options))),
        registration(std::make_shared<Registration>(host, requests, queue, options)),
        source(std::make_shared<FakeSource>()) {}
  ~World() {
    registration->Stop();
    registration->Abandon(nullptr);
    queue->Close();
    queue->AwaitDropped(1s);
    host->pool().Finish();
    host->loop().Finish();
  }

  MessagePtr Make(const std::string& id, const std::string& key = "") const {
    return MakeOf(source, id, key);
  }
  static MessagePtr MakeOf(const std::shared_ptr<FakeSource>& from, const std::string& id,
                           const std::string& key = "") {
    auto message = std::make_shared<Message>();
    message->source = from;
    message->delivery.id = id;
    message->delivery.key = key;
    message->delivery.payload = Buffer::CopyOf("data of " + id);
    return message;
  }
  MessagePtr Offer(const std::string& id, const std::string& key = "") {
    MessagePtr message = Make(id, key);
    registration->Offer({.message = message});
    return message;
  }

  // The ids of what came, requests parted by blanks and entries by "+"; open until Reply.
  std::string Take() {
    std::array<Result*, 16> taken{};
    std::string ids;
    const auto count = queue->Poll(taken);
    for (size_t i = 0; count.ok() && i < *count; ++i) {
      auto* request = static_cast<Request*>(taken[i]);
      std::string id;
      for (const Offered& one : request->messages()) {
        id += (id.empty() ? "" : "+") + one->delivery.id;
      }
      ids += (ids.empty() ? "" : " ") + id;
      taken_[id] = request->id();
      request->Release();
    }
    return ids;
  }
  uint64_t IdOf(const std::string& name) { return taken_.at(name); }
  StatusCode Reply(const std::string& name, Kind kind = Kind::kOk) {
    return requests->Reply(IdOf(name), {.whole = {.kind = kind}}).code();
  }

  std::shared_ptr<RuntimeHost> host;
  std::shared_ptr<RequestTable> requests;
  std::shared_ptr<CompletionQueue> queue;
  std::shared_ptr<Registration> registration;
  std::shared_ptr<FakeSource> source;

 private:
  std::map<std::string, uint64_t> taken_;
};

RegistrationOptions Batches(uint32_t most, Ordering ordering = Ordering::kNone,
                            Duration wait = Duration::zero()) {
  return {.is_batch = true, .batch_max = most, .batch_wait = wait, .ordering = ordering};
}

TEST_CASE("messages come in order and no more than the credit allows", "[registration]") {
  World world({.token = 7, .credit = 2});
  for (const char* id : {"a", "b", "c", "d"}) {
    world.Offer(id);
  }
  CHECK(world.Take() == "a b");
  CHECK(world.registration->open() == 2);
  CHECK(world.requests->size() == 2);
  CHECK(world.Reply("a") == StatusCode::kOk);
  CHECK(world.Take() == "c");
  CHECK(world.Reply("b", Kind::kDrop) == StatusCode::kOk);
  CHECK(world.Take() == "d");
  CHECK(world.source->answers() == "a:ok b:drop");

  world.registration->SetCredit(0);
  world.Offer("e");
  CHECK(world.Reply("c") == StatusCode::kOk);
  CHECK(world.Reply("d") == StatusCode::kOk);
  CHECK(world.Take().empty());
  CHECK(world.registration->window() == 0);
  world.registration->SetCredit(1);
  CHECK(world.Take() == "e");
  CHECK(world.Reply("e") == StatusCode::kOk);
  CHECK(world.registration->open() == 0);
  CHECK(world.requests->size() == 0);
  CHECK(world.registration->tally().finished == 5);
}

TEST_CASE("a request is answered once", "[registration]") {
  World world;
  world.Offer("a");
  CHECK(world.Take() == "a");
  CHECK(world.requests->Check(world.IdOf("a")).ok());
  CHECK(world.requests
            ->Reply(world.IdOf("a"),
                    {.has_entries = true, .entries = std::array{HostReply::Entry{.index = 1}}})
            .code() == StatusCode::kInvalidArgument);
  CHECK(world.Reply("a") == StatusCode::kOk);
  CHECK(world.Reply("a", Kind::kRetry) == StatusCode::kGone);
  CHECK(world.requests->Check(world.IdOf("a")).code() == StatusCode::kGone);
  CHECK(world.requests->Extend(world.IdOf("a"), 1s).code() == StatusCode::kGone);
  CHECK(world.source->answers() == "a:ok");
}

TEST_CASE("many threads answer, take back and offer, and each message has one answer",
          "[registration]") {
  constexpr size_t kMessages = 4000;
  World world({.credit = 32});
  std::atomic<bool> is_over{false};
  std::thread taker([&] {
    while (!is_over.load()) {
      std::array<Result*, 16> taken{};
      const auto count = world.queue->Poll(taken);
      for (size_t i = 0; count.ok() && i < *count; ++i) {
        const uint64_t id = taken[i]->id();
        std::thread other;
        if (i == 0) {
          other = std::thread([&, id] { world.requests->Reply(id, {}).IgnoreError(); });
        }
        world.requests->Reply(id, {.whole = {.kind = Kind::kDrop}}).IgnoreError();
        if (other.joinable()) {
          other.join();
        }
        taken[i]->Release();
      }
    }
  });
  std::thread disturber([&] {
    while (!is_over.load()) {
      world.registration->Withdraw(*world.source);
      world.registration->Abandon(world.source.get());
      world.registration->Hold();
      world.registration->Resume();
    }
  });
  for (size_t i = 0; i < kMessages; ++i) {
    world.Offer("m");
  }
  CHECK(AwaitThat([&] { return world.source->count() == kMessages; }));
  is_over.store(true);
  taker.join();
  disturber.join();
  CHECK(world.source->count() == kMessages);
  CHECK(world.registration->open() == 0);
  CHECK(world.requests->size() == 0);
}

TEST_CASE("messages of a key come one at a time", "[registration]") {
  World world({.ordering = Ordering::kPerKey});
  world.Offer("a1", "a");
  world.Offer("a2", "a");
  world.Offer("b1", "b");
  world.Offer("none1");
  world.Offer("none2");
  CHECK(world.Take() == "a1 b1 none1 none2");
  CHECK(world.Reply("b1") == StatusCode::kOk);
  CHECK(world.Take().empty());
  CHECK(world.Reply("a1") == StatusCode::kOk);
  CHECK(world.Take() == "a2");
}

TEST_CASE("a message that comes again holds up those behind it", "[registration]") {
  const auto ordering = GENERATE(Ordering::kPerKey, Ordering::kSerial);
  World world({.ordering = ordering});
  world.source->keeps_retries = true;
  const MessagePtr first = world.Offer("a1", "a");
  world.Offer("a2", "a");
  CHECK(world.Take() == "a1");
  CHECK(world.Reply("a1", Kind::kRetry) == StatusCode::kOk);
  CHECK(world.Take().empty());
  SECTION("until it was handled") {
    world.registration->OfferAgain({.message = first, .attempt = 2});
    CHECK(world.Take() == "a1");
    CHECK(world.Reply("a1") == StatusCode::kOk);
    CHECK(world.Take() == "a2");
  }
  SECTION("until it is forgotten") {
    world.registration->Forget(*first);
    CHECK(world.Take() == "a2");
  }
  SECTION("until it is lost while it waits for credit") {
    world.registration->SetCredit(0);
    world.registration->OfferAgain({.message = first, .attempt = 2});
    world.source->Lose("a1");
    CHECK(world.registration->Lose(*first));
    world.registration->SetCredit(1);
    CHECK(world.Take() == "a2");
  }
}

TEST_CASE("one at a time is one at a time", "[registration]") {
  World world({.ordering = Ordering::kSerial});
  world.Offer("a", "x");
  world.Offer("b", "y");
  world.Offer("c");
  for (const char* id : {"a", "b", "c"}) {
    CHECK(world.Take() == id);
    CHECK(world.Take().empty());
    CHECK(world.Reply(id) == StatusCode::kOk);
  }
}

TEST_CASE("a batch fills, or waits no longer", "[registration]") {
  World world(Batches(3, Ordering::kNone, 20s));
  world.Offer("a");
  world.Offer("b");
  CHECK(world.Take().empty());
  world.Offer("c");
  CHECK(world.Take() == "a+b+c");
  world.Offer("d");
  world.host->AdvanceClock(20s);
  CHECK(AwaitThat([&] { return world.Take() == "d"; }));
  const std::array entries{HostReply::Entry{0, {.kind = Kind::kOk}},
                           HostReply::Entry{2, {.kind = Kind::kDrop}}};
  CHECK(world.requests->Reply(world.IdOf("a+b+c"), {.has_entries = true, .entries = entries}).ok());
  CHECK(world.source->answers() == "a:ok b:retry c:drop");
}

TEST_CASE("of a batch those come again in their order", "[registration]") {
  const auto ordering = GENERATE(Ordering::kPerKey, Ordering::kSerial);
  World world(Batches(3, ordering));
  world.source->keeps_retries = true;
  world.registration->SetCredit(0);
  std::vector<MessagePtr> messages;
  for (const char* id : {"a1", "a2", "a3", "a4"}) {
    messages.push_back(world.Offer(id, "a"));
  }
  world.registration->SetCredit(64);
  CHECK(world.Take() == "a1+a2+a3");
  CHECK(world.Reply("a1+a2+a3", Kind::kRetry) == StatusCode::kOk);
  const auto again = [&](size_t index) {
    world.registration->OfferAgain({.message = messages[index], .attempt = 2});
  };
  SECTION("when they come together") {
    world.registration->SetCredit(0);
    again(0);
    again(1);
    again(2);
    world.registration->SetCredit(64);
    CHECK(world.Take() == "a1+a2+a3");
    CHECK(world.Reply("a1+a2+a3") == StatusCode::kOk);
  }
  SECTION("when a later one is ready earlier") {
    again(1);
    CHECK(world.Take().empty());
    again(0);
    CHECK(world.Take() == "a1+a2");
    CHECK(world.Reply("a1+a2") == StatusCode::kOk);
    CHECK(world.Take().empty());
    again(2);
    CHECK(world.Take() == "a3+a4");
    CHECK(world.Reply("a3+a4") == StatusCode::kOk);
  }
  SECTION("when one between them does not come") {
    again(0);
    CHECK(world.Take() == "a1");  // and not a4, for a2 and a3 are to come
    CHECK(world.Reply("a1") == StatusCode::kOk);
    world.registration->Forget(*messages[1]);
    again(2);
    CHECK(world.Take() == "a3+a4");
  }
}

TEST_CASE("what no handler has goes back", "[registration]") {
  World world({.credit = 2});
  const auto other = std::make_shared<FakeSource>();
  world.Offer("a");
  world.registration->Offer({.message = World::MakeOf(other, "x")});
  world.Offer("b");
  SECTION("of one source") {
    world.registration->Withdraw(*world.source);
    CHECK(world.source->answers() == "b:unseen a:unseen");
    CHECK(world.Take() == "x");
  }
  SECTION("while held, and later ones too, until it resumes") {
    world.registration->Hold();
    CHECK(world.source->answers() == "b:unseen a:unseen");
    world.Offer("c");
    CHECK(world.source->answers() == "c:unseen");
    CHECK(other->answers() == "x:unseen");
    CHECK(world.registration->window() == 0);
    CHECK(world.Take().empty());
    world.registration->Resume();
    CHECK(world.registration->window() == 2);
    world.Offer("d");
    CHECK(world.Take() == "d");
  }
  SECTION("but not what one has") {
    CHECK(world.Take() == "a x");
    world.registration->Stop();
    CHECK(world.source->answers() == "b:unseen");
    CHECK(world.registration->tally().returned == 1);
    CHECK(world.Reply("a") == StatusCode::kOk);
    world.registration->Abandon(nullptr);
    CHECK(other->answers() == "x:abandoned");
    CHECK(world.Reply("x") == StatusCode::kGone);
    CHECK(world.requests->Check(world.IdOf("x")).code() == StatusCode::kCancelled);
    CHECK(world.registration->tally().abandoned == 1);
  }
  SECTION("when the queue is closed") {
    world.queue->Close();
    world.queue->AwaitDropped(1s);
    CHECK(world.source->answers() == "a:unseen b:unseen");
    CHECK(other->answers() == "x:unseen");
    world.Offer("late");
    CHECK(world.source->count() == 3);
    CHECK(world.registration->window() == 0);
    CHECK_FALSE(world.registration->is_stopped());  // so that closing the queue still ends it
    CHECK(world.registration->open() == 0);
  }
}

TEST_CASE("a lost lease turns the request cancelled", "[registration]") {
  World world;
  std::vector<uint64_t> cancelled;
  world.requests->SetCancelListener([&](uint64_t id) { cancelled.push_back(id); });
  const MessagePtr message = world.Offer("a");
  CHECK(world.Take() == "a");
  world.source->Lose("a");
  CHECK(world.requests->Check(world.IdOf("a")).code() == StatusCode::kCancelled);
  CHECK(world.requests->Extend(world.IdOf("a"), 1s).code() == StatusCode::kGone);
  SECTION("when it is noticed") {
    CHECK(world.registration->Lose(*message));
    CHECK(!world.registration->Lose(*message));
    CHECK(world.Reply("a") == StatusCode::kGone);
  }
  SECTION("when it is answered first") { CHECK(world.Reply("a") == StatusCode::kGone); }
  CHECK(world.source->answers() == "a:lost");
  CHECK(cancelled == std::vector{world.IdOf("a")});
  CHECK(world.requests->Check(world.IdOf("a")).code() == StatusCode::kCancelled);
}

TEST_CASE("of a batch the handled are told together, the others one by one", "[registration]") {
  World world(Batches(5, Ordering::kNone, 60s));
  for (const char* id : {"a", "b", "c", "d", "e"}) {
    world.Offer(id);
  }
  REQUIRE(world.Take() == "a+b+c+d+e");
  world.source->Lose("d");
  const std::array<HostReply::Entry, 4> entries = {
      HostReply::Entry{0, {.kind = Kind::kOk}}, HostReply::Entry{1, {.kind = Kind::kOk}},
      HostReply::Entry{3, {.kind = Kind::kOk}}, HostReply::Entry{4, {.kind = Kind::kOk}}};
  const HostReply reply{.whole = {}, .has_entries = true, .entries = entries};
  CHECK(world.requests->Reply(world.IdOf("a+b+c+d+e"), reply).ok());
  CHECK(world.source->answers() == "a:ok b:ok c:retry d:lost e:ok");
  CHECK(world.source->most_together() == 2);
  CHECK(world.registration->open() == 0);
}

TEST_CASE("of a batch only the lost message is lost", "[registration]") {
  World world(Batches(2));
  world.registration->SetCredit(0);
  const MessagePtr first = world.Offer("a");
  world.Offer("b");
  world.registration->SetCredit(1);
  CHECK(world.Take() == "a+b");
  world.source->Lose("a");
  CHECK(!world.registration->Lose(*first));
  CHECK(world.Reply("a+b") == StatusCode::kOk);
  CHECK(world.source->answers() == "a:lost b:ok");
}

TEST_CASE("who does not answer in time has answered RETRY", "[registration]") {
  World world({.reply_timeout = 1min});
  world.Offer("a");
  world.Offer("b");
  world.Offer("c");
  std::array<Result*, 2> taken{};
  REQUIRE(*world.queue->Poll(taken) == 2);
  const uint64_t second = taken[1]->id();
  CHECK(static_cast<Request*>(taken[0])->remaining() == 1min);
  CHECK(world.requests->Extend(second, 10min).ok());
  world.host->AdvanceClock(1min);
  CHECK(AwaitThat([&] { return world.source->count() == 1; }));
  CHECK(world.source->answers() == "a:late");
  CHECK(world.requests->Reply(taken[0]->id(), {}).code() == StatusCode::kGone);
  CHECK(world.requests->Check(taken[0]->id()).code() == StatusCode::kCancelled);
  CHECK(world.Take() == "c");  // its time begins when it is taken
  world.host->AdvanceClock(5min);
  CHECK(AwaitThat([&] { return world.source->count() == 2; }));
  CHECK(world.source->answers() == "c:late");
  CHECK(world.requests->Reply(second, {}).ok());
  for (Result* result : taken) {
    result->Release();
  }
}

TEST_CASE("the longest reply timeout is long", "[registration]") {
  World world({.reply_timeout = Duration::max()});
  world.Offer("a");
  CHECK(world.Take() == "a");
  world.host->AdvanceClock(std::chrono::hours(1));
  CHECK(world.requests->Check(world.IdOf("a")).ok());
  CHECK(world.Reply("a") == StatusCode::kOk);
}

TEST_CASE("a window has room for every batch, however large", "[registration]") {
  const auto most = std::numeric_limits<uint32_t>::max();
  CHECK(World(Batches(100)).registration->window() == 6400);
  auto options = Batches(1u << 20);
  options.credit = 1u << 12;
  CHECK(World(options).registration->window() == most);
}

TEST_CASE("a result is good after all else has gone", "[registration]") {
  std::array<Result*, 1> taken{};
  std::weak_ptr<Registration> registration;
  {
    World world;
    registration = world.registration;
    world.Offer("a");
    REQUIRE(*world.queue->Poll(taken) == 1);
  }
  auto* request = static_cast<Request*>(taken[0]);
  CHECK(request->items()[0].value.view() == "data of a");
  CHECK(request->messages()[0]->source->names().topic == "orders");
  CHECK(request->HeadersOf(0).empty());
  request->Release();
  CHECK(registration.expired());
}

TEST_CASE("a request that comes to a queue that closes goes back", "[registration]") {
  std::weak_ptr<CompletionQueue> queue;
  {
    World world({.credit = 100000});
    queue = world.queue;
    std::thread closer([&] {
      AwaitThat([&] { return world.requests->size() > 50; });
      world.queue->Close();
      world.queue->AwaitDropped(1s);
    });
    size_t offered = 0;
    while (world.registration->window() > 0) {
      world.Offer("m");
      ++offered;
    }
    closer.join();
    CHECK(AwaitThat([&] { return world.source->count() == offered; }));
    CHECK(world.requests->size() == 0);
  }
  CHECK(queue.expired());
}

}  // namespace
}  // namespace mecha
