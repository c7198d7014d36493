# SPDX-License-Identifier: Apache-2.0
# What cmake/library needs to make, describe and install the two libraries.
include(CMakePackageConfigHelpers)

# mecha_exported_names(<version script> <variable>): the functions named in a version script.
function(mecha_exported_names map variable)
  file(STRINGS ${map} lines REGEX "^ +mecha_[a-z_]+;$")
  list(TRANSFORM lines REPLACE " +(mecha_[a-z_]+);" "\\1")
  set(${variable} ${lines} PARENT_SCOPE)
endfunction()

# mecha_third_party(<our targets> <variable>): what they link to that is not ours.
function(mecha_third_party libraries variable)
  set(found "")
  foreach(library IN LISTS libraries)
    get_target_property(links ${library} LINK_LIBRARIES)
    list(APPEND found ${links})
  endforeach()
  list(REMOVE_DUPLICATES found)
  list(FILTER found EXCLUDE REGEX "^mecha_|-NOTFOUND$")
  set(${variable} ${found} PARENT_SCOPE)
endfunction()

# mecha_pkg_config_names(<third party targets> <variable>): what pkg-config calls them.
function(mecha_pkg_config_names third_party variable)
  list(FILTER third_party EXCLUDE REGEX "^(Threads::Threads|nlohmann_json::.*)$")
  list(TRANSFORM third_party REPLACE "^absl::" "absl_")
  list(TRANSFORM third_party REPLACE "^yaml-cpp::" "")
  list(TRANSFORM third_party REPLACE "^PkgConfig::" "")
  list(TRANSFORM third_party TOLOWER)
  set(${variable} ${third_party} PARENT_SCOPE)
endfunction()

# mecha_private_libraries(<third party targets> <variable>): the linker flags a program needs beside
# libmecha.a. C++ libraries are named as archives, for their interfaces change with every release.
# C libraries stay shared: two copies of SQLite in one process lose acknowledged rows.
function(mecha_private_libraries third_party variable)
  mecha_pkg_config_names("${third_party}" third_party)
  execute_process(COMMAND ${PKG_CONFIG_EXECUTABLE} --static --libs ${third_party}
    OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  set(result "")
  foreach(flag IN LISTS flags)
    if(flag MATCHES "^-l((absl_|yaml-cpp).*)$")
      set(name ${CMAKE_MATCH_1})
      find_library(archive lib${name}.a NO_CACHE)
      if(archive)
        set(flag -l:lib${name}.a)
      endif()
      unset(archive)
    endif()
    list(APPEND result ${flag})
  endforeach()
  # libatomic comes wrapped in --push-state, and neither x86-64 nor arm64 needs it.
  list(FILTER result EXCLUDE REGEX "^-Wl,|^-latomic$")
  list(REMOVE_DUPLICATES result)
  set(${variable} ${result} -lstdc++ -lm -pthread PARENT_SCOPE)
endfunction()

# mecha_install_package(<third party targets>): headers, libraries, mecha.pc, mechaConfig.cmake and
# the schema of the component files.
function(mecha_install_package third_party)
  mecha_private_libraries("${third_party}" MECHA_PRIVATE_LIBRARIES)
  string(REPLACE ";" " " MECHA_PRIVATE_FLAGS "${MECHA_PRIVATE_LIBRARIES}")
  set(config ${CMAKE_INSTALL_LIBDIR}/cmake/mecha)
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/mecha DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
  install(TARGETS mecha EXPORT mechaTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(TARGETS mecha_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT mechaTargets NAMESPACE mecha:: DESTINATION ${config})
  configure_package_config_file(mechaConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/mechaConfig.cmake
    INSTALL_DESTINATION ${config} PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
  write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/mechaConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/mechaConfig.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/mechaConfigVersion.cmake DESTINATION ${config})
  file(RELATIVE_PATH MECHA_PREFIX_FROM_PC
    /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
  foreach(package IN ITEMS mecha mecha-static)
    configure_file(${package}.pc.in ${CMAKE_CURRENT_BINARY_DIR}/${package}.pc @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${package}.pc
      DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
  endforeach()
  install(FILES ${CMAKE_BINARY_DIR}/component.schema.json
    DESTINATION ${CMAKE_INSTALL_DATADIR}/mecha)
  mecha_install_modules(${config})
  # Deferred: the program may be declared after this folder.
  cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL mecha_install_programs)
endfunction()

# mecha_install_modules(<folder of mechaConfig.cmake>): each module and its archive, as CMake
# components of their own: a packager makes mecha-<type> and mecha-<type>-dev of them.
function(mecha_install_modules config)
  get_property(MECHA_BUILT_IN_TYPES GLOBAL PROPERTY MECHA_COMPONENT_TYPES)
  get_property(MECHA_MODULE_TYPES GLOBAL PROPERTY MECHA_MODULE_TYPES)
  set(folder ${CMAKE_INSTALL_LIBDIR}/mecha)
  set(MECHA_MODULE_FLAGS "")
  foreach(type IN LISTS MECHA_MODULE_TYPES)
    string(MAKE_C_IDENTIFIER ${type} identifier)
    install(TARGETS mecha_module_${identifier}
      LIBRARY DESTINATION ${folder} COMPONENT mecha-${type})
    install(FILES ${MECHA_MODULE_FOLDER}/${type}.a
      DESTINATION ${folder} COMPONENT mecha-${type}-dev)
    mecha_module_flags(mecha_component_${identifier} flags)
    string(APPEND MECHA_MODULE_FLAGS "set(mecha_FLAGS_${type} \"${flags}\")\n")
  endforeach()
  set(file ${CMAKE_CURRENT_BINARY_DIR}/mechaComponents.cmake)
  configure_file(mechaComponents.cmake.in ${file} @ONLY)
  install(FILES ${file} DESTINATION ${config})
endfunction()

# mecha_module_flags(<component target> <variable>): the linker flags of a module's own libraries.
# They stay shared: without --static, for the insides of a shared library are its own affair.
function(mecha_module_flags component variable)
  mecha_third_party(${component} third_party)
  mecha_pkg_config_names("${third_party}" names)
  set(flags "")
  if(names)
    execute_process(COMMAND ${PKG_CONFIG_EXECUTABLE} --libs ${names}
      OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    separate_arguments(flags UNIX_COMMAND "${flags}")
  endif()
  set(${variable} ${flags} PARENT_SCOPE)
endfunction()

# Installs mecha-check and mecha-check-plugin where they are built. The latter takes the conformance
# suites, so a build of few targets may lack it.
function(mecha_install_programs)
  foreach(program mecha-check mecha_check)
    if(TARGET ${program})
      install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    endif()
  endforeach()
  if(TARGET mecha_check_plugin)
    install(TARGETS mecha_check_plugin RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} OPTIONAL)
  endif()
endfunction()
