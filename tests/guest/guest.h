// SPDX-License-Identifier: Apache-2.0
// What the guest tests look at from outside: threads, descriptors and memory of this process, a
// child made by fork, a private folder. It is not part of what is tested, and uses no code of src/.
#pragma once

#include <dirent.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "guest/host.h"
#include "support/catch.h"

namespace mecha::guest {

// The numeric entries of a folder of /proc/self: thread ids in "task", descriptors in "fd".
inline std::vector<std::string> ProcessEntries(const std::string& name) {
  std::vector<std::string> found;
  DIR* folder = opendir(("/proc/self/" + name).c_str());
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_name[0] != '.') {
      found.emplace_back(entry->d_name);
    }
  }
  closedir(folder);
  return found;
}

inline size_t ThreadCount() { return ProcessEntries("task").size(); }
inline size_t DescriptorCount() { return ProcessEntries("fd").size(); }
inline size_t AllocatedBytes() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

// A line of /proc/self/task/<thread>/status, without its name.
inline std::string StatusLine(const std::string& thread, const std::string& name) {
  std::ifstream file("/proc/self/task/" + thread + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(name + ":", 0) == 0) {
      return line.substr(line.find_first_not_of(" \t", name.size() + 1));
    }
  }
  return "";
}

inline size_t ResidentBytes() {
  return std::stoull(StatusLine(std::to_string(getpid()), "VmRSS")) * 1024;
}

// Waits until the process is back at `count` threads: a joined thread leaves /proc a little later.
inline bool ThreadsSettleAt(size_t count) {
  for (int i = 0; i < 200 && ThreadCount() != count; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return ThreadCount() == count;
}

// Runs `body` in a forked child and returns what it complained about; "" means all went well.
// The child is given ten seconds: one that hangs is ended and said so.
inline std::string RunInChild(const std::function<std::string()>& body) {
  int ends[2];
  if (pipe(ends) != 0) {
    return "no pipe";
  }
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);
    const std::string complaint = body();
    const bool is_written = write(ends[1], complaint.data(), complaint.size()) ==
                            static_cast<ssize_t>(complaint.size());
    _exit(is_written ? 0 : 1);
  }
  close(ends[1]);
  std::string complaint;
  char buffer[512];
  for (ssize_t size; (size = read(ends[0], buffer, sizeof buffer)) > 0;) {
    complaint.append(buffer, static_cast<size_t>(size));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) {
    complaint += "child ended by signal " + std::to_string(WTERMSIG(status));
  }
  return complaint;
}

// A folder that goes away with this object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "mecha-guest-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline std::string SqliteYaml(const std::string& file) {
  char text[1024];
  std::snprintf(text, sizeof text, HOST_SQLITE_YAML, file.c_str());
  return text;
}

// A started runtime that is freed with this object.
class Guest {
 public:
  explicit Guest(const std::string& yaml, uint32_t flags = 0) {
    const mecha_view text{yaml.data(), yaml.size()};
    mecha_runtime_options options = host_options(&text, 1);
    options.flags = flags;
    REQUIRE(host_start(&options, &runtime_) == MECHA_OK);
  }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;
  ~Guest() { mecha_runtime_free(runtime_); }

  mecha_runtime* get() const { return runtime_; }

 private:
  mecha_runtime* runtime_ = nullptr;
};

inline mecha_call CallOn(mecha_queue* queue) {
  mecha_call call{};
  call.struct_size = sizeof call;
  call.queue = queue;
  return call;
}

}  // namespace mecha::guest
