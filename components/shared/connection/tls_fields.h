// SPDX-License-Identifier: Apache-2.0
// How a component's settings ask for TLS: caCert, clientCert, clientKey, insecureSkipTLSVerify and
// tlsServerName, the same for every component that has them. What turns TLS on is its own field.
#pragma once

#include "connection/connection_options.h"
#include "contract/host.h"
#include "contract/settings.h"
#include "result/status.h"

namespace mecha::components {

// Gives `options` what its connections need for TLS: loads the module and reads the files, so it
// blocks on the disk. Errors begin with options->tls_field, which turned it on.
Status ReadTls(const Settings& settings, Host& host, ConnectionOptions* options);

}  // namespace mecha::components
