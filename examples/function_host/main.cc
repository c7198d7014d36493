// SPDX-License-Identifier: Apache-2.0
// function_host: the whole program. README.md tells what it shows.
#include <unistd.h>

#include <cstdio>

#include "copies.h"
#include "host.h"
#include "settings.h"
#include "stop_signal.h"

int main() {
  function_host::Settings settings;
  std::string problem;
  if (!function_host::ReadSettings(settings, problem)) {
    std::fprintf(stderr, "function_host: %s\n", problem.c_str());
    return 2;
  }
  const function_host::StopSignal stop;
  function_host::Host host(settings, stop);
  if (!host.Start()) return 1;
  if (settings.copies == 0) return host.Run();

  if (!host.Rest()) return 1;
  function_host::Copies copies;
  return copies.Make(settings.copies) ? host.Run() : copies.Await(stop);
}
