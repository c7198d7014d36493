// SPDX-License-Identifier: Apache-2.0
#include "order_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>

namespace orders {

bool OrderFile::Open(const std::string& path, std::string& problem) {
  if (path == "-") {
    name_ = "standard input";
    input_ = &std::cin;
    return true;
  }
  name_ = path;
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    problem = "cannot read orders from " + path + ": it is a folder";
    return false;
  }
  file_.open(path);
  input_ = &file_;
  if (file_.is_open()) return true;
  problem = "cannot read orders from " + path + ": " + std::strerror(errno);
  return false;
}

bool OrderFile::Next(Line& line) {
  const std::lock_guard lock(mutex_);
  while (std::getline(*input_, line.text)) {
    line.number = ++number_;
    if (line.text.find_first_not_of(" \t\r") != std::string::npos) return true;
  }
  return false;
}

std::string OrderFile::PlaceOf(const Line& line) const {
  return name_ + ":" + std::to_string(line.number);
}

}  // namespace orders
