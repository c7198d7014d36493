// SPDX-License-Identifier: Apache-2.0
// The main function of every Catch2 program; compiled once, because it is the slow part. Version 3
// brings its own (Catch2::Catch2WithMain), so there this file is empty.
#if !__has_include(<catch2/catch_all.hpp>)
#define CATCH_CONFIG_MAIN
// The product's flags make <iostream> empty (cmake/MechaCompiler.cmake); the test's main prints.
#undef _GLIBCXX_IOSTREAM
#include <catch2/catch.hpp>
#include <iostream>
#endif
