// SPDX-License-Identifier: Apache-2.0
#include "tls_error.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string>

#include "certificate_text.h"
#include "openssl_error.h"
#include "tls_settings.h"

namespace MECHA_COMPONENT {
namespace {

Status Unauthenticated(const std::string& message) {
  return Status(StatusCode::kUnauthenticated, message);
}

std::string Trusted(const Pem& authority) {
  return authority.value.empty() ? "what the system trusts" : NameOf(authority);
}

// The certificate is where the chain ended: the server's own, or the last one that it showed.
std::string Untrusted(const RefusedCertificate& refused, const Pem& authority) {
  X509* certificate = refused.certificate.get();
  const std::string put = ", which is not in " + Trusted(authority) +
                          ". Put the certificate of that authority, as PEM, into " +
                          std::string(authority.setting);
  switch (refused.error) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return "the server's certificate " + SubjectOf(certificate) + " is signed by itself" + put;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return "the server's certificate is signed by " + SubjectOf(certificate) + put;
    default:
      return "the certificate " + SubjectOf(certificate) + " of the server is signed by " +
             IssuerOf(certificate) + put;
  }
}

std::string WrongName(X509* certificate, std::string_view server) {
  return "the server's certificate is for " + NamesIn(certificate) + ", not for " +
         std::string(server) +
         ". Connect under a name it is for, set tlsServerName to one, or give the server another "
         "certificate";
}

std::string Explain(const RefusedCertificate& refused, const TlsOptions& options,
                    std::string_view server) {
  X509* certificate = refused.certificate.get();
  switch (refused.error) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return Untrusted(refused, options.authority);
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the certificate " + SubjectOf(certificate) + " of the server expired on " +
             TimeOf(X509_get0_notAfter(certificate)) + ". Renew it there, or set this clock right";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the certificate " + SubjectOf(certificate) + " of the server begins on " +
             TimeOf(X509_get0_notBefore(certificate)) + " only. Set the clocks right";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return WrongName(certificate, server);
    default:
      return "the certificate " + SubjectOf(certificate) +
             " of the server is refused: " + X509_verify_cert_error_string(refused.error) +
             ". Give the server another one";
  }
}

// What the server said before it left, by the numbers of RFC 8446; `words` are OpenSSL's.
Status FromAlert(int alert, bool is_handshake, const TlsOptions& options,
                 const std::string& words) {
  constexpr std::string_view kSet = ". Set clientCert and clientKey";
  const bool has_identity = !options.certificate.value.empty();
  switch (alert) {
    case SSL_AD_HANDSHAKE_FAILURE:
      return Unauthenticated("the server refuses the handshake (" + words + ")" +
                             (has_identity ? ". Its log says why"
                                           : ". If it wants a client certificate, set " +
                                                 std::string(options.certificate.setting)));
    case SSL_AD_CERTIFICATE_REQUIRED:
      return Unauthenticated("the server wants a client certificate" + std::string(kSet));
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_DECRYPT_ERROR:
      return Unauthenticated("the server refuses " +
                             (has_identity
                                  ? "the certificate in " + NameOf(options.certificate) + " (" +
                                        words + "). Give one that its authorities have signed"
                                  : "this client (" + words + ")" + std::string(kSet)));
    case SSL_AD_PROTOCOL_VERSION:
      return FailedPrecondition(
          "the server speaks neither TLS 1.2 nor TLS 1.3. Allow one of them there");
    default:
      return is_handshake ? FailedPrecondition("the server refuses the handshake (" + words +
                                               "). Its log says why")
                          : Unavailable("the server ended TLS (" + words + ")");
  }
}

}  // namespace

Status FromRefused(const RefusedCertificate& refused, const TlsOptions& options,
                   std::string_view server) {
  return Unauthenticated(Explain(refused, options, server));
}

Status FromTls(bool is_handshake, const TlsOptions& options) {
  const unsigned long code = ERR_peek_error();
  const int reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
  const std::string words = TakeReasons();
  if (reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) {
    return FromAlert(reason - SSL_AD_REASON_OFFSET, is_handshake, options, words);
  }
  if (!is_handshake) {
    return Unavailable("TLS with the server failed (" + words + ")");
  }
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_BAD_RECORD_TYPE:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_UNEXPECTED_MESSAGE:
      return FailedPrecondition(
          "what the server answers is not TLS. Name the port where it speaks TLS, or turn TLS off");
    case SSL_R_UNSUPPORTED_PROTOCOL:
      return FailedPrecondition(
          "the server speaks neither TLS 1.2 nor TLS 1.3. Allow one of them there");
    default:
      return FailedPrecondition("TLS cannot be agreed upon (" + words + ")");
  }
}

}  // namespace MECHA_COMPONENT
