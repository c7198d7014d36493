# SPDX-License-Identifier: Apache-2.0
# Compiler and linker flags shared by every target.
add_library(mecha_flags INTERFACE)
target_compile_options(mecha_flags INTERFACE
  -Wall -Wextra -Wno-missing-field-initializers -Wpedantic -Wshadow -Wnon-virtual-dtor
  -Wcast-align -Wimplicit-fallthrough
  $<$<COMPILE_LANGUAGE:CXX>:-Woverloaded-virtual>)
target_include_directories(mecha_flags INTERFACE
  ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # One symbol per program ("unique") would keep a closed library mapped for ever.
  target_compile_options(mecha_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-gnu-unique>)
  if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # g++ 12 sees overlaps in std::string's operator+ that are not there, and unset values behind a
    # std::optional that was asked.
    target_compile_options(mecha_flags INTERFACE
      -Wno-restrict -Wno-stringop-overread -Wno-maybe-uninitialized)
  endif()
endif()
if(MECHA_SANITIZE)
  add_compile_options(-fsanitize=${MECHA_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${MECHA_SANITIZE})
  if(MECHA_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()

# What the loader must do to a table of pointers, in a bit instead of 24 bytes each: 60 KB of
# libmecha.so. glibc reads that from 2.36 on, which is our floor; linkers know it since 2022.
include(CheckLinkerFlag)
check_linker_flag(CXX -Wl,-z,pack-relative-relocs MECHA_LINKER_PACKS_RELOCATIONS)
set(MECHA_PACKED_RELOCATIONS
  $<$<BOOL:${MECHA_LINKER_PACKS_RELOCATIONS}>:-Wl,-z,pack-relative-relocs>)
