// SPDX-License-Identifier: Apache-2.0
// The main function of every Catch2 program; compiled once, because it is the slow part. Version 3
// brings its own (Catch2::Catch2WithMain), which is not used then.
#if !__has_include(<catch2/catch_all.hpp>)
#define CATCH_CONFIG_RUNNER
// The product's flags make <iostream> empty (cmake/MechaCompiler.cmake); the test's main prints.
#undef _GLIBCXX_IOSTREAM
#include <catch2/catch.hpp>
#include <iostream>
#else
#include <catch2/catch_session.hpp>
#endif

#include "conformance/run_tests.h"

namespace mecha::test {

int RunTests(int count, const char* const* words) { return Catch::Session().run(count, words); }

}  // namespace mecha::test

// Weak: a program may bring its own (tools/mecha_check_plugin).
[[gnu::weak]] int main(int count, char** words) { return mecha::test::RunTests(count, words); }
