# SPDX-License-Identifier: Apache-2.0
# Turns component folders into targets and writes the one registration file.

set(MECHA_GENERATOR ${CMAKE_SOURCE_DIR}/scripts/generate_components.py)

# mecha_components(<folder>): adds every <folder>/shared/<thing>, what makes tls.so, and every
# <folder>/<block>/<name> that has a component.yaml.
function(mecha_components root)
  file(GLOB manifests CONFIGURE_DEPENDS ${root}/*/*/component.yaml)
  list(SORT manifests)
  set_property(GLOBAL PROPERTY MECHA_COMPONENT_NAMESPACES "")
  file(GLOB shared CONFIGURE_DEPENDS
    ${root}/shared/*/CMakeLists.txt ${root}/tls/*/CMakeLists.txt)
  foreach(file IN LISTS shared manifests)
    get_filename_component(folder ${file} DIRECTORY)
    add_subdirectory(${folder})
  endforeach()
  mecha_component_registration()
  mecha_component_schema()
endfunction()

# add_component([MODULE] LIBS ...): called by a component's CMakeLists.txt. REQUIRES names targets
# without which the component is left out with one line. MODULE: the component's library is heavy,
# so it becomes a file of its own, <type>.so, that is loaded by those who use it.
function(add_component)
  cmake_parse_arguments(arg "MODULE" "" "LIBS;REQUIRES" ${ARGN})
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
  set(target mecha_component_${identifier})
  mecha_component_library(${target} ${folder} ${type} definitions)
  target_link_libraries(${target} PRIVATE ${arg_LIBS} ${arg_REQUIRES})
  set_property(GLOBAL APPEND PROPERTY MECHA_COMPONENT_MANIFESTS ${folder}/component.yaml)
  if(arg_MODULE)
    mecha_component_module(${identifier} ${type} "${definitions}" ${arg_LIBS})
    set_property(GLOBAL APPEND PROPERTY MECHA_MODULE_MANIFESTS ${folder}/component.yaml)
  else()
    set_property(GLOBAL APPEND PROPERTY MECHA_LIBRARIES ${target})
    set_property(GLOBAL APPEND PROPERTY MECHA_COMPONENT_TYPES ${type})
    set_property(GLOBAL APPEND PROPERTY MECHA_COMPONENT_NAMESPACES
      mecha::components::${identifier})
    set_property(GLOBAL APPEND PROPERTY MECHA_COMPONENT_TARGETS ${target})
  endif()

  file(GLOB tests CONFIGURE_DEPENDS ${folder}/*_test.cc)
  file(GLOB server_tests CONFIGURE_DEPENDS ${folder}/*_server_test.cc)
  list(FILTER tests EXCLUDE REGEX "_server_test\\.cc$")
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
    if(MECHA_SANITIZE)  # no part of what runs under sanitizers; to be built by name
      set_target_properties(component_${identifier}_server_test PROPERTIES EXCLUDE_FROM_ALL ON)
    endif()
  endif()
endfunction()

# mecha_component_library(<target> <folder> <type> <variable>): the component of <folder> as a
# static library, under the name <type>. <variable> gets the definitions of its sources.
function(mecha_component_library target folder type variable)
  string(MAKE_C_IDENTIFIER ${type} identifier)
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/component_info.cc)
  add_custom_command(
    OUTPUT ${generated}
    COMMAND ${MECHA_PYTHON} ${MECHA_GENERATOR} info ${folder}/component.yaml ${generated}
    DEPENDS ${folder}/component.yaml ${MECHA_GENERATOR} VERBATIM)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cc)
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  add_library(${target} STATIC ${sources} ${generated})
  # Private: registration links every component, and each has its own.
  set(definitions MECHA_COMPONENT=mecha::components::${identifier} MECHA_COMPONENT_TYPE="${type}")
  target_compile_definitions(${target} PRIVATE ${definitions})
  target_include_directories(${target} PUBLIC ${folder})
  target_link_libraries(${target} PUBLIC mecha_contract)
  set(${variable} ${definitions} PARENT_SCOPE)
endfunction()

# Writes components/registration.cc: one call per component, no static initialisers.
function(mecha_component_registration)
  get_property(namespaces GLOBAL PROPERTY MECHA_COMPONENT_NAMESPACES)
  get_property(targets GLOBAL PROPERTY MECHA_COMPONENT_TARGETS)
  get_property(modules GLOBAL PROPERTY MECHA_MODULE_MANIFESTS)
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

MECHA_RUNS_AT_START void RegisterComponents(Registry& registry) {
@calls@  RegisterModuleTypes(registry);
}

}  // namespace mecha
")
  set(names ${CMAKE_CURRENT_BINARY_DIR}/module_types.cc)
  add_custom_command(
    OUTPUT ${names} COMMAND ${MECHA_PYTHON} ${MECHA_GENERATOR} modules ${names} ${modules}
    DEPENDS ${modules} ${MECHA_GENERATOR} VERBATIM)
  add_library(mecha_registration STATIC ${file} ${names})
  target_link_libraries(mecha_registration PUBLIC mecha_contract ${targets})
  set_property(GLOBAL APPEND PROPERTY MECHA_LIBRARIES mecha_registration)
endfunction()

# The JSON schema of every component's fields, for editors.
function(mecha_component_schema)
  get_property(manifests GLOBAL PROPERTY MECHA_COMPONENT_MANIFESTS)
  set(schema ${CMAKE_BINARY_DIR}/component.schema.json)
  add_custom_command(
    OUTPUT ${schema}
    COMMAND ${MECHA_PYTHON} ${MECHA_GENERATOR} schema ${schema} ${manifests}
    DEPENDS ${manifests} ${MECHA_GENERATOR} VERBATIM)
  add_custom_target(component_schema ALL DEPENDS ${schema})
endfunction()
