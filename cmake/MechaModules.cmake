# SPDX-License-Identifier: Apache-2.0
# Components in files of their own: modules (docs/ARCHITECTURE.md, "Modules").

set(MECHA_MODULE_PARTS ${CMAKE_SOURCE_DIR}/cmake/module)
# Beside libmecha.so, as where they are installed.
set(MECHA_MODULE_FOLDER ${CMAKE_BINARY_DIR}/cmake/library/mecha)

# mecha_contract_hash(<target> <folders of src>...): gives the target contract_hash.h, from what
# their headers say at build time.
function(mecha_contract_hash target)
  list(TRANSFORM ARGN PREPEND ${CMAKE_SOURCE_DIR}/src/)
  list(TRANSFORM ARGN APPEND /*.h)
  file(GLOB headers CONFIGURE_DEPENDS ${ARGN})
  list(SORT headers)
  set(script ${CMAKE_SOURCE_DIR}/cmake/contract_hash.cmake)
  set(hash ${CMAKE_CURRENT_BINARY_DIR}/contract_hash.h)
  add_custom_command(OUTPUT ${hash}
    COMMAND ${CMAKE_COMMAND} -DOUT=${hash} -DRELEASE=${PROJECT_VERSION} "-DHEADERS=${headers}"
      -P ${script}
    DEPENDS ${headers} ${script} VERBATIM)
  target_sources(${target} PRIVATE ${hash})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
endfunction()

# mecha_lean(<target> <level>): a section per function and object, so that a link can leave out what
# nothing reaches, and -O<level> in Release. -O3 makes code a quarter larger and no call faster.
function(mecha_lean target level)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O${level}>
    $<$<NOT:$<CONFIG:Debug>>:-ffunction-sections> $<$<NOT:$<CONFIG:Debug>>:-fdata-sections>)
endfunction()

# mecha_module(<target> TYPE <type> COMPONENT <static target> DEFINITIONS <of the component>
#   [ENTRY <file>] [FOLDER <where to>]): <folder>/<type>.so with the component, the parts of the
# library it uses, and one exported symbol. It takes nothing from libmecha.so.
function(mecha_module target)
  cmake_parse_arguments(arg "" "TYPE;COMPONENT;ENTRY;FOLDER" "DEFINITIONS" ${ARGN})
  if(NOT arg_ENTRY)
    set(arg_ENTRY ${MECHA_MODULE_PARTS}/module_entry.cc)
  endif()
  if(NOT arg_FOLDER)
    set(arg_FOLDER ${MECHA_MODULE_FOLDER})
  endif()
  add_library(${target}_entry OBJECT ${arg_ENTRY})
  target_compile_definitions(${target}_entry PRIVATE ${arg_DEFINITIONS})
  target_link_libraries(${target}_entry PRIVATE mecha_contract)
  set(map ${MECHA_MODULE_PARTS}/module.map)
  add_library(${target} MODULE $<TARGET_OBJECTS:${target}_entry>)
  set_target_properties(${target} PROPERTIES
    LINKER_LANGUAGE CXX PREFIX "" OUTPUT_NAME ${arg_TYPE} SUFFIX .so
    LIBRARY_OUTPUT_DIRECTORY ${arg_FOLDER} LINK_DEPENDS ${map})
  target_link_libraries(${target} PRIVATE ${arg_COMPONENT})
  target_link_options(${target} PRIVATE
    -Wl,--as-needed -Wl,-z,nodelete -Wl,-z,relro -Wl,-z,now ${MECHA_PACKED_RELOCATIONS}
    -Wl,--version-script=${map}
    $<$<NOT:$<CONFIG:Debug>>:-Wl,--gc-sections>)
  if(NOT MECHA_SANITIZE)
    target_link_options(${target} PRIVATE -Wl,--no-undefined)
  endif()
endfunction()

# mecha_module_archive(<module target> <archive> <symbol> <component target> [<shared target>...]):
# the same as an archive for static programs. Only <symbol> is global, so two archives cannot meet.
function(mecha_module_archive target archive symbol component)
  set(merged ${CMAKE_CURRENT_BINARY_DIR}/${target}_merged.o)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${target}.o)
  set(parts ${component} ${ARGN}
    mecha_contract mecha_resources mecha_encoding mecha_call mecha_result)
  list(TRANSFORM parts REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE files)
  add_custom_command(
    OUTPUT ${archive}
    COMMAND ${CMAKE_LINKER} -r --force-group-allocation -o ${merged}
      $<TARGET_OBJECTS:${target}_entry> --start-group ${files} --end-group
    COMMAND ${CMAKE_OBJCOPY} --redefine-sym mecha_module=${symbol} ${merged} ${object}
    COMMAND ${CMAKE_OBJCOPY} --keep-global-symbol=${symbol} ${object}
    COMMAND ${CMAKE_COMMAND} -E rm -f ${archive} ${merged}
    COMMAND ${CMAKE_AR} qcs ${archive} ${object}
    DEPENDS ${target}_entry $<TARGET_OBJECTS:${target}_entry> ${parts}
    COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(${target}_archive ALL DEPENDS ${archive})
endfunction()

# mecha_component_module(<identifier> <type> <definitions> [<libraries>...]): for
# add_component(MODULE): the module, and the archive for static programs beside it, which holds
# those of the libraries that are shared code of components.
function(mecha_component_module identifier type definitions)
  set(component mecha_component_${identifier})
  set(module mecha_module_${identifier})
  mecha_lean(${component} 2)
  mecha_module(${module} TYPE ${type} COMPONENT ${component} DEFINITIONS ${definitions})
  set(shared ${ARGN})
  list(FILTER shared INCLUDE REGEX "^mecha_shared_")
  mecha_module_archive(${module} ${MECHA_MODULE_FOLDER}/${type}.a mecha_module_${identifier}
    ${component} ${shared})
  set_property(GLOBAL APPEND PROPERTY MECHA_MODULES ${module})
  set_property(GLOBAL APPEND PROPERTY MECHA_MODULE_LIBRARIES ${component})
  set_property(GLOBAL APPEND PROPERTY MECHA_MODULE_TYPES ${type})
endfunction()

# add_module(<name> REQUIRES <targets>): called by the CMakeLists.txt of a module that holds no
# component but something components use: <name>.so, with the x_test.cc files as its test.
function(add_module name)
  cmake_parse_arguments(arg "" "" "REQUIRES" ${ARGN})
  foreach(required IN LISTS arg_REQUIRES)
    if(NOT TARGET ${required})
      message(STATUS "Module ${name} left out: ${required} was not found")
      return()
    endif()
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  set(target mecha_component_${name})
  set(definitions MECHA_COMPONENT=mecha::components::${name} MECHA_COMPONENT_TYPE="${name}")
  add_library(${target} STATIC ${sources})
  target_compile_definitions(${target} PRIVATE ${definitions})
  target_include_directories(${target} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${target} PUBLIC mecha_contract PRIVATE ${arg_REQUIRES})
  mecha_component_module(${name} ${name} "${definitions}")
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  if(MECHA_BUILD_TESTS AND tests)
    mecha_test(component_${name}_test SOURCES ${tests}
      LIBS ${target} mecha_test_support ${arg_REQUIRES} LABELS unit)
    target_compile_definitions(component_${name}_test PRIVATE ${definitions})
  endif()
endfunction()
