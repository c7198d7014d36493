// SPDX-License-Identifier: Apache-2.0
#include "support/fault_proxy.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include "support/server_process.h"

namespace mecha::test {
namespace {

// The loopback takes what one read gave; a peer that does not read has its connection ended.
bool SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

}  // namespace

FaultProxy::FaultProxy(uint16_t server_port) : server_port_(server_port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 128) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("FaultProxy: no loopback port");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Run(); });
}

FaultProxy::~FaultProxy() {
  is_ending_.store(true);
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof one);
  thread_.join();
  for (const Link& link : links_) {
    close(link.client);
    close(link.server);
  }
  close(listener_);
  close(wake_);
}

void FaultProxy::Set(std::vector<Faults> faults) {
  const std::lock_guard lock(mutex_);
  faults_ = std::move(faults);
}

std::vector<Faults> FaultProxy::faults() {
  const std::lock_guard lock(mutex_);
  return faults_;
}

bool FaultProxy::Strikes(const Faults& faults) {
  const bool strikes = random_() % 1000 < faults.per_thousand;
  struck_.fetch_add(strikes ? 1 : 0);
  return strikes;
}

// Until the next piece is due; -1 when none waits.
int FaultProxy::Timeout(Time now) const {
  auto next = Time::max();
  for (const Link& link : links_) {
    if (!link.pieces.empty()) {
      next = std::min(next, link.pieces.front().due);
    }
  }
  if (next == Time::max()) {
    return -1;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now);
  return static_cast<int>(std::max<int64_t>(0, left.count()));
}

void FaultProxy::Run() {
  while (!is_ending_.load()) {
    std::vector<pollfd> polled{{wake_, POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const Link& link : links_) {
      polled.push_back({link.client, static_cast<short>(link.is_silent ? POLLRDHUP : POLLIN), 0});
      polled.push_back({link.server, static_cast<short>(link.is_silent ? 0 : POLLIN), 0});
    }
    poll(polled.data(), polled.size(), Timeout(std::chrono::steady_clock::now()));
    size_t i = 2;
    for (Link& link : links_) {
      Serve(link, polled[i].revents, polled[i + 1].revents);
      i += 2;
    }
    std::erase_if(links_, [this](const Link& link) {
      if (link.is_over) {
        held_.fetch_sub(link.pieces.size());
        close(link.client);
        close(link.server);
      }
      return link.is_over;
    });
    if (polled[1].revents != 0) {
      Accept();
    }
    open_.store(links_.size());
  }
}

void FaultProxy::Accept() {
  Link link;
  link.client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  link.server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(server_port_);
  if (link.client < 0 ||
      connect(link.server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(link.client);
    close(link.server);
    return;
  }
  const int one = 1;
  for (const int fd : {link.client, link.server}) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }
  for (const Faults& fault : faults()) {
    link.is_silent |= fault.kind == Faults::Kind::kSilence && Strikes(fault);
  }
  accepted_.fetch_add(1);
  links_.push_back(std::move(link));
}

void FaultProxy::Serve(Link& link, short client, short server) {
  for (const Faults& fault : faults()) {
    if (fault.kind == Faults::Kind::kSilence && fault.per_thousand == 1000) {
      link.is_silent = true;
    }
  }
  if (link.is_silent) {
    link.is_over = (client & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
    return;
  }
  if (client != 0) {
    TakeRequest(link);
  }
  if (server != 0 && !link.is_over) {
    TakeReply(link);
  }
  if (!link.is_over) {
    Deliver(link, std::chrono::steady_clock::now());
  }
}

void FaultProxy::TakeRequest(Link& link) {
  char bytes[16 * 1024];
  const ssize_t count = recv(link.client, bytes, sizeof bytes, MSG_DONTWAIT);
  const bool is_nothing_yet = count < 0 && errno == EAGAIN;
  if (!is_nothing_yet) {
    link.is_over = count <= 0 || !SendAll(link.server, {bytes, static_cast<size_t>(count)});
  }
}

void FaultProxy::TakeReply(Link& link) {
  char bytes[16 * 1024];
  const ssize_t count = recv(link.server, bytes, sizeof bytes, MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) {
    return;
  }
  if (count <= 0) {
    link.is_over = true;
    return;
  }
  const Time now = std::chrono::steady_clock::now();
  Piece piece{now, {bytes, static_cast<size_t>(count)}};
  Piece echo;
  for (const Faults& fault : faults()) {
    if (fault.kind == Faults::Kind::kSilence || !Strikes(fault)) {
      continue;
    }
    switch (fault.kind) {
      case Faults::Kind::kDelay:
        piece.due = now + fault.delay;
        break;
      case Faults::Kind::kTruncate:
        piece.bytes.resize(piece.bytes.size() / 2);
        piece.is_end = true;
        break;
      case Faults::Kind::kCut:
        link.is_over = true;
        return;
      case Faults::Kind::kDuplicate:
        piece.bytes += piece.bytes;
        break;
      case Faults::Kind::kEcho:
        echo = {now + fault.delay, piece.bytes};
        break;
      default:
        break;
    }
  }
  held_.fetch_add(echo.bytes.empty() ? 1 : 2);
  link.pieces.push_back(std::move(piece));
  if (!echo.bytes.empty()) {
    link.pieces.push_back(std::move(echo));
  }
}

// In order, as a stream is: what is late holds back what comes after it.
void FaultProxy::Deliver(Link& link, Time now) {
  while (!link.pieces.empty() && link.pieces.front().due <= now) {
    const Piece piece = std::move(link.pieces.front());
    link.pieces.pop_front();
    link.is_over = !SendAll(link.client, piece.bytes) || piece.is_end;
    held_.fetch_sub(1);
    if (link.is_over) {
      return;
    }
  }
}

}  // namespace mecha::test
