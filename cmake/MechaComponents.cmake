# SPDX-License-Identifier: Apache-2.0
# Turns component folders into targets and writes the one registration file.

set(MECHA_GENERATOR ${CMAKE_SOURCE_DIR}/scripts/generate_components.py)

# mecha_components(<folder>): adds every <folder>/shared/<thing>, and every <folder>/<block>/<name>
# that has a component.yaml.
function(mecha_components root)
  file(GLOB manifests CONFIGURE_DEPENDS ${root}/*/*/component.yaml)
  list(SORT manifests)
  set_property(GLOBAL PROPERTY MECHA_COMPONENT_NAMESPACES "")
  file(GLOB shared CONFIGURE_DEPENDS ${root}/shared/*/CMakeLists.txt)
  foreach(file IN LISTS shared manifests)
    get_filename_component(folder ${file} DIRECTORY)
    add_subdirectory(${folder})
  endforeach()
  mecha_component_registration()
endfunction()

# add_shared_code(): called by components/shared/<thing>/CMakeLists.txt. What several components are
# made of becomes the target mecha_shared_<thing>, which a component names in its LIBS; its files
# include "<thing>/x.h".
function(add_shared_code)
  get_filename_component(name ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  get_filename_component(parent ${CMAKE_CURRENT_SOURCE_DIR} DIRECTORY)
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  add_library(mecha_shared_${name} STATIC ${sources})
  target_include_directories(mecha_shared_${name} PUBLIC ${parent})
  target_link_libraries(mecha_shared_${name} PUBLIC mecha_contract)
  set_property(GLOBAL APPEND PROPERTY MECHA_LIBRARIES mecha_shared_${name})
  if(MECHA_BUILD_TESTS AND tests)
    mecha_test(shared_${name}_test SOURCES ${tests}
      LIBS mecha_shared_${name} mecha_async LABELS unit)
  endif()
endfunction()

# add_component(LIBS ...): called by a component's CMakeLists.txt. REQUIRES names targets without
# which the component is left out with one line.
function(add_component)
  cmake_parse_arguments(arg "" "" "LIBS;REQUIRES" ${ARGN})
  set(folder ${CMAKE_CURRENT_SOURCE_DIR})
  get_filename_component(name ${folder} NAME)
  get_filename_component(parent ${folder} DIRECTORY)
  get_filename_component(block ${parent} NAME)
  set(type ${block}.${name})
  foreach(required IN LISTS arg_REQUIRES)
    if(NOT TARGET ${required})
      message(STATUS "Component ${type} left out: ${required} was not found")
      return()
    endif()
  endforeach()
  string(MAKE_C_IDENTIFIER "${block}_${name}" identifier)
  set(namespace mecha::components::${identifier})
  set(target mecha_component_${identifier})

  set(generated ${CMAKE_CURRENT_BINARY_DIR}/component_info.cc)
  add_custom_command(
    OUTPUT ${generated}
    COMMAND ${MECHA_PYTHON} ${MECHA_GENERATOR} info ${folder}/component.yaml ${generated}
    DEPENDS ${folder}/component.yaml ${MECHA_GENERATOR} VERBATIM)

  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cc)
  file(GLOB tests CONFIGURE_DEPENDS ${folder}/*_test.cc)
  file(GLOB server_tests CONFIGURE_DEPENDS ${folder}/*_server_test.cc)
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests EXCLUDE REGEX "_server_test\\.cc$")
  add_library(${target} STATIC ${sources} ${generated})
  # Private: registration links every component, and each has its own.
  set(definitions MECHA_COMPONENT=${namespace} MECHA_COMPONENT_TYPE="${type}")
  target_compile_definitions(${target} PRIVATE ${definitions})
  target_include_directories(${target} PUBLIC ${folder})
  target_link_libraries(${target} PUBLIC mecha_contract PRIVATE ${arg_LIBS} ${arg_REQUIRES})
  set_property(GLOBAL APPEND PROPERTY MECHA_LIBRARIES ${target})
  set_property(GLOBAL APPEND PROPERTY MECHA_COMPONENT_NAMESPACES ${namespace})
  set_property(GLOBAL APPEND PROPERTY MECHA_COMPONENT_TARGETS ${target})
  set_property(GLOBAL APPEND PROPERTY MECHA_COMPONENT_MANIFESTS ${folder}/component.yaml)

  if(MECHA_BUILD_TESTS AND tests)
    mecha_test(component_${identifier}_test SOURCES ${tests}
      LIBS ${target} mecha_async ${arg_LIBS} ${arg_REQUIRES} LABELS unit)
    target_compile_definitions(component_${identifier}_test PRIVATE ${definitions})
  endif()
  if(MECHA_BUILD_TESTS AND server_tests)
    mecha_test(component_${identifier}_server_test SOURCES ${server_tests}
      LIBS ${target} mecha_async mecha_test_support ${arg_LIBS} ${arg_REQUIRES}
      LABELS needs-${name})
    target_compile_definitions(component_${identifier}_server_test PRIVATE ${definitions})
  endif()
endfunction()

# Writes components/registration.cc: one call per component, no static initialisers.
function(mecha_component_registration)
  get_property(namespaces GLOBAL PROPERTY MECHA_COMPONENT_NAMESPACES)
  get_property(targets GLOBAL PROPERTY MECHA_COMPONENT_TARGETS)
  get_property(manifests GLOBAL PROPERTY MECHA_COMPONENT_MANIFESTS)
  set(declarations "")
  set(calls "")
  foreach(namespace IN LISTS namespaces)
    string(APPEND declarations "namespace ${namespace} {\nvoid Register(Registry& registry);\n}\n")
    string(APPEND calls "  ${namespace}::Register(registry);\n")
  endforeach()
  set(file ${CMAKE_CURRENT_BINARY_DIR}/registration.cc)
  file(CONFIGURE OUTPUT ${file} @ONLY CONTENT
"// Generated by cmake/MechaComponents.cmake. Do not edit.
#include \"contract/registration.h\"

@declarations@
namespace mecha {

void RegisterComponents(Registry& registry) {
@calls@}

}  // namespace mecha
")
  add_library(mecha_registration STATIC ${file})
  target_link_libraries(mecha_registration PUBLIC mecha_contract ${targets})
  set_property(GLOBAL APPEND PROPERTY MECHA_LIBRARIES mecha_registration)

  # The JSON schema of every component's fields, for editors.
  set(schema ${CMAKE_BINARY_DIR}/component.schema.json)
  add_custom_command(
    OUTPUT ${schema}
    COMMAND ${MECHA_PYTHON} ${MECHA_GENERATOR} schema ${schema} ${manifests}
    DEPENDS ${manifests} ${MECHA_GENERATOR} VERBATIM)
  add_custom_target(component_schema ALL DEPENDS ${schema})
endfunction()
