# SPDX-License-Identifier: Apache-2.0
# Third-party libraries. Each has a row in docs/DEPENDENCIES.md; none appears in a public header.
find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(PkgConfig REQUIRED)
# A component whose library is missing is skipped with one line (components/CMakeLists.txt).
pkg_check_modules(SQLITE3 IMPORTED_TARGET sqlite3)
pkg_check_modules(HIREDIS IMPORTED_TARGET hiredis)
pkg_check_modules(LIBPQ IMPORTED_TARGET libpq)
pkg_check_modules(LIBMARIADB IMPORTED_TARGET libmariadb)
pkg_check_modules(LIBCURL IMPORTED_TARGET libcurl)
pkg_check_modules(OPENSSL IMPORTED_TARGET openssl>=3.0)

# Debian's own Python sees python3-yaml, whichever python3 comes first on the PATH.
find_program(MECHA_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
if(NOT MECHA_PYTHON)
  find_program(MECHA_PYTHON NAMES python3 REQUIRED)
endif()

if(MECHA_BUILD_TESTS)
  find_package(Catch2 REQUIRED)  # 2.13 or 3; tests/support/catch.h hides the difference
endif()
