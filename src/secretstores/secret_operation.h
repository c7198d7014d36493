// SPDX-License-Identifier: Apache-2.0
// SecretOperation: reads one secret, or all that this application may see. Its copies of the values
// are wiped when the result is freed.
#pragma once

#include <string>
#include <vector>

#include "secretstores/secret_block.h"

namespace mecha {

class SecretOperation final : public Operation {
 public:
  SecretOperation(SecretBlock& block, const CallOptions& call, Verb verb, std::string_view name);
  ~SecretOperation() override;

 protected:
  void Attempt() override;
  std::unique_ptr<Error> MakeError(const Status& status) override;

 private:
  void Record(SecretList secrets);

  SecretBlock& block_;
  const std::string name_;
  SecretList secrets_;
  std::vector<ResultItem> items_;
};

// Overwrites the bytes so that the compiler cannot leave it out.
void Wipe(std::string& text);
void Wipe(SecretList& secrets);

}  // namespace mecha
