// SPDX-License-Identifier: Apache-2.0
#include "openssl_tls_context.h"

#include <openssl/crypto.h>

#include <string>
#include <utility>

#include "openssl_tls_session.h"

namespace MECHA_COMPONENT {
namespace {

// Shared by a context and its sessions; the key is wiped when the last of them goes.
std::shared_ptr<const TlsOptions> Share(TlsOptions options) {
  return {new TlsOptions(std::move(options)), [](TlsOptions* ended) {
            OPENSSL_cleanse(ended->key.value.data(), ended->key.value.size());
            delete ended;
          }};
}

}  // namespace

bool OpensslTlsContext::FileMark::operator==(const FileMark& other) const {
  return device == other.device && inode == other.inode && size == other.size &&
         changed.tv_sec == other.changed.tv_sec && changed.tv_nsec == other.changed.tv_nsec;
}

OpensslTlsContext::FileMarks OpensslTlsContext::LookAtFiles() const {
  const Pem* pems[] = {&options_->authority, &options_->certificate, &options_->key};
  FileMarks marks;
  for (size_t i = 0; i < marks.size(); ++i) {
    struct stat info {};
    if (IsFile(*pems[i]) && stat(pems[i]->value.c_str(), &info) == 0) {
      marks[i] = {info.st_dev, info.st_ino, info.st_size, info.st_ctim};
    }
  }
  return marks;
}

StatusOr<std::unique_ptr<TlsContext>> OpensslTlsContext::Make(const OpensslLibrary& library,
                                                              TlsOptions options) {
  std::unique_ptr<OpensslTlsContext> made(
      new OpensslTlsContext(library, Share(std::move(options))));
  made->marks_ = made->LookAtFiles();
  ASSIGN_OR_RETURN(made->context_, MakeSslContext(library, *made->options_));
  return made;
}

// Looked at before they are read: what changes in between is seen the next time.
void OpensslTlsContext::RefreshLocked() {
  const FileMarks marks = LookAtFiles();
  if (marks == marks_) {
    return;
  }
  marks_ = marks;
  auto made = MakeSslContext(library_, *options_);
  stale_ = made.status();
  if (made.ok()) {
    context_ = *std::move(made);
  }
}

StatusOr<std::unique_ptr<TlsSession>> OpensslTlsContext::NewSession(std::string_view server) {
  OpensslTlsSession::Origin origin{options_, std::string(server), {}};
  SslContext context;
  {
    const std::lock_guard lock(mutex_);
    RefreshLocked();
    if (!stale_.ok()) {
      origin.remark = "What was read before is in use, for the files have changed and " +
                      std::string(stale_.message());
    }
    SSL_CTX_up_ref(context_.get());
    context.reset(context_.get());
  }
  auto session = std::make_unique<OpensslTlsSession>(std::move(origin));
  RETURN_IF_ERROR(library_.Reseed());
  RETURN_IF_ERROR(session->Start(context.get(), library_.peer_method()));
  return session;
}

}  // namespace MECHA_COMPONENT
