// SPDX-License-Identifier: Apache-2.0
// OpensslTlsContext: the TlsContext of this module. It looks at its files for each session, and
// reads them again when they have changed. Safe from any thread; the lock is held while it reads.
#pragma once

#include <sys/stat.h>

#include <array>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "contract/tls.h"
#include "openssl_library.h"
#include "result/status.h"
#include "result/status_or.h"
#include "tls_settings.h"

namespace MECHA_COMPONENT {

class OpensslTlsContext final : public TlsContext {
 public:
  // `library` outlives the context.
  static StatusOr<std::unique_ptr<TlsContext>> Make(const OpensslLibrary& library,
                                                    TlsOptions options);
  StatusOr<std::unique_ptr<TlsSession>> NewSession(std::string_view server) override;

 private:
  // What tells that a file was replaced or written to.
  struct FileMark {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = -1;
    timespec changed{};
    bool operator==(const FileMark& other) const;
  };
  using FileMarks = std::array<FileMark, 3>;

  OpensslTlsContext(const OpensslLibrary& library, std::shared_ptr<const TlsOptions> options)
      : library_(library), options_(std::move(options)) {}

  FileMarks LookAtFiles() const;
  void RefreshLocked();

  const OpensslLibrary& library_;
  const std::shared_ptr<const TlsOptions> options_;
  std::mutex mutex_;
  SslContext context_;
  FileMarks marks_;
  Status stale_;  // why the files as they are now cannot be used
};

}  // namespace MECHA_COMPONENT
