# SPDX-License-Identifier: Apache-2.0
# mecha_folder: one folder of src/ = one target. Sources are globbed; x_test.cc files become one
# test program per folder, labelled `unit`.
#   mecha_folder(DEPENDS result call LIBS yaml-cpp)
# TEST_LIBS are for the test program alone. DEPENDS names folders that stand earlier in
# src/CMakeLists.txt: .ci/layering.py checks that, and that no file includes anything else.

define_property(GLOBAL PROPERTY MECHA_LIBRARIES
  BRIEF_DOCS "Targets that make up libmecha" FULL_DOCS "-")

function(mecha_folder)
  cmake_parse_arguments(arg "" "" "DEPENDS;LIBS;TEST_LIBS" ${ARGN})
  get_filename_component(name ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(TRANSFORM arg_DEPENDS PREPEND mecha_)
  if(sources)
    add_library(mecha_${name} STATIC ${sources})
    target_link_libraries(mecha_${name} PUBLIC mecha_flags ${arg_DEPENDS} ${arg_LIBS})
    set_property(GLOBAL APPEND PROPERTY MECHA_LIBRARIES mecha_${name})
  else()
    add_library(mecha_${name} INTERFACE)
    target_link_libraries(mecha_${name} INTERFACE mecha_flags ${arg_DEPENDS} ${arg_LIBS})
  endif()
  if(MECHA_BUILD_TESTS AND tests)
    mecha_test(${name}_test SOURCES ${tests} LIBS mecha_${name} ${arg_TEST_LIBS} LABELS unit)
  endif()
endfunction()

# add_shared_code(LIBS ... REQUIRES ...): called by components/shared/<thing>/CMakeLists.txt. What
# several components are made of becomes the target mecha_shared_<thing>, which a component names in
# its LIBS; its files include "<thing>/x.h". Without a target of REQUIRES there is none, and the
# components that require it, too, are left out.
function(add_shared_code)
  cmake_parse_arguments(arg "" "" "LIBS;REQUIRES" ${ARGN})
  foreach(required IN LISTS arg_REQUIRES)
    if(NOT TARGET ${required})
      return()
    endif()
  endforeach()
  get_filename_component(name ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  get_filename_component(parent ${CMAKE_CURRENT_SOURCE_DIR} DIRECTORY)
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  add_library(mecha_shared_${name} STATIC ${sources})
  target_include_directories(mecha_shared_${name} PUBLIC ${parent})
  target_link_libraries(mecha_shared_${name}
    PUBLIC mecha_contract ${arg_LIBS} PRIVATE ${arg_REQUIRES})
  set_property(GLOBAL APPEND PROPERTY MECHA_LIBRARIES mecha_shared_${name})
  if(MECHA_BUILD_TESTS AND tests)
    mecha_test(shared_${name}_test SOURCES ${tests}
      LIBS mecha_shared_${name} mecha_async LABELS unit)
  endif()
endfunction()

# mecha_test_code(<target>): compiles what is only tests in a third of the time. What is tested
# keeps its optimisation and its sanitizers.
function(mecha_test_code target)
  target_compile_options(${target} PRIVATE -O0)
  if(MECHA_SANITIZE MATCHES "undefined")
    target_compile_options(${target} PRIVATE -fno-sanitize=undefined)
  endif()
endfunction()

# mecha_test: a Catch2 program, run by CTest with the given labels.
function(mecha_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LIBS;LABELS;ARGS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(${name} ${arg_SOURCES})
  mecha_test_code(${name})
  target_link_libraries(${name} PRIVATE mecha_test_main ${arg_LIBS})
  add_test(NAME ${name} COMMAND ${name} ${arg_ARGS})
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
endfunction()

if(MECHA_BUILD_TESTS)
  add_library(mecha_test_main STATIC ${CMAKE_SOURCE_DIR}/tests/support/main.cc)
  mecha_test_code(mecha_test_main)
  target_include_directories(mecha_test_main PUBLIC ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(mecha_test_main PUBLIC mecha_flags)
  if(TARGET Catch2::Catch2WithMain)
    target_link_libraries(mecha_test_main PUBLIC Catch2::Catch2WithMain)
  endif()
endif()
