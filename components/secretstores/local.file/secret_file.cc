// SPDX-License-Identifier: Apache-2.0
#include "secret_file.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "encoding/decimal_point.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {
namespace {

constexpr size_t kDeepest = 64;

// Flattens the file while it is parsed, so numbers stay as they are written and no tree is built.
class SecretCollector final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit SecretCollector(const SecretFileOptions& options) : options_(options) {}

  SecretList TakeSecrets() { return std::move(secrets_); }
  const std::string& problem() const { return problem_; }
  size_t error_position() const { return error_position_; }

  bool null() override { return AddValue({}); }
  bool boolean(bool value) override { return AddValue(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return AddValue(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return AddValue(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override {
    return AddValue(WithDecimalPoint(text));
  }
  bool string(string_t& text) override { return AddValue(text); }
  bool binary(binary_t&) override { return Fail("binary data"); }

  bool start_object(std::size_t) override { return Open(/*is_list=*/false); }
  bool start_array(std::size_t) override { return Open(/*is_list=*/true); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& text) override {
    open_.back().name = text;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    error_position_ = position;
    return false;
  }

 private:
  // An object or list that is still open, and the name of the value being read in it.
  struct Level {
    bool is_list = false;
    size_t next_index = 0;
    std::string name;
  };

  bool Fail(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  // Called for every value: gives list entries their number as a name.
  bool BeginValue() {
    if (open_.empty()) {
      return Fail("the file must hold one JSON object. Start it with \"{\"");
    }
    if (open_.back().is_list) {
      open_.back().name = std::to_string(open_.back().next_index++);
    }
    return true;
  }

  bool Open(bool is_list) {
    if (open_.size() >= kDeepest) {
      return Fail("nested deeper than " + std::to_string(kDeepest) + " levels. Make it flatter");
    }
    const bool is_root = open_.empty() && !is_list;
    if (!is_root && !BeginValue()) {
      return false;
    }
    if (options_.is_multi_valued && open_.size() == 1) {
      secrets_.try_emplace(open_.back().name);
    }
    open_.push_back({is_list, 0, {}});
    return true;
  }

  bool Close() {
    open_.pop_back();
    return true;
  }

  std::string NameFrom(size_t level) const {
    std::string name;
    for (size_t i = level; i < open_.size(); ++i) {
      name += i == level ? open_[i].name : std::string(options_.separator) + open_[i].name;
    }
    return name;
  }

  bool AddValue(std::string text) {
    if (!BeginValue()) {
      return false;
    }
    const bool has_keys = options_.is_multi_valued && open_.size() > 1;
    std::string secret = has_keys ? open_.front().name : NameFrom(0);
    std::string key = has_keys ? NameFrom(1) : secret;
    Secret& values = secrets_[secret];
    if (!values.try_emplace(key, std::move(text)).second) {
      return Fail("two values are named \"" + NameFrom(0).substr(0, 64) + "\". Rename one");
    }
    return true;
  }

  const SecretFileOptions& options_;
  SecretList secrets_;
  std::vector<Level> open_;
  std::string problem_;
  size_t error_position_ = 0;
};

// "line 3, column 7" of a position that counts from 1.
std::string PlaceOf(std::string_view text, size_t position) {
  const std::string_view before = text.substr(0, position == 0 ? 0 : position - 1);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 = 0
  return "line " + std::to_string(line) + ", column " +
         std::to_string(before.size() - line_start + 1);
}

}  // namespace

StatusOr<SecretList> ParseSecretFile(std::string_view text, const SecretFileOptions& options) {
  SecretCollector collector(options);
  const bool is_parsed =
      nlohmann::json::sax_parse(text.data(), text.data() + text.size(), &collector);
  if (is_parsed) {
    return collector.TakeSecrets();
  }
  if (!collector.problem().empty()) {
    return InvalidArgument(collector.problem() + ".");
  }
  return InvalidArgument("not valid JSON at " + PlaceOf(text, collector.error_position()) +
                         ". Check the quotes, commas and brackets there.");
}

}  // namespace MECHA_COMPONENT
