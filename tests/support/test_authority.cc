// SPDX-License-Identifier: Apache-2.0
#include "support/test_authority.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace mecha::test {
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;

namespace {

void Require(bool is_right, const char* what) {
  if (!is_right) {
    throw std::runtime_error(std::string("TestAuthority: OpenSSL cannot ") + what);
  }
}

template <class Write>
std::string ToPem(Write write) {
  BIO* bio = BIO_new(BIO_s_mem());
  Require(bio != nullptr && write(bio) == 1, "write PEM");
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string text(bytes, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

std::string ToPem(X509* certificate) {
  return ToPem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

std::string ToPem(EVP_PKEY* key) {
  return ToPem([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

void Extend(X509* certificate, int kind, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
  Require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, "extend");
  X509_EXTENSION_free(extension);
}

// "DNS:a.example,IP:127.0.0.1"
std::string AlternativeNames(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    const bool is_address = name.find_first_not_of("0123456789.:") == name.npos;
    text += (text.empty() ? "" : ",") + std::string(is_address ? "IP:" : "DNS:") + name;
  }
  return text;
}

// Everything but the issuer and the signature.
Certificate Draft(const CertificateWish& wish, EVP_PKEY* key) {
  Certificate draft(X509_new());
  unsigned char number[8];
  RAND_bytes(number, sizeof number);
  number[0] = static_cast<unsigned char>((number[0] & 0x3f) | 0x40);  // positive, and not padded
  ASN1_INTEGER* serial = X509_get_serialNumber(draft.get());
  ASN1_STRING_set(serial, number, sizeof number);
  const auto* subject = reinterpret_cast<const unsigned char*>(wish.subject.c_str());
  constexpr long kDay = 24 * 60 * 60;
  Require(X509_set_version(draft.get(), 2) == 1 &&
              X509_NAME_add_entry_by_txt(X509_get_subject_name(draft.get()), "CN", MBSTRING_UTF8,
                                         subject, -1, -1, 0) == 1 &&
              X509_gmtime_adj(X509_getm_notBefore(draft.get()), wish.valid_from_days * kDay) &&
              X509_gmtime_adj(X509_getm_notAfter(draft.get()), wish.valid_until_days * kDay) &&
              X509_set_pubkey(draft.get(), key) == 1,
          "draft a certificate");
  if (!wish.names.empty()) {
    Extend(draft.get(), NID_subject_alt_name, AlternativeNames(wish.names));
  }
  return draft;
}

void Sign(X509* certificate, X509* issuer, EVP_PKEY* key) {
  Require(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
              X509_sign(certificate, key, EVP_sha256()) > 0,
          "sign");
}

}  // namespace

struct TestAuthority::Own {
  Key key{EVP_EC_gen("P-256")};
  Certificate certificate;
};

TestAuthority::TestAuthority(const std::string& name) : own_(std::make_unique<Own>()) {
  CertificateWish wish;
  wish.subject = name;
  own_->certificate = Draft(wish, own_->key.get());
  Extend(own_->certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  Extend(own_->certificate.get(), NID_key_usage, "critical,keyCertSign");
  Sign(own_->certificate.get(), own_->certificate.get(), own_->key.get());
}

TestAuthority::~TestAuthority() = default;

std::string TestAuthority::certificate() const { return ToPem(own_->certificate.get()); }

TestIdentity TestAuthority::Issue(const CertificateWish& wish) const {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = Draft(wish, key.get());
  Sign(certificate.get(), own_->certificate.get(), own_->key.get());
  return {ToPem(certificate.get()), ToPem(key.get())};
}

TestFolder::TestFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "mecha-tls-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error("TestFolder: no temporary folder: " + pattern);
  }
  path_ = pattern;
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TestFolder::Write(const std::string& name, const std::string& text) const {
  const std::string path = path_ + "/" + name;
  std::ofstream(path + ".new") << text;
  std::filesystem::rename(path + ".new", path);
  return path;
}

}  // namespace mecha::test
