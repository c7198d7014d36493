// SPDX-License-Identifier: Apache-2.0
// RunTests: runs the tests of this program, with Catch2's own words for options. For programs that
// bring a main function. Once per process; blocks.
#pragma once

namespace mecha::test {

// The number of failed tests, in the end; not 0 also when nothing was run or an option is wrong.
int RunTests(int count, const char* const* words);

}  // namespace mecha::test
