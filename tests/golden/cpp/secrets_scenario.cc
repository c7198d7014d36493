// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "scenarios.h"

namespace golden {

void RunSecrets(const std::string& folder) {
  const mecha::Runtime runtime = Start(folder);
  const mecha::Secrets secrets = runtime.secrets("secrets");
  Print("token: ", secrets.Get("token")->value());
  Print("database:user: ", secrets.Get("database:user")->value());
  const auto absent = secrets.Get("nothing");
  Print("nothing: ", NameOf(absent), ", found ", YesNo(absent->found()));
  Print("hidden: ", NameOf(secrets.Get("hidden")));
  Print("no name: ", NameOf(secrets.Get("")));
  const auto all = secrets.List();
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < all->size(); ++i) {
    const mecha::Item item = (*all)[i];
    lines.push_back(std::string(item.group) + "/" + std::string(item.key) + " = " +
                    std::string(item.value));
  }
  std::sort(lines.begin(), lines.end());
  Print("list: ", std::to_string(lines.size()));
  for (const std::string& line : lines) Print("  ", line);
  Print("another store: ", NameOf(runtime.secrets("elsewhere").Get("token")));
}

}  // namespace golden
