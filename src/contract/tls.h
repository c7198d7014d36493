// SPDX-License-Identifier: Apache-2.0
// TlsContext and TlsSession: the client's side of TLS 1.2 and 1.3, bytes in and bytes out. They own
// no socket, wait for nothing and start no thread.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "result/status.h"
#include "result/status_or.h"

namespace mecha {

// Certificates or a key, as the user gave them.
struct Pem {
  std::string_view setting;  // its name, for messages: "caCert"; a constant
  std::string value;         // PEM text, or else the path of a file with it; empty: not given
};

struct TlsOptions {
  // Who may have signed the server's certificate; without it, whom the system trusts.
  Pem authority{"caCert", {}};
  // How this side shows who it is; both or none.
  Pem certificate{"clientCert", {}};
  Pem key{"clientKey", {}};
  // Takes any certificate of any server.
  bool skips_verification = false;
};

// One connection. Its owner moves the bytes: those from the peer into Room, those of Outgoing to
// the peer. One thread at a time. After an error it may only be destroyed; what is outgoing then
// tells the peer why.
class TlsSession {
 public:
  virtual ~TlsSession() = default;

  // Where to put what came from the peer, never empty; Received says how much came. It stays where
  // it is until Handshake, Read or Received.
  virtual std::span<char> Room() = 0;
  virtual void Received(size_t count) = 0;
  // What the peer must get; valid until the next call but Sent, which says how much has gone.
  virtual std::string_view Outgoing() const = 0;
  virtual void Sent(size_t count) = 0;

  // Goes as far as it can with what came; call it first without anything. True when both sides are
  // done; what is outgoing must still be sent. UNAUTHENTICATED when the server is not who it should
  // be, or wants to know who we are; FAILED_PRECONDITION when it does not speak TLS as we do.
  virtual StatusOr<bool> Handshake() = 0;

  // After the handshake. Encrypts all of `plain` into what is outgoing.
  virtual Status Write(std::string_view plain) = 0;
  // Decrypts into `into`; 0 when more must come from the peer first. UNAVAILABLE when the peer has
  // ended the connection.
  virtual StatusOr<size_t> Read(std::span<char> into) = 0;
  // Puts the farewell into what is outgoing; nothing can be written afterwards.
  virtual void Close() = 0;
};

// What the sessions to one server have in common. Safe from any thread.
class TlsContext {
 public:
  virtual ~TlsContext() = default;

  // For a connection to `server`, a host name or an address that its certificate must be for. Reads
  // the files of the options again when they have changed, so it blocks on the disk. When they
  // cannot be used any more, what they held before is used, and a failed handshake says so.
  virtual StatusOr<std::unique_ptr<TlsSession>> NewSession(std::string_view server) = 0;
};

}  // namespace mecha
