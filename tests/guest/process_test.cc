// SPDX-License-Identifier: Apache-2.0
// The rest of the process around a runtime: other runtimes, the locale, the environment.
#include <clocale>
#include <locale>

#include "guest/guest.h"

namespace mecha::guest {
namespace {

// 1234.5 becomes "1.234,5", as in Germany.
class CommaDecimals : public std::numpunct<char> {
 protected:
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

std::string Describe(mecha_runtime* runtime) {
  mecha_result* result = nullptr;
  REQUIRE(mecha_runtime_describe(runtime, &result) == MECHA_OK);
  mecha_item item{};
  item.struct_size = sizeof item;
  REQUIRE(mecha_result_item(result, 0, &item) == MECHA_OK);
  std::string text(static_cast<const char*>(item.value.data), item.value.size);
  mecha_result_release(result);
  return text;
}

std::string Metrics(mecha_runtime* runtime) {
  mecha_result* result = nullptr;
  REQUIRE(mecha_metrics_read(runtime, &result) == MECHA_OK);
  mecha_item item{};
  item.struct_size = sizeof item;
  REQUIRE(mecha_result_item(result, 0, &item) == MECHA_OK);
  std::string text(static_cast<const char*>(item.value.data), item.value.size);
  mecha_result_release(result);
  return text;
}

// Sets the host's locales for one scope: C++ with commas, C to the first German one there is.
class CommaLocale {
 public:
  CommaLocale() : before_(std::locale()) {
    std::locale::global(std::locale(std::locale::classic(), new CommaDecimals));
    for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "C.UTF-8"}) {
      if (setlocale(LC_ALL, name) != nullptr) {
        break;
      }
    }
  }
  CommaLocale(const CommaLocale&) = delete;
  CommaLocale& operator=(const CommaLocale&) = delete;
  ~CommaLocale() {
    std::locale::global(before_);
    setlocale(LC_ALL, "C");
  }

 private:
  std::locale before_;
};

// Numbers, durations and sizes in every notation the YAML allows.
std::string NumbersYaml(const std::string& file) {
  return "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: file\nspec:\n"
         "  type: state.sqlite\n  version: v1\n  initTimeout: 12500ms\n  metadata:\n"
         "  - name: connectionString\n    value: \"" +
         file +
         "\"\n  - name: timeoutInSeconds\n    value: 12345\n"
         "  - name: cleanupInterval\n    value: 1.5h\n";
}

TEST_CASE("a host with a comma-decimal locale gets the same numbers in YAML and JSON") {
  const TemporaryFolder folder;
  const std::string yaml = HOST_MEMORY_YAML "---\n" + NumbersYaml(folder.File("locale.db"));
  const auto use = [&] {
    Guest guest(yaml);
    for (int i = 0; i < 1500; ++i) {
      REQUIRE(host_use(guest.get(), "memory") == MECHA_OK);  // counters over a thousand
    }
    REQUIRE(host_use(guest.get(), "file") == MECHA_OK);
    return std::pair(Describe(guest.get()), Metrics(guest.get()));
  };
  const auto plain = use();
  const CommaLocale comma;
  const auto [description, metrics] = use();
  // A grouped number would read "1.500" or "3.000"; the counters are 1500 in both.
  CHECK(description.find("1500") != std::string::npos);
  CHECK(description.find("1.500") == std::string::npos);
  CHECK(metrics.find("1500") != std::string::npos);
  CHECK(metrics.find("1.500") == std::string::npos);
  CHECK(std::locale().name() != "C");
  // Digits aside (times differ from run to run) both have one shape.
  const auto without_digits = [](std::string text) {
    std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
    return text;
  };
  CHECK(std::count(description.begin(), description.end(), ',') ==
        std::count(plain.first.begin(), plain.first.end(), ','));
  CHECK(without_digits(metrics).size() <= without_digits(plain.second).size() + 64);
}

TEST_CASE("two runtimes with different YAML keep their components and data apart") {
  const TemporaryFolder folder;
  Guest first(HOST_MEMORY_YAML);
  Guest second(HOST_MEMORY_YAML "---\n" + SqliteYaml(folder.File("second.db")));
  REQUIRE(host_set(first.get(), "memory", "key", "first") == MECHA_OK);
  REQUIRE(host_set(second.get(), "memory", "key", "second") == MECHA_OK);
  REQUIRE(host_use(second.get(), "file") == MECHA_OK);
  CHECK(host_expect(first.get(), "memory", "key", "first") == MECHA_OK);
  CHECK(host_expect(second.get(), "memory", "key", "second") == MECHA_OK);
  CHECK(host_use(first.get(), "file") == MECHA_NOT_FOUND);
  REQUIRE(mecha_runtime_shutdown(first.get(), 0, nullptr) == MECHA_OK);
  CHECK(host_use(first.get(), "memory") == MECHA_CLOSED);
  CHECK(host_expect(second.get(), "memory", "key", "second") == MECHA_OK);
}

TEST_CASE("two runtimes on one SQLite file see each other's writes and lose none") {
  const TemporaryFolder folder;
  const std::string yaml = SqliteYaml(folder.File("both.db"));
  Guest first(yaml);
  {
    Guest second(yaml);
    for (int i = 0; i < 50; ++i) {
      REQUIRE(host_set(first.get(), "file", ("a" + std::to_string(i)).c_str(), "1") == MECHA_OK);
      REQUIRE(host_set(second.get(), "file", ("b" + std::to_string(i)).c_str(), "2") == MECHA_OK);
    }
  }
  for (int i = 0; i < 50; ++i) {
    CHECK(host_expect(first.get(), "file", ("b" + std::to_string(i)).c_str(), "2") == MECHA_OK);
  }
}

TEST_CASE("the environment is read only when the host says so") {
  REQUIRE(setenv("MECHA_GUEST_SECRET", "from outside", 1) == 0);
  const std::string yaml =
      "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: variables\nspec:\n"
      "  type: secretstores.local.env\n  version: v1\n";
  const mecha_view text = host_view(yaml.c_str());
  mecha_runtime_options options = host_options(&text, 1);
  options.flags = MECHA_OPEN_USE_ENVIRONMENT;
  mecha_runtime* runtime = nullptr;
  REQUIRE(host_start(&options, &runtime) == MECHA_OK);
  mecha_result* result = nullptr;
  CHECK(mecha_secret_get(runtime, nullptr, host_view("variables"), host_view("MECHA_GUEST_SECRET"),
                         nullptr, &result) == MECHA_OK);
  mecha_result_release(result);
  mecha_runtime_free(runtime);
  REQUIRE(unsetenv("MECHA_GUEST_SECRET") == 0);
}

}  // namespace
}  // namespace mecha::guest
