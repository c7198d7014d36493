// SPDX-License-Identifier: Apache-2.0
#include "openssl_tls_session.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "openssl_error.h"

namespace MECHA_COMPONENT {
namespace {

// Of this thread, also the host's. To clear a list that is empty takes OpenSSL long.
void ForgetErrors() {
  if (ERR_peek_error() != 0) {
    ERR_clear_error();
  }
}

}  // namespace

// The first certificate that is refused; what follows from that says less.
int OpensslTlsSession::OnCertificate(int is_good, X509_STORE_CTX* store) {
  const void* ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
  auto* self = static_cast<OpensslTlsSession*>(SSL_get_app_data(static_cast<const SSL*>(ssl)));
  X509* certificate = X509_STORE_CTX_get_current_cert(store);
  if (is_good == 0 && self->refused_.error == X509_V_OK && certificate != nullptr) {
    X509_up_ref(certificate);
    self->refused_.certificate.reset(certificate);
    self->refused_.error = X509_STORE_CTX_get_error(store);
  }
  return is_good;
}

Status OpensslTlsSession::Start(SSL_CTX* context, const BIO_METHOD* method) {
  ERR_clear_error();
  ssl_.reset(SSL_new(context));
  BIO* bio = ssl_ == nullptr ? nullptr : bytes_.MakeBio(method);
  if (bio == nullptr) {
    return OpensslFailed("start a TLS session");
  }
  SSL_set_bio(ssl_.get(), bio, bio);  // which takes it
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_connect_state(ssl_.get());
  return SetServer();
}

Status OpensslTlsSession::SetServer() {
  X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl_.get());
  const bool is_address = X509_VERIFY_PARAM_set1_ip_asc(parameters, origin_.server.c_str()) == 1;
  ERR_clear_error();
  // An address is no server name, says RFC 6066.
  bool is_set = is_address || SSL_set_tlsext_host_name(ssl_.get(), origin_.server.c_str()) == 1;
  if (origin_.options->skips_verification) {
    SSL_set_verify(ssl_.get(), SSL_VERIFY_NONE, nullptr);
    return is_set ? OkStatus() : OpensslFailed("name the server");
  }
  SSL_set_verify(ssl_.get(), SSL_VERIFY_PEER, OnCertificate);
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  is_set = is_set && (is_address || X509_VERIFY_PARAM_set1_host(parameters, origin_.server.data(),
                                                                origin_.server.size()) == 1);
  return is_set ? OkStatus() : OpensslFailed("name the server");
}

StatusOr<bool> OpensslTlsSession::Handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    return true;
  }
  if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ) {
    return false;
  }
  return FailHandshake();
}

Status OpensslTlsSession::FailHandshake() {
  Status status;
  if (refused_.error != X509_V_OK) {
    status = FromRefused(refused_, *origin_.options, origin_.server);
    ERR_clear_error();
  } else {
    status = FromTls(true, *origin_.options);
  }
  if (origin_.remark.empty()) {
    return status;
  }
  return Status(status.code(), std::string(status.message()) + ". " + origin_.remark);
}

Status OpensslTlsSession::Write(std::string_view plain) {
  ForgetErrors();
  size_t written = 0;
  if (plain.empty() || SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &written) == 1) {
    return OkStatus();
  }
  return FromTls(false, *origin_.options);
}

StatusOr<size_t> OpensslTlsSession::Read(std::span<char> into) {
  RETURN_IF_ERROR(failure_);
  if (!bytes_.has_unread() && SSL_has_pending(ssl_.get()) == 0) {
    return size_t{0};  // to ask OpenSSL for that costs as much as a record
  }
  ForgetErrors();
  size_t count = 0;
  while (count < into.size()) {
    size_t read = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data() + count, into.size() - count, &read);
    if (result != 1) {
      return EndRead(result, count);
    }
    count += read;
    if (!bytes_.has_unread() && SSL_has_pending(ssl_.get()) == 0) {
      break;  // it would only say that it needs more
    }
  }
  return count;
}

// Nothing more can be read now; `count` bytes were.
StatusOr<size_t> OpensslTlsSession::EndRead(int result, size_t count) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return count;
    case SSL_ERROR_ZERO_RETURN:
      failure_ = Unavailable("connection closed by the server");
      break;
    default:
      failure_ = FromTls(false, *origin_.options);
  }
  if (count == 0) {
    return failure_;
  }
  return count;
}

void OpensslTlsSession::Close() {
  if (failure_.ok() && SSL_is_init_finished(ssl_.get()) == 1) {
    SSL_shutdown(ssl_.get());
  }
  ERR_clear_error();
}

}  // namespace MECHA_COMPONENT
