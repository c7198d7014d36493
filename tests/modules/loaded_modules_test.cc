// SPDX-License-Identifier: Apache-2.0
// Modules as a host meets them: through the C interface of libmecha.so and the setting module_path.
#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "mecha/mecha.h"
#include "modules/opened_runtime.h"
#include "support/catch.h"

namespace {

constexpr std::string_view kType = "state.test-module";

std::string Document(std::string_view type, std::string_view more = {}) {
  return "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: store}\nspec:\n  type: " +
         std::string(type) + "\n  version: v1\n" + std::string(more);
}

std::string FolderOf(std::string_view kind) { return MODULES "/" + std::string(kind) + "/mecha"; }

// A runtime on `document`, with module_path unless it is empty; or why there is none.
class OpenedRuntime : public mecha::test::OpenedRuntime {
 public:
  OpenedRuntime(const std::string& document, const std::string& module_path)
      : mecha::test::OpenedRuntime(module_path.empty() ? "" : "module_path", module_path,
                                   document) {}

  mecha_status Set(std::string_view key, const std::string& value) {
    mecha_buf bytes{};
    bytes.data = value.data();
    bytes.size = value.size();
    return mecha_state_set(runtime, nullptr, View("store"), View(key), bytes, nullptr, nullptr);
  }
  std::string Get(std::string_view key) {
    mecha_result* result = nullptr;
    const mecha_status got =
        mecha_state_get(runtime, nullptr, View("store"), View(key), nullptr, &result);
    if (got == MECHA_OK) {
      return Take(result);
    }
    mecha_result_release(result);
    return std::string("status ") + mecha_status_name(got);
  }
};

// An own folder, with whatever a test puts in the place of the module.
class Folder {
 public:
  Folder() {
    char name[] = "/tmp/mecha-modules-XXXXXX";
    path = mkdtemp(name);
    file = path + "/" + std::string(kType) + ".so";
  }
  ~Folder() {
    unlink(file.c_str());
    rmdir(file.c_str());
    rmdir(path.c_str());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path;
  std::string file;
};

// How the type is refused with the module in `folder`: always with the file's name.
void CheckRefused(const std::string& folder, const std::vector<std::string>& parts) {
  const OpenedRuntime opened(Document(kType), folder);
  INFO(opened.message);
  CHECK(opened.status == MECHA_FAILED_PRECONDITION);
  CHECK(opened.Says(folder + "/" + std::string(kType) + ".so"));
  CHECK(opened.Says("text 1:5"));
  for (const std::string& part : parts) {
    INFO(part);
    CHECK(opened.Says(part));
  }
}

bool IsMapped(const std::string& file) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find(file) != std::string::npos) {
      return true;
    }
  }
  return false;
}

// First, while no test has loaded it.
TEST_CASE("a module is loaded when its type is configured and not before, and keeps working") {
  const std::string folder = FolderOf("good");
  const OpenedRuntime other(Document("state.in-memory"), folder);
  REQUIRE(other.status == MECHA_OK);
  CHECK_FALSE(IsMapped(folder));

  OpenedRuntime opened(Document(kType), folder);
  INFO(opened.message);
  REQUIRE(opened.status == MECHA_OK);
  CHECK(opened.Set("k", "v") == MECHA_OK);
  CHECK(opened.Get("k") == "v");
  CHECK(opened.Get("absent") == "status NOT_FOUND");
  CHECK(IsMapped(folder));
  const std::string described = opened.Describe();
  INFO(described);
  CHECK(described.find("\"module\":\"" + folder + "/state.test-module.so\"") != std::string::npos);
  CHECK(described.find("\"module_path\":\"" + folder + "\"") != std::string::npos);
}

TEST_CASE("a module stays loaded after its last runtime, and shows nobody its names") {
  { const OpenedRuntime opened(Document(kType), FolderOf("good")); }
  CHECK(IsMapped(FolderOf("good")));
  CHECK(dlsym(RTLD_DEFAULT, "mecha_module") == nullptr);
}

TEST_CASE("two runtimes share a module's code and nothing else") {
  OpenedRuntime one(Document(kType), FolderOf("good"));
  OpenedRuntime two(Document(kType), FolderOf("good") + "/");
  REQUIRE(one.status == MECHA_OK);
  REQUIRE(two.status == MECHA_OK);
  CHECK(one.Set("k", "first") == MECHA_OK);
  CHECK(two.Get("k") == "status NOT_FOUND");
  CHECK(one.Get("k") == "first");
}

TEST_CASE("threads may load a module at the same time") {
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&good] {
      for (int round = 0; round < 5; ++round) {
        OpenedRuntime opened(Document(kType), FolderOf("good"));
        const bool works =
            opened.status == MECHA_OK && opened.Set("k", "v") == MECHA_OK && opened.Get("k") == "v";
        good += works ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(good == 40);
}

TEST_CASE("the metadata of a module's component is checked like any other") {
  const OpenedRuntime opened(Document(kType, "  metadata: [{name: ttlInSeconds, value: soon}]\n"),
                             FolderOf("good"));
  INFO(opened.message);
  CHECK(opened.status == MECHA_INVALID_ARGUMENT);
  CHECK(opened.Says("ttlInSeconds"));
}

TEST_CASE("a type that is no module is unknown, with the nearest name") {
  for (const std::string& folder : {std::string(), FolderOf("good")}) {
    const OpenedRuntime opened(Document("state.in-memry"), folder);
    INFO(opened.message);
    CHECK(opened.status == MECHA_INVALID_ARGUMENT);
    CHECK(opened.Says("Did you mean \"state.in-memory\"?"));
  }
  const OpenedRuntime nowhere(Document(kType), "");
  CHECK(nowhere.status == MECHA_INVALID_ARGUMENT);
  CHECK(nowhere.Says("unknown component type"));
}

TEST_CASE("a type never leads out of the module folder") {
  const OpenedRuntime opened(Document("state.x/../../good/mecha/state.test-module"),
                             FolderOf("other_build"));
  INFO(opened.message);
  CHECK(opened.status == MECHA_INVALID_ARGUMENT);
  CHECK(opened.Says("unknown component type"));
}

TEST_CASE("a module of another build is refused before it runs, and both builds are named") {
  CheckRefused(FolderOf("other_build"),
               {"[mecha 0.0.1, headers of another day]", "[mecha 0.1.0, headers ", "one build"});
}

TEST_CASE("a module whose entry fails or that holds something else is refused") {
  CheckRefused(FolderOf("empty"), {"registers no component"});
  CheckRefused(FolderOf("other_type"), {"holds state.somebody-else, not state.test-module"});
  CheckRefused(FolderOf("foreign"), {"does not export mecha_module"});
}

TEST_CASE("a module whose own library is missing says which") {
  CheckRefused(FolderOf("unlinkable"), {"libmecha_test_absent.so", "Install the library"});
}

TEST_CASE("a file that is no library, no file, or leads nowhere is refused") {
  Folder folder;
  std::ofstream(folder.file) << "this is text\n";
  CheckRefused(folder.path, {"cannot be loaded"});
  std::ofstream(folder.file).close();
  CheckRefused(folder.path, {"cannot be loaded", "file too short"});
  unlink(folder.file.c_str());

  REQUIRE(symlink("/nowhere/at/all.so", folder.file.c_str()) == 0);
  CheckRefused(folder.path, {"symbolic link to nothing"});
  unlink(folder.file.c_str());

  REQUIRE(mkdir(folder.file.c_str(), 0700) == 0);
  CheckRefused(folder.path, {"not a regular file"});
  rmdir(folder.file.c_str());

  REQUIRE(mkfifo(folder.file.c_str(), 0600) == 0);
  CheckRefused(folder.path, {"not a regular file"});
}

TEST_CASE("a symbolic link to a module is followed") {
  Folder folder;
  REQUIRE(symlink((FolderOf("good") + "/state.test-module.so").c_str(), folder.file.c_str()) == 0);
  const OpenedRuntime opened(Document(kType), folder.path);
  INFO(opened.message);
  CHECK(opened.status == MECHA_OK);
}

TEST_CASE("ignoreErrors leaves a component out whose module is unusable") {
  OpenedRuntime opened(Document(kType, "  ignoreErrors: true\n"), FolderOf("other_build"));
  INFO(opened.message);
  REQUIRE(opened.status == MECHA_OK);
  CHECK(opened.Describe().find("Left out, because ignoreErrors is true") != std::string::npos);
}

}  // namespace
