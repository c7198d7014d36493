// SPDX-License-Identifier: Apache-2.0
// OpensslTlsSession: the TlsSession of this module: an SSL over bytes in memory. It reads no file.
// One thread at a time.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <utility>

#include "contract/tls.h"
#include "openssl_pointer.h"
#include "peer_bytes.h"
#include "result/status.h"
#include "result/status_or.h"
#include "tls_error.h"

namespace MECHA_COMPONENT {

class OpensslTlsSession final : public TlsSession {
 public:
  struct Origin {
    std::shared_ptr<const TlsOptions> options;
    std::string server;  // whom the certificate must be for
    std::string remark;  // what a failed handshake should also say
  };

  explicit OpensslTlsSession(Origin origin) : origin_(std::move(origin)) {}

  // Once, first. Both outlive the session, or are counted by it.
  Status Start(SSL_CTX* context, const BIO_METHOD* method);

  std::span<char> Room() override { return bytes_.Room(); }
  void Received(size_t count) override { bytes_.Received(count); }
  std::string_view Outgoing() const override { return bytes_.Outgoing(); }
  void Sent(size_t count) override { bytes_.Sent(count); }

  StatusOr<bool> Handshake() override;
  Status Write(std::string_view plain) override;
  StatusOr<size_t> Read(std::span<char> into) override;
  void Close() override;

 private:
  static int OnCertificate(int is_good, X509_STORE_CTX* store);
  Status SetServer();
  Status FailHandshake();
  StatusOr<size_t> EndRead(int result, size_t count);

  const Origin origin_;
  PeerBytes bytes_;
  RefusedCertificate refused_;
  Status failure_;                     // met after some bytes that went to the reader first
  OpensslPointer<SSL, SSL_free> ssl_;  // uses the bytes: destroyed before them
};

}  // namespace MECHA_COMPONENT
