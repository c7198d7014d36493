#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian or Ubuntu packages that Mecha needs; does nothing when they are all there.
#   scripts/setup.sh build   what quickstart.sh needs: compiler, CMake, libraries
#   scripts/setup.sh test    that, and what test.sh needs: servers, clang, Catch2 (the default)
# Needs root or sudo only when something is missing. It starts no service.
set -euo pipefail

build_packages=(g++ cmake ninja-build ccache pkgconf libabsl-dev libcurl4-openssl-dev libhiredis-dev
  libmariadb-dev libpq-dev libsqlite3-dev libssl-dev libyaml-cpp-dev nlohmann-json3-dev python3
  python3-yaml)
test_packages=(libasio-dev catch2 faketime redis-server memcached postgresql mariadb-server
  etcd-server openssl cargo rustc rust-clippy rustfmt clang clang-format clang-tidy libclang-rt-dev
  libprotobuf-dev protobuf-compiler binutils valgrind git)

say() { echo "setup: $*"; }
fail() {
  echo "setup: $*" >&2
  exit 1
}

is_installed() {
  # Rust from elsewhere, as many have it, is as good as Debian's.
  case $1 in
    cargo | rustc) command -v "$1" >/dev/null && return ;;
    # Debian's fit Debian's compiler only.
    rust-clippy | rustfmt) [[ $(command -v cargo || true) != /usr/bin/cargo ]] &&
      command -v cargo >/dev/null && return ;;
  esac
  # A versioned package (libclang-rt-14-dev) is as good as the one that always names the newest.
  local versioned=${1/-rt-dev/-rt-[0-9]*-dev}
  { dpkg-query -W -f '${db:Status-Status}\n' "$1" "$versioned" 2>/dev/null || true; } |
    grep -qx installed
}

missing_packages() {
  local package
  for package in "$@"; do
    is_installed "$package" || echo "$package"
  done
}

# apt-get as root, with no question asked.
apt() {
  ${root_command[@]+"${root_command[@]}"} env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 "$@"
}

# While packages are installed, Debian asks this file whether a service may start: it may not.
policy=/usr/sbin/policy-rc.d
forbid_services() {
  [[ -e $policy ]] && return
  printf '#!/bin/sh\nexit 101\n' | ${root_command[@]+"${root_command[@]}"} tee "$policy" >/dev/null
  ${root_command[@]+"${root_command[@]}"} chmod 755 "$policy"
  trap '${root_command[@]+"${root_command[@]}"} rm -f "$policy"' EXIT
}

install_packages() {
  local log
  log=$(mktemp)
  # The package lists of a fresh machine are empty or old, so a first failure is no surprise.
  if apt install -y --no-install-recommends "$@" >"$log" 2>&1; then
    rm -f "$log"
    return
  fi
  say "refreshing the package lists"
  if ! apt update >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    fail "apt-get update failed (its last lines stand above). Check the network and" \
      "/etc/apt/sources.list, then run this again."
  fi
  if ! apt install -y --no-install-recommends "$@" >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    fail "apt-get could not install: $* (its last lines stand above). Mecha builds on Debian 12" \
      "and 13 and Ubuntu 24.04; elsewhere install the same libraries by hand."
  fi
  rm -f "$log"
}

main() {
  local tier=${1:-test} packages missing
  case $tier in
    build) packages=("${build_packages[@]}") ;;
    test) packages=("${build_packages[@]}" "${test_packages[@]}") ;;
    *) fail "unknown tier '$tier'; use build or test" ;;
  esac
  command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || fail "this system has no" \
    "apt-get. Install by hand what these Debian packages hold: ${packages[*]}"
  mapfile -t missing < <(missing_packages "${packages[@]}")
  if [[ ${#missing[@]} -eq 0 ]]; then
    say "all ${#packages[@]} packages are there"
    return
  fi
  root_command=()
  if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null || fail "these packages are missing and there is no sudo; as root" \
      "run: apt-get install ${missing[*]}"
    root_command=(sudo)
  fi
  say "installing ${missing[*]}"
  forbid_services
  install_packages "${missing[@]}"
  say "done"
}

main "$@"
