// SPDX-License-Identifier: Apache-2.0
#include "connection/tls_fields.h"

#include <utility>

#include "contract/cryptography.h"
#include "result/status_or.h"

namespace mecha::components {

Status ReadTls(const Settings& settings, Host& host, ConnectionOptions* options) {
  const auto cryptography = host.LoadCryptography();
  if (!cryptography.ok()) {
    return WithPrefix(cryptography.status(), options->tls_field);
  }
  TlsOptions tls;
  tls.authority.value = settings.Text("caCert");
  tls.certificate.value = settings.Text("clientCert");
  tls.key.value = settings.Text("clientKey");
  tls.skips_verification = settings.Boolean("insecureSkipTLSVerify");
  auto context = (*cryptography)->NewTlsContext(std::move(tls));
  if (!context.ok()) {
    return WithPrefix(context.status(), options->tls_field);
  }
  options->tls = *std::move(context);
  options->tls_server = settings.Text("tlsServerName");
  return OkStatus();
}

}  // namespace mecha::components
