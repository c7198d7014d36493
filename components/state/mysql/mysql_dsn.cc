// SPDX-License-Identifier: Apache-2.0
#include "mysql_dsn.h"

#include <algorithm>

#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

constexpr uint16_t kDefaultPort = 3306;

// Options of Dapr's driver that change nothing here: what they ask for holds anyway, or concerns
// the driver's own parts.
constexpr std::string_view kWithoutEffect[] = {
    "allowNativePasswords", "charset", "checkConnLiveness", "columnsWithAlias",
    "interpolateParams",    "loc",     "parseTime",         "rejectReadOnly"};

// Options that ask for something, and do not get it here.
struct Unheard {
  std::string_view name;
  std::string_view advice;
};
constexpr Unheard kUnheard[] = {
    {"collation", "keys are told apart byte by byte in a table made here"},
    {"maxAllowedPacket", "the server's max_allowed_packet counts"},
    {"readTimeout", "set timeoutInSeconds"},
    {"timeout", "set timeoutInSeconds"},
    {"writeTimeout", "set timeoutInSeconds"},
};

Status Wrong(std::string_view what) {
  return InvalidArgument("connectionString: " + std::string(what));
}

Status CheckOption(std::string_view option, std::vector<std::string>* warnings) {
  const size_t equals = option.find('=');
  const std::string_view name = option.substr(0, equals);
  const std::string_view value = equals == option.npos ? "" : option.substr(equals + 1);
  if (name == "tls") {
    return value == "false" ? OkStatus()
                            : Unimplemented(
                                  "connectionString: encrypted connections to MySQL come with a "
                                  "later version; until then leave out tls");
  }
  if (std::ranges::find(kWithoutEffect, name) != std::end(kWithoutEffect)) {
    return OkStatus();
  }
  const auto* const unheard = std::ranges::find(kUnheard, name, &Unheard::name);
  if (unheard != std::end(kUnheard)) {
    warnings->push_back("connectionString: " + std::string(name) + " has no effect here; " +
                        std::string(unheard->advice));
    return OkStatus();
  }
  return Wrong("the option \"" + std::string(name) + "\" is not known here; remove it");
}

Status CheckOptions(std::string_view options, std::vector<std::string>* warnings) {
  while (!options.empty()) {
    const size_t end = std::min(options.find('&'), options.size());
    if (end != 0) {
      RETURN_IF_ERROR(CheckOption(options.substr(0, end), warnings));
    }
    options.remove_prefix(std::min(end + 1, options.size()));
  }
  return OkStatus();
}

// "tcp(host:port)", "tcp" or nothing.
StatusOr<HostAddress> ReadAddress(std::string_view text) {
  const size_t open = text.find('(');
  const std::string_view net = text.substr(0, open);
  if (net == "unix") {
    return Unimplemented("connectionString: unix sockets come with a later version; use tcp(...)");
  }
  if (!net.empty() && net != "tcp") {
    return Wrong("the server is written as tcp(host:port)");
  }
  if (open == text.npos) {
    return HostAddress{"127.0.0.1", kDefaultPort};
  }
  if (!text.ends_with(')')) {
    return Wrong("the closing bracket of tcp(host:port) is missing");
  }
  return ParseHostAddress("connectionString", text.substr(open + 1, text.size() - open - 2),
                          kDefaultPort);
}

}  // namespace

StatusOr<MysqlDsn> ParseDsn(std::string_view text) {
  // The password may hold any of the marks: so the last slash and the last "@" before it count.
  const size_t slash = text.rfind('/');
  if (slash == text.npos) {
    return Wrong("\"/\" is missing; write user:password@tcp(host:3306)/");
  }
  MysqlDsn dsn;
  const std::string_view end = text.substr(slash + 1);
  const size_t question = std::min(end.find('?'), end.size());
  dsn.database = end.substr(0, question);
  RETURN_IF_ERROR(CheckOptions(end.substr(std::min(question + 1, end.size())), &dsn.warnings));
  std::string_view server = text.substr(0, slash);
  const size_t at = server.rfind('@');
  if (at != server.npos) {
    const std::string_view login = server.substr(0, at);
    const size_t colon = std::min(login.find(':'), login.size());
    dsn.user = login.substr(0, colon);
    dsn.password = login.substr(std::min(colon + 1, login.size()));
    server.remove_prefix(at + 1);
  }
  ASSIGN_OR_RETURN(dsn.address, ReadAddress(server));
  return dsn;
}

}  // namespace MECHA_COMPONENT
