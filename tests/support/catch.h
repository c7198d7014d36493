// SPDX-License-Identifier: Apache-2.0
// Includes Catch2 in whichever major version the platform has: one header in version 2, another in
// version 3. Not for product code.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;  // NOLINT(misc-unused-using-decls): global in version 2
#else
#include <catch2/catch.hpp>
#endif
