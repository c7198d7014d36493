// SPDX-License-Identifier: Apache-2.0
// What a failed step of TLS means, in words that say what can be done. One table for certificates,
// one for what the server says or does.
#pragma once

#include <openssl/x509_vfy.h>

#include <string_view>

#include "contract/tls.h"
#include "openssl_pointer.h"
#include "result/status.h"

namespace MECHA_COMPONENT {

// A certificate that was refused, and why: what OpenSSL showed while it looked at the chain.
struct RefusedCertificate {
  int error = X509_V_OK;
  OpensslPointer<X509, X509_free> certificate;
};

// `server`: whom the certificate should have been for.
Status FromRefused(const RefusedCertificate& refused, const TlsOptions& options,
                   std::string_view server);

// Takes the reasons off the thread's list. `is_handshake`: nothing could be exchanged yet.
Status FromTls(bool is_handshake, const TlsOptions& options);

}  // namespace MECHA_COMPONENT
