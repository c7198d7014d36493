// SPDX-License-Identifier: Apache-2.0
// What TlsOptions name, read and made an SSL_CTX. It does not watch the files: a TlsContext does.
// Blocks on the disk; safe from any thread.
#pragma once

#include <openssl/ssl.h>

#include <string>
#include <string_view>

#include "contract/tls.h"
#include "openssl_library.h"
#include "openssl_pointer.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

using SslContext = OpensslPointer<SSL_CTX, SSL_CTX_free>;

// Whether `pem` names a file, instead of being PEM text or empty.
bool IsFile(const Pem& pem);
// For messages: "caCert (/etc/ca.pem)", or only the setting when it is text.
std::string NameOf(const Pem& pem);

// A context for clients, with everything `options` say. Errors name the setting, the file and what
// is wrong, never what stands in a key.
StatusOr<SslContext> MakeSslContext(const OpensslLibrary& library, const TlsOptions& options);

}  // namespace MECHA_COMPONENT
