// SPDX-License-Identifier: Apache-2.0
#include "memcached_connection.h"

#include <utility>

#include "encoding/number.h"
#include "memcached_error.h"

namespace MECHA_COMPONENT {

// STAT NAME NUMBER; other lines say nothing that is needed.
void MemcachedConnection::TakeFact(std::string_view line, Facts* facts) {
  const std::pair<std::string_view, uint64_t*> wanted[] = {
      {"STAT pid ", &facts->process},
      {"STAT time ", &facts->time},
      {"STAT uptime ", &facts->uptime},
      {"STAT item_size_max ", &facts->item_size_max}};
  for (const auto& [start, number] : wanted) {
    if (line.starts_with(start)) {
      *number = ParseNumber<uint64_t>(line.substr(start.size())).value_or(0);
    }
  }
}

StatusOr<MemcachedConnection::Facts> MemcachedConnection::ReadFacts(const CallContext& call) {
  requests_.Clear();
  for (const std::string_view line : {"stats", "stats settings", "mn"}) {
    requests_.AddLine(line);
  }
  RETURN_IF_ERROR(Send(call));
  Facts facts;
  for (;;) {
    ASSIGN_OR_RETURN(const MetaReply* reply, Receive(call));
    const std::string_view code = reply->code();
    if (code == "MN") {
      return facts;
    }
    if (code == "STAT") {
      TakeFact(reply->line, &facts);
    } else if (code != "END") {
      return Fail(ErrorOf(*reply));
    }
  }
}

Status MemcachedConnection::LogIn(const CallContext& call) {
  const auto facts = ReadFacts(call);
  if (!facts.ok()) {
    return MarkApplied(WithPrefix(facts.status(), "log in at " + Name()), Applied::kNo);
  }
  if (facts->time <= facts->uptime || facts->process == 0 || facts->item_size_max == 0) {
    return Fail(FailedPrecondition("log in at " + Name() +
                                   ": the server does not tell its start and its item size limit; "
                                   "this needs memcached 1.6 itself, not a proxy"));
  }
  start_ = {facts->time - facts->uptime, facts->process};
  largest_item_ = facts->item_size_max;
  return OkStatus();
}

Status MemcachedConnection::TakeOver(MemcachedConnection& dead) {
  std::swap(requests_, dead.requests_);
  ForgetSent();
  if (requests_.has_version() && start_ != dead.start_) {
    return Unavailable("the server was started anew before the write was sent");
  }
  return OkStatus();
}

Status MemcachedConnection::Send(const CallContext& call) {
  outstanding_ += requests_.count();
  return SendAll(call, requests_);
}

StatusOr<MetaReply*> MemcachedConnection::Receive(const CallContext& call) {
  for (;;) {
    switch (reader_.Next()) {
      case MetaReplyReader::Progress::kReply:
        // The lines of a listing end with one more reply, END.
        outstanding_ -= reader_.reply().code() == "STAT" ? 0 : 1;
        return &reader_.reply();
      case MetaReplyReader::Progress::kBroken:
        return Fail(WithPrefix(reader_.error(), "receive from " + Name()));
      case MetaReplyReader::Progress::kNeedsMore:
        break;
    }
    ASSIGN_OR_RETURN(const size_t count, Read(call, reader_.Room()));
    reader_.Received(count);
  }
}

Status MemcachedConnection::ErrorOf(const MetaReply& reply) {
  ServerError error = FromServer(reply.line);
  if (error.must_reconnect) {
    MarkBroken();
  }
  return std::move(error.status);
}

}  // namespace MECHA_COMPONENT
