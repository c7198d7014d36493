// SPDX-License-Identifier: Apache-2.0
#include "child.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

namespace {

using Clock = std::chrono::steady_clock;

// Reads until the child has closed its end. False when the time was over first.
bool ReadAll(int fd, Clock::time_point until, std::string& text) {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd polled{fd, POLLIN, 0};
    if (left <= 0 || poll(&polled, 1, static_cast<int>(left)) <= 0) {
      return false;
    }
    char bytes[4096];
    const ssize_t count = read(fd, bytes, sizeof bytes);
    if (count <= 0) {
      return true;
    }
    text.append(bytes, static_cast<size_t>(count));
  }
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos;
       begin = end + 1) {
    lines.push_back(text.substr(begin, end - begin));
  }
  return lines;
}

[[noreturn]] void Work(int fd, const std::function<bool(const Tell& tell)>& work) {
  const bool has_passed = work([fd](const std::string& line) {
    const std::string whole = line + "\n";
    [[maybe_unused]] const auto written = write(fd, whole.data(), whole.size());
  });
  std::fflush(stdout);
  _exit(has_passed ? 0 : 1);
}

void Judge(int status, ChildEnd& end) {
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    const char* name = sigabbrev_np(number);
    end.how = ChildEnd::How::kCrashed;
    end.words = "crashed with SIG" + std::string(name == nullptr ? "?" : name) + " (" +
                strsignal(number) + ")";
  } else if (WEXITSTATUS(status) == 0) {
    end.how = ChildEnd::How::kPassed;
  } else if (WEXITSTATUS(status) != 1) {
    end.words = "left the process with exit code " + std::to_string(WEXITSTATUS(status));
  }
}

}  // namespace

ChildEnd RunInChild(const std::function<bool(const Tell& tell)>& work,
                    std::chrono::seconds most_time) {
  ChildEnd end;
  int ends[2];
  std::fflush(stdout);
  const pid_t child = pipe(ends) == 0 ? fork() : -1;
  if (child < 0) {
    end.words = std::string("no process could be started: ") + strerror(errno);
    return end;
  }
  if (child == 0) {
    close(ends[0]);
    Work(ends[1], work);
  }
  close(ends[1]);
  std::string text;
  const bool is_over = ReadAll(ends[0], Clock::now() + most_time, text);
  close(ends[0]);
  if (!is_over) {
    kill(child, SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  end.lines = LinesOf(text);
  if (is_over) {
    Judge(status, end);
  } else {
    end.how = ChildEnd::How::kTimedOut;
    end.words = "did not end within " + std::to_string(most_time.count()) + " s";
  }
  return end;
}
