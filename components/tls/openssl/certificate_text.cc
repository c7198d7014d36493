// SPDX-License-Identifier: Apache-2.0
#include "certificate_text.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <ctime>
#include <string_view>

#include "encoding/quoted.h"
#include "encoding/rfc3339.h"
#include "openssl_pointer.h"

namespace MECHA_COMPONENT {
namespace {

constexpr int kMostNames = 8;

std::string_view TextOf(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<size_t>(ASN1_STRING_length(string))};
}

std::string NameText(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at >= 0) {
    return Quoted(TextOf(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at))));
  }
  char whole[256];
  return Quoted(X509_NAME_oneline(name, whole, sizeof whole) == nullptr ? "" : whole);
}

std::string AddressText(std::string_view bytes) {
  char text[INET6_ADDRSTRLEN];
  const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
  const bool is_address = bytes.size() == 4 || bytes.size() == 16;
  return is_address && inet_ntop(family, bytes.data(), text, sizeof text) != nullptr ? text : "";
}

std::string AlternativeName(const GENERAL_NAME* name) {
  switch (name->type) {
    case GEN_DNS:
      return Quoted(TextOf(name->d.dNSName));
    case GEN_IPADD:
      return AddressText(TextOf(name->d.iPAddress));
    default:
      return "";
  }
}

}  // namespace

std::string SubjectOf(X509* certificate) { return NameText(X509_get_subject_name(certificate)); }

std::string IssuerOf(X509* certificate) { return NameText(X509_get_issuer_name(certificate)); }

std::string NamesIn(X509* certificate) {
  const OpensslPointer<GENERAL_NAMES, GENERAL_NAMES_free> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string text;
  int count = 0;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const std::string name = AlternativeName(sk_GENERAL_NAME_value(names.get(), i));
    if (!name.empty() && ++count <= kMostNames) {
      text += (text.empty() ? "" : ", ") + name;
    }
  }
  if (count > kMostNames) {
    text += " and " + std::to_string(count - kMostNames) + " more";
  }
  return text.empty() ? SubjectOf(certificate) : text;
}

std::string TimeOf(const ASN1_TIME* time) {
  tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) {
    return "an unknown time";
  }
  using std::chrono::system_clock;
  return FormatRfc3339(system_clock::from_time_t(timegm(&parts)));
}

}  // namespace MECHA_COMPONENT
