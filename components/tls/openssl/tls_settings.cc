// SPDX-License-Identifier: Apache-2.0
#include "tls_settings.h"

#include <dirent.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <utility>
#include <vector>

#include "call/read_file.h"
#include "openssl_error.h"
#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

using Bio = OpensslPointer<BIO, BIO_free>;
using Certificate = OpensslPointer<X509, X509_free>;
using PrivateKey = OpensslPointer<EVP_PKEY, EVP_PKEY_free>;

constexpr size_t kMostPemBytes = 4 * 1024 * 1024;  // the certificates of a whole system

// What a Pem holds, wiped at the end: it may be a key.
class PemText {
 public:
  PemText(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {}
  PemText(PemText&&) = default;
  PemText& operator=(PemText&&) = delete;
  ~PemText() { OPENSSL_cleanse(text_.data(), text_.size()); }

  const std::string& name() const { return name_; }
  Bio Open() const { return Bio(BIO_new_mem_buf(text_.data(), static_cast<int>(text_.size()))); }

 private:
  std::string name_;
  std::string text_;
};

StatusOr<PemText> ReadPem(const Pem& pem) {
  if (!IsFile(pem)) {
    return PemText(NameOf(pem), pem.value);
  }
  auto text = ReadFile(pem.value, kMostPemBytes);
  if (!text.ok()) {
    return WithPrefix(FailedPrecondition(text.status().message()),
                      std::string(pem.setting) + ", which is PEM text or the path of a file");
  }
  return PemText(NameOf(pem), *std::move(text));
}

// Every certificate of `pem`; there must be one.
StatusOr<std::vector<Certificate>> ReadCertificates(const OpensslLibrary& library, const Pem& pem) {
  ASSIGN_OR_RETURN(const PemText text, ReadPem(pem));
  const Bio bio = text.Open();
  std::vector<Certificate> found;
  ERR_clear_error();
  for (;;) {
    X509* made = X509_new_ex(library.context(), nullptr);
    X509* read = PEM_read_bio_X509(bio.get(), &made, nullptr, nullptr);
    if (read == nullptr) {
      X509_free(made);
      break;
    }
    found.emplace_back(read);
  }
  const bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reasons = TakeReasons();
  if (!is_end) {
    return FailedPrecondition(text.name() + " holds a certificate that cannot be read: " + reasons +
                              ". Give it as PEM");
  }
  if (found.empty()) {
    return FailedPrecondition(text.name() +
                              " holds no certificate. Give it as PEM, which begins with "
                              "-----BEGIN CERTIFICATE-----");
  }
  return found;
}

// For a key with a password, which nobody can be asked for.
int NoPassword(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

StatusOr<PrivateKey> ReadKey(const OpensslLibrary& library, const Pem& pem) {
  ASSIGN_OR_RETURN(const PemText text, ReadPem(pem));
  const Bio bio = text.Open();
  bool asked = false;
  ERR_clear_error();
  PrivateKey key(PEM_read_bio_PrivateKey_ex(bio.get(), nullptr, NoPassword, &asked,
                                            library.context(), nullptr));
  if (key != nullptr) {
    return key;
  }
  const std::string reasons = TakeReasons();
  if (asked) {
    return FailedPrecondition(text.name() + " is a key with a password. Give it without one");
  }
  return FailedPrecondition(text.name() + " holds no private key that can be read: " + reasons +
                            ". Give it as PEM, which begins with -----BEGIN PRIVATE KEY-----");
}

// Whether `folder` is laid out so that OpenSSL finds an authority by the hash of its name there,
// and need not read them all.
bool HasHashes(const char* folder) {
  const OpensslPointer<DIR, closedir> entries(opendir(folder));
  if (entries == nullptr) {
    return false;
  }
  while (const dirent* entry = readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name.size() == 10 && name.ends_with(".0") &&
        name.find_first_not_of("0123456789abcdef") == 8) {
      return true;
    }
  }
  return false;
}

// By the places of OpenSSL, not by the environment variables that it would read.
Status TrustSystem(SSL_CTX* context) {
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  const char* folder = X509_get_default_cert_dir();
  const char* file = X509_get_default_cert_file();
  ERR_clear_error();
  const bool is_found = HasHashes(folder) ? X509_STORE_load_path(store, folder) == 1
                                          : X509_STORE_load_file(store, file) == 1;
  if (is_found) {
    return OkStatus();
  }
  TakeReasons();
  return FailedPrecondition("the system's certificates are neither in the folder " +
                            std::string(folder) + " nor in the file " + file +
                            ". Install ca-certificates, or set caCert");
}

Status SetTrust(const OpensslLibrary& library, const TlsOptions& options, SSL_CTX* context) {
  // The certificate of the server itself may be the one that is trusted, as in Go.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context),
                              X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
  if (options.authority.value.empty()) {
    return options.skips_verification ? OkStatus() : TrustSystem(context);
  }
  ASSIGN_OR_RETURN(const auto authorities, ReadCertificates(library, options.authority));
  for (const Certificate& authority : authorities) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) != 1) {
      return OpensslFailed("keep the certificates of " + NameOf(options.authority));
    }
  }
  return OkStatus();
}

Status SetIdentity(const OpensslLibrary& library, const TlsOptions& options, SSL_CTX* context) {
  const Pem& certificate = options.certificate;
  if (certificate.value.empty() != options.key.value.empty()) {
    return InvalidArgument(std::string(certificate.setting) + " and " +
                           std::string(options.key.setting) +
                           " belong together. Give both or none");
  }
  if (certificate.value.empty()) {
    return OkStatus();
  }
  ASSIGN_OR_RETURN(const auto chain, ReadCertificates(library, certificate));
  ASSIGN_OR_RETURN(const PrivateKey key, ReadKey(library, options.key));
  if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
    TakeReasons();
    return FailedPrecondition(NameOf(options.key) + " is not the key of the certificate in " +
                              NameOf(certificate) + ". Give the two that were made together");
  }
  bool is_set = SSL_CTX_use_certificate(context, chain.front().get()) == 1 &&
                SSL_CTX_use_PrivateKey(context, key.get()) == 1;
  for (size_t i = 1; i < chain.size(); ++i) {
    is_set = is_set && SSL_CTX_add1_chain_cert(context, chain[i].get()) == 1;
  }
  return is_set ? OkStatus()
                : FailedPrecondition(NameOf(certificate) + " cannot be used: " + TakeReasons() +
                                     ". Give a certificate that today's TLS accepts");
}

}  // namespace

bool IsFile(const Pem& pem) {
  return !pem.value.empty() && pem.value.find("-----BEGIN ") == pem.value.npos;
}

std::string NameOf(const Pem& pem) {
  return std::string(pem.setting) + (IsFile(pem) ? " (" + pem.value + ")" : "");
}

StatusOr<SslContext> MakeSslContext(const OpensslLibrary& library, const TlsOptions& options) {
  ERR_clear_error();
  SslContext context(SSL_CTX_new_ex(library.context(), nullptr, TLS_client_method()));
  if (context == nullptr || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) {
    return OpensslFailed("make a context for TLS");
  }
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_read_ahead(context.get(), 1);
  RETURN_IF_ERROR(SetTrust(library, options, context.get()));
  RETURN_IF_ERROR(SetIdentity(library, options, context.get()));
  return context;
}

}  // namespace MECHA_COMPONENT
