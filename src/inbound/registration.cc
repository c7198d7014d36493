// SPDX-License-Identifier: Apache-2.0
#include "inbound/registration.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace mecha {
namespace {

// How often a wait on the lent loop looks up.
constexpr Duration kLoopStep = std::chrono::milliseconds(10);
// Requests that reach the queue in one step.
constexpr size_t kHandedAtOnce = 64;

bool HasMessageOf(const Request& request, const MessageSource* source) {
  return source == nullptr ||
         std::ranges::any_of(request.messages(), [source](const Offered& message) {
           return message->source.get() == source;
         });
}

// How many from `first` on were handled, are still held, and have one source.
size_t CountHandled(std::span<const Offered> messages, std::span<const Answer> answers,
                    size_t first) {
  size_t end = first;
  while (end < messages.size() && messages[end]->source == messages[first]->source &&
         answers[answers.size() == 1 ? 0 : end].kind == Answer::Kind::kOk &&
         messages[end]->source->Holds(*messages[end])) {
    ++end;
  }
  return end - first;
}

bool IsTakenBack(Answer::Kind kind) {
  return kind == Answer::Kind::kLost || kind == Answer::Kind::kAbandoned ||
         kind == Answer::Kind::kLate;
}

}  // namespace

Registration::Registration(std::shared_ptr<RuntimeHost> host,
                           std::shared_ptr<RequestTable> requests,
                           std::shared_ptr<CompletionQueue> queue, RegistrationOptions options)
    : host_(std::move(host)),
      requests_(std::move(requests)),
      queue_(std::move(queue)),
      options_(options),
      credit_(options.credit) {}

Registration::~Registration() {
  for (const uint64_t timer : {sweep_timer_, batch_timer_}) {
    if (timer != 0) {
      host_->CancelTimer(timer);
    }
  }
}

const std::string* Registration::KeyOf(const Message& message) const {
  switch (options_.ordering) {
    case Ordering::kNone:
      return nullptr;
    case Ordering::kPerKey:
      return message.delivery.key.empty() ? nullptr : &message.delivery.key;
    case Ordering::kSerial:
      return &one_key_;
  }
  return nullptr;
}

void Registration::Offer(std::span<Offered> messages) {
  {
    std::unique_lock lock(mutex_);
    if (!is_held_ && !is_stopped_) {
      for (Offered& message : messages) {
        TakeInLocked(std::move(message), false);
      }
      PumpLocked(lock);
      return;
    }
  }
  for (const Offered& message : messages) {
    message->source->OnAnswer(message.message, {.kind = Answer::Kind::kUnseen});
  }
}

void Registration::OfferAgain(Offered message) {
  {
    std::unique_lock lock(mutex_);
    if (!is_held_ && !is_stopped_) {
      TakeInLocked(std::move(message), true);
      PumpLocked(lock);
      return;
    }
  }
  ReleaseKey(*message);
  message->source->OnAnswer(message.message, {.kind = Answer::Kind::kUnseen});
}

void Registration::TakeInLocked(Offered message, bool comes_again) {
  Waiting waiting{std::move(message), comes_again, {}};
  if (options_.is_batch) {
    waiting.since = host_->clock().Now();
  }
  auto place = waiting_.end();
  if (comes_again) {
    place = std::ranges::find_if(waiting_, [&](const Waiting& other) {
      return !other.holds_its_key || IsBeforeLocked(*waiting.message, *other.message);
    });
  }
  waiting_.insert(place, std::move(waiting));
}

// Of two that come again.
bool Registration::IsBeforeLocked(const Message& message, const Message& other) const {
  const std::string* key = KeyOf(message);
  const std::string* other_key = KeyOf(other);
  if (key == nullptr || other_key == nullptr || *key != *other_key) {
    return false;
  }
  const auto line = lines_.find(*key);
  if (line == lines_.end()) {
    return false;
  }
  const auto first = std::ranges::find_if(
      line->second.messages, [&](const Message* one) { return one == &message || one == &other; });
  return first != line->second.messages.end() && *first == &message;
}

void Registration::Forget(const Message& message) {
  ReleaseKey(message);
  Pump();
}

void Registration::ReleaseKey(const Message& message) {
  const std::string* key = KeyOf(message);
  if (key == nullptr) {
    return;
  }
  const std::lock_guard lock(mutex_);
  const auto found = lines_.find(*key);
  if (found != lines_.end()) {
    std::erase(found->second.messages, &message);
    if (found->second.messages.empty()) {
      lines_.erase(found);
    }
  }
}

// One thread at a time makes requests, so that they reach the queue in the order of the messages.
void Registration::Pump() {
  std::unique_lock lock(mutex_);
  PumpLocked(lock);
}

void Registration::PumpLocked(std::unique_lock<ShortMutex>& lock) {
  if (is_pumping_) {
    must_pump_again_ = true;
    return;
  }
  is_pumping_ = true;
  std::array<Request*, kHandedAtOnce> made;
  for (size_t count = 1; count > 0 || must_pump_again_;) {
    must_pump_again_ = false;
    count = 0;
    while (count < made.size() && (made[count] = TakeNextLocked()) != nullptr) {
      ++count;
    }
    if (count > 0) {
      requests_->Add(std::span(made).first(count));
      lock.unlock();
      Hand({made.data(), count});
      lock.lock();
    }
  }
  is_pumping_ = false;
}

Request* Registration::TakeNextLocked() {
  if (is_held_ || is_stopped_ || waiting_.empty() || open_count_ >= credit_ ||
      (options_.is_batch && !IsBatchDueLocked())) {
    return nullptr;
  }
  Request* request = MakeRequestLocked();
  if (request != nullptr) {
    LinkLocked(request);
  }
  return request;
}

Request* Registration::MakeRequestLocked() {
  if (options_.batch_max == 1 && options_.ordering == Ordering::kNone) {
    auto* request =
        new (pool_.get()) Request(shared_from_this(), std::move(waiting_.front().message));
    waiting_.pop_front();
    return request;
  }
  std::vector<Offered> messages = TakeMessagesLocked();
  return messages.empty() ? nullptr
                          : new (pool_.get()) Request(shared_from_this(), std::move(messages));
}

// As many as a request takes, of those that no earlier one holds up.
std::vector<Offered> Registration::TakeMessagesLocked() {
  std::vector<Offered> messages;
  ++requests_made_;
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    const std::string* key = KeyOf(*next->message);
    if (key != nullptr && !TakeTurnLocked(*key, *next)) {
      ++next;
      continue;
    }
    messages.push_back(std::move(next->message));
    next = waiting_.erase(next);
    if (messages.size() == options_.batch_max) {
      break;
    }
  }
  return messages;
}

// True when all before it that are not over are in the same request.
bool Registration::TakeTurnLocked(const std::string& key, const Waiting& waiting) {
  Line& line = lines_[key];
  const size_t before = line.request == requests_made_ ? line.taken : 0;
  if (!waiting.holds_its_key) {
    if (line.messages.size() > before) {
      return false;
    }
    line.messages.push_back(waiting.message.message.get());
  } else if (before >= line.messages.size() ||
             line.messages[before] != waiting.message.message.get()) {
    return false;
  }
  line.request = requests_made_;
  line.taken = before + 1;
  return true;
}

bool Registration::IsBatchDueLocked() {
  if (waiting_.size() >= options_.batch_max) {
    return true;
  }
  const Duration waited = host_->clock().Now() - waiting_.front().since;
  if (waited >= options_.batch_wait) {
    return true;
  }
  if (batch_timer_ == 0) {
    batch_timer_ = host_->RunAfter(options_.batch_wait - waited, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) {
        {
          const std::lock_guard lock(self->mutex_);
          self->batch_timer_ = 0;
        }
        self->Pump();
      }
    });
  }
  return false;
}

void Registration::Hand(std::span<Request* const> requests) {
  std::array<Result*, kHandedAtOnce> results{};
  std::ranges::copy(requests, results.begin());
  if (queue_->DeliverRequests(std::span(results).first(requests.size()))) {
    return;
  }
  // Not Stop: that is for whoever ends the registration, who closed the queue, and does nothing
  // where it has been done.
  Hold();
  for (Request* request : requests) {
    if (request->Claim()) {
      End(*request, {.kind = Answer::Kind::kUnseen});
    }
    request->Release();
  }
}

void Registration::LinkLocked(Request* request) {
  request->after = first_open_;
  if (first_open_ != nullptr) {
    first_open_->before = request;
  }
  first_open_ = request;
  ++open_count_;
  ArmSweepLocked(options_.reply_timeout);
}

void Registration::UnlinkLocked(Request* request) {
  (request->before == nullptr ? first_open_ : request->before->after) = request->after;
  if (request->after != nullptr) {
    request->after->before = request->before;
  }
  request->before = nullptr;
  request->after = nullptr;
  if (--open_count_ == 0) {
    all_answered_.notify_all();
  }
}

void Registration::CountLocked(Answer::Kind kind, size_t messages) {
  if (kind == Answer::Kind::kUnseen) {
    tally_.returned += messages;
  } else if (IsTakenBack(kind)) {
    tally_.abandoned += messages;
  } else {
    tally_.finished += messages;
  }
}

void Registration::EndEach(Request& request, std::span<const Answer> answers) {
  const std::span<const Offered> messages = request.messages();
  bool may_go_on = false;
  {
    const std::lock_guard lock(mutex_);
    UnlinkLocked(&request);
    CountLocked(answers.front().kind, messages.size());
    // Where no key holds them up, those that come after this pump themselves.
    may_go_on = options_.ordering != Ordering::kNone || !waiting_.empty();
  }
  requests_->Remove(request, IsTakenBack(answers.front().kind));
  for (size_t i = 0; i < messages.size();) {
    const Answer& answer = answers[answers.size() == 1 ? 0 : i];
    const size_t count = answer.kind == Answer::Kind::kOk ? CountHandled(messages, answers, i) : 0;
    if (count > 1) {
      TellHandled(messages.subspan(i, count));
    } else {
      TellAnswer(messages[i], answer);
    }
    i += std::max<size_t>(count, 1);
  }
  if (may_go_on) {
    Pump();
  }
}

void Registration::TellAnswer(const Offered& message, Answer answer) {
  if (!message->source->Holds(*message)) {
    answer.kind = Answer::Kind::kLost;
  }
  if (message->source->OnAnswer(message.message, answer) == MessageSource::Then::kIsOver) {
    ReleaseKey(*message);
  }
}

void Registration::TellHandled(std::span<const Offered> messages) {
  messages.front()->source->OnHandled(messages);
  for (const Offered& message : messages) {
    ReleaseKey(*message);
  }
}

void Registration::SetCredit(uint32_t credit) {
  {
    const std::lock_guard lock(mutex_);
    credit_ = credit;
  }
  TellWindow();
  Pump();
}

uint32_t Registration::credit() const {
  const std::lock_guard lock(mutex_);
  return credit_;
}

uint32_t Registration::window() const {
  const std::lock_guard lock(mutex_);
  const uint64_t room = is_held_ || is_stopped_ ? 0 : uint64_t{credit_} * options_.batch_max;
  return static_cast<uint32_t>(std::min<uint64_t>(room, std::numeric_limits<uint32_t>::max()));
}

void Registration::TellWindow() {
  if (window_listener_) {
    window_listener_();
  }
}

void Registration::Hold() {
  {
    const std::lock_guard lock(mutex_);
    is_held_ = true;
  }
  ReturnUnseen(nullptr);
  TellWindow();
}

void Registration::Resume() {
  {
    const std::lock_guard lock(mutex_);
    is_held_ = false;
  }
  TellWindow();
}

void Registration::Stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }
  ReturnUnseen(nullptr);
  TellWindow();
}

bool Registration::is_stopped() const {
  const std::lock_guard lock(mutex_);
  return is_stopped_;
}

void Registration::Withdraw(const MessageSource& source) {
  ReturnUnseen(&source);
  Pump();
}

template <class IsWanted>
size_t Registration::AnswerWaiting(IsWanted is_wanted, Answer::Kind kind) {
  std::vector<Waiting> taken;
  {
    const std::lock_guard lock(mutex_);
    std::deque<Waiting> kept;
    for (Waiting& waiting : waiting_) {
      (is_wanted(waiting.message) ? taken.emplace_back() : kept.emplace_back()) =
          std::move(waiting);
    }
    waiting_ = std::move(kept);
    CountLocked(kind, taken.size());
  }
  for (const Waiting& waiting : taken) {
    if (waiting.holds_its_key) {
      ReleaseKey(*waiting.message);
    }
    waiting.message->source->OnAnswer(waiting.message.message, {.kind = kind});
  }
  return taken.size();
}

void Registration::ReturnUnseen(const MessageSource* source) {
  AnswerWaiting(
      [source](const Offered& message) {
        return source == nullptr || message->source.get() == source;
      },
      Answer::Kind::kUnseen);
  EndAll(CollectOpen([source](const Request& request) { return HasMessageOf(request, source); }),
         Answer::Kind::kUnseen, true);
}

template <class IsWanted>
std::vector<Request*> Registration::CollectOpen(IsWanted is_wanted) {
  const std::lock_guard lock(mutex_);
  std::vector<Request*> found;
  for (Request* request = first_open_; request != nullptr; request = request->after) {
    if (is_wanted(*request)) {
      request->Retain();
      found.push_back(request);
    }
  }
  return found;
}

// Those that somebody else ends at the same time are left to them.
void Registration::EndAll(const std::vector<Request*>& requests, Answer::Kind kind,
                          bool unseen_only) {
  for (Request* request : requests) {
    if (request->Claim(unseen_only)) {
      End(*request, {.kind = kind});
    }
    request->Release();
  }
}

void Registration::Abandon(const MessageSource* source) {
  ReturnUnseen(source);
  EndAll(CollectOpen([source](const Request& request) { return HasMessageOf(request, source); }),
         Answer::Kind::kAbandoned, false);
}

bool Registration::Lose(const Message& message) {
  const auto is_it = [&message](const Offered& one) { return one.message.get() == &message; };
  if (AnswerWaiting(is_it, Answer::Kind::kLost) > 0) {
    Pump();
    return true;
  }
  // Of a batch the others go on; its handler may still answer for them.
  const auto requests = CollectOpen([&](const Request& request) {
    return request.messages().size() == 1 && is_it(request.messages().front());
  });
  EndAll(requests, Answer::Kind::kLost, false);
  return !requests.empty();
}

size_t Registration::open() const {
  const std::lock_guard lock(mutex_);
  return open_count_;
}

bool Registration::AwaitAnswers(Deadline deadline) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (open_count_ > 0) {
    const Duration left = deadline.Remaining(host_->clock().Now());
    if (left == Duration::zero()) {
      return false;
    }
    if (host_->host_runs_loop()) {
      lock.unlock();
      host_->loop().Run(std::min(left, kLoopStep));
      lock.lock();
    } else {
      // In steps, because tests move the clock.
      all_answered_.wait_for(lock, std::min<Duration>(left, std::chrono::milliseconds(100)));
    }
  }
  return true;
}

Registration::Tally Registration::tally() const {
  const std::lock_guard lock(mutex_);
  return tally_;
}

void Registration::ArmSweepLocked(Duration after) {
  if (sweep_timer_ != 0) {
    return;
  }
  sweep_timer_ = host_->RunAfter(after, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->Sweep();
    }
  });
}

// Ends what was not answered in time. What is taken later than this has a later time.
void Registration::Sweep() {
  const SteadyTime now = host_->clock().Now();
  const auto late =
      CollectOpen([now](const Request& request) { return request.reply_by() <= now; });
  EndAll(late, Answer::Kind::kLate, false);
  const std::lock_guard lock(mutex_);
  sweep_timer_ = 0;
  SteadyTime next = Deadline::After(now, options_.reply_timeout).at();
  for (Request* request = first_open_; request != nullptr; request = request->after) {
    next = std::min(next, request->reply_by());
  }
  if (first_open_ != nullptr) {
    ArmSweepLocked(std::max(next - now, Duration(std::chrono::milliseconds(1))));
  }
}

}  // namespace mecha
