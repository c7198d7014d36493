// SPDX-License-Identifier: Apache-2.0
// What is asked of a plug-in before the suites: whether the library takes it, which types it has,
// and whether one of them starts, answers and ends. Each runs the plug-in, so call them in a child.
#pragma once

#include <string>
#include <vector>

#include "child.h"

struct PluginType {
  std::string type;
  std::string version;
};

// Tells one line "TYPE VERSION" for each type. False: the library refuses it; it says why.
bool ListTypes(const std::string& plugin, const Tell& tell);
std::vector<PluginType> TypesOf(const std::vector<std::string>& lines);

// Starts a component of the type that kHarness sets up, and asks it a little, each with five
// seconds. False: it tells what went wrong.
bool Probe(const Tell& tell);
