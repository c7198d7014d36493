// SPDX-License-Identifier: Apache-2.0
// What messages say of a certificate. It comes from the other side, so its texts are quoted.
#pragma once

#include <openssl/x509.h>

#include <string>

namespace MECHA_COMPONENT {

// Its subject, or who signed it: the common name, or else all of it.
std::string SubjectOf(X509* certificate);
std::string IssuerOf(X509* certificate);
// The host names and addresses it is for: "a.example", 10.0.0.7; its subject when there are none.
std::string NamesIn(X509* certificate);
// "2026-01-02T03:04:05Z"; "an unknown time" for what is no time.
std::string TimeOf(const ASN1_TIME* time);

}  // namespace MECHA_COMPONENT
