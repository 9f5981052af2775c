# The one place that knows how a library, a program and a test are built.

add_library(signalbox_options INTERFACE)
target_include_directories(signalbox_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(signalbox_options INTERFACE -Wall -Wextra)
# Enough for stack traces. Full debug information takes a third of the build's
# time.
target_compile_options(signalbox_options INTERFACE $<$<CONFIG:RelWithDebInfo>:-g1>)
target_link_libraries(signalbox_options INTERFACE Threads::Threads)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(signalbox_options INTERFACE -Wthread-safety)
else()
  # ccache can only cache with a precompiled header if GCC preprocesses this way.
  target_compile_options(signalbox_options INTERFACE -fpch-preprocess)
endif()
if(SIGNALBOX_SANITIZE)
  target_compile_options(signalbox_options INTERFACE
    -fsanitize=${SIGNALBOX_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(signalbox_options INTERFACE -fsanitize=${SIGNALBOX_SANITIZE})
endif()

# Precompiled headers: one set for all code, and one more for code that uses
# gRPC.
file(WRITE ${CMAKE_BINARY_DIR}/pch_empty.cc "")
add_library(signalbox_pch STATIC ${CMAKE_BINARY_DIR}/pch_empty.cc)
target_link_libraries(signalbox_pch PRIVATE signalbox_options)
target_precompile_headers(signalbox_pch PRIVATE
  <algorithm> <cstdint> <functional> <map> <memory> <optional> <string> <utility> <variant> <vector>
  <absl/status/status.h> <absl/status/statusor.h> <absl/strings/str_cat.h>
  <absl/strings/string_view.h> <absl/time/time.h> <absl/types/span.h>)

# Tests are compiled once and run once. Without optimisation, and with
# GoogleTest precompiled, they build in a fraction of the time.
set(SIGNALBOX_TEST_OPTIONS -O0 -g1)
add_library(signalbox_test_pch STATIC ${CMAKE_BINARY_DIR}/pch_empty.cc)
target_link_libraries(signalbox_test_pch PRIVATE signalbox_options GTest::gmock)
target_compile_options(signalbox_test_pch PRIVATE ${SIGNALBOX_TEST_OPTIONS})
target_precompile_headers(signalbox_test_pch PRIVATE
  <algorithm> <cstdint> <functional> <map> <memory> <optional> <string> <utility> <variant> <vector>
  <absl/status/status.h> <absl/status/statusor.h> <absl/strings/str_cat.h>
  <absl/strings/string_view.h> <absl/time/time.h> <absl/types/span.h>
  <gmock/gmock.h> <gtest/gtest.h>)

# Changes the list named LIST, so that static programs link the archives instead
# of the shared libraries of gRPC, Abseil and OpenSSL.
function(signalbox_link_archives LIST)
  if(SIGNALBOX_STATIC)
    list(TRANSFORM ${LIST} REPLACE "^(absl::.+|OpenSSL::.+|PkgConfig::(GRPC|PROTOBUF))$"
      "$<IF:$<BOOL:$<TARGET_PROPERTY:SIGNALBOX_LINKS_ARCHIVES>>,signalbox_archives,\\1>")
    set(${LIST} ${${LIST}} PARENT_SCOPE)
  endif()
endfunction()

file(STRINGS ${CMAKE_SOURCE_DIR}/tests/simulation/mutants.txt SIGNALBOX_HAVE_MUTANTS REGEX "^--- ")
list(TRANSFORM SIGNALBOX_HAVE_MUTANTS REPLACE "^--- " "${CMAKE_SOURCE_DIR}/")

# Has up to COUNT sources of a target compiled together, where SIGNALBOX_UNITY allows.
function(signalbox_compile_together NAME COUNT)
  if(SIGNALBOX_UNITY)
    set_target_properties(${NAME} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${COUNT})
    # Mutants replace single sources.
    set_source_files_properties(${SIGNALBOX_HAVE_MUTANTS} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    # GCC takes each .cc file for a header.
    target_compile_options(${NAME} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  endif()
endfunction()

# signalbox_library(NAME SOURCES a.cc ... LINK target ... [GRPC])
function(signalbox_library NAME)
  cmake_parse_arguments(ARG "GRPC" "" "SOURCES;LINK" ${ARGN})
  signalbox_link_archives(ARG_LINK)
  add_library(${NAME} STATIC ${ARG_SOURCES})
  target_link_libraries(${NAME} PUBLIC signalbox_options ${ARG_LINK})
  signalbox_compile_together(${NAME} 14)
  if(ARG_GRPC)
    target_precompile_headers(${NAME} REUSE_FROM signalbox_proto)
  else()
    target_precompile_headers(${NAME} REUSE_FROM signalbox_pch)
  endif()
endfunction()

# Compiles targets faster whose speed nobody notices. From version 13 on, GCC would
# not use the precompiled headers for that.
function(signalbox_optimise_less)
  foreach(NAME IN LISTS ARGN)
    target_compile_options(${NAME} PRIVATE $<$<AND:$<CONFIG:RelWithDebInfo>,$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-O1>)
  endforeach()
endfunction()

# signalbox_program(NAME SOURCES a.cc ... LINK target ...)
function(signalbox_program NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${NAME} ${ARG_SOURCES})
  target_link_libraries(${NAME} PRIVATE signalbox_options ${ARG_LINK})
  target_precompile_headers(${NAME} REUSE_FROM signalbox_pch)
endfunction()

# signalbox_static_program(NAME SOURCES a.cc ... STATIC_SOURCES b.cc ... LINK target ...)
# With SIGNALBOX_STATIC, the program is one file that needs no other. Otherwise
# as signalbox_program, without STATIC_SOURCES.
function(signalbox_static_program NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;STATIC_SOURCES;LINK" ${ARGN})
  signalbox_program(${NAME} SOURCES ${ARG_SOURCES} LINK ${ARG_LINK})
  if(SIGNALBOX_STATIC)
    set_target_properties(${NAME} PROPERTIES SIGNALBOX_LINKS_ARCHIVES ON)
    target_sources(${NAME} PRIVATE ${ARG_STATIC_SOURCES})
    target_link_options(${NAME} PRIVATE -static-pie -Wl,--gc-sections)
  endif()
endfunction()

# signalbox_test(NAME SOURCES a_test.cc ... LINK target ... [GRPC] [LABELS slow])
# Its labels are the folder's name and those given.
# One GoogleTest binary, one ctest entry.
function(signalbox_test NAME)
  cmake_parse_arguments(ARG "GRPC" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
  add_executable(${NAME} ${ARG_SOURCES})
  target_link_libraries(${NAME} PRIVATE signalbox_options ${ARG_LINK} GTest::gmock GTest::gtest_main)
  target_compile_options(${NAME} PRIVATE ${SIGNALBOX_TEST_OPTIONS})
  signalbox_compile_together(${NAME} 5)
  if(ARG_GRPC)
    target_precompile_headers(${NAME} REUSE_FROM signalbox_grpc_test_pch)
  else()
    target_precompile_headers(${NAME} REUSE_FROM signalbox_test_pch)
  endif()
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${NAME} COMMAND ${NAME})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  set_tests_properties(${NAME} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
  get_filename_component(FOLDER ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  set_tests_properties(${NAME} PROPERTIES LABELS "${FOLDER};${ARG_LABELS}")
endfunction()

# The version of a program. After a commit, only the programs are linked again.
set(SIGNALBOX_GENERATED ${CMAKE_BINARY_DIR}/generated)
configure_file(${CMAKE_SOURCE_DIR}/cmake/version.h.in ${SIGNALBOX_GENERATED}/signalbox/version.h @ONLY)
add_custom_target(signalbox_version_source
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR} -DVERSION=${PROJECT_VERSION}
          -DOUTPUT=${SIGNALBOX_GENERATED}/signalbox/version.cc
          -P ${CMAKE_SOURCE_DIR}/cmake/WriteVersion.cmake
  BYPRODUCTS ${SIGNALBOX_GENERATED}/signalbox/version.cc)
add_library(signalbox_version STATIC ${SIGNALBOX_GENERATED}/signalbox/version.cc)
target_include_directories(signalbox_version SYSTEM PUBLIC ${SIGNALBOX_GENERATED})
target_link_libraries(signalbox_version PUBLIC signalbox_options)
add_dependencies(signalbox_version signalbox_version_source)

if(NOT SIGNALBOX_CORE_ONLY)
  set(SIGNALBOX_PROTO ${CMAKE_SOURCE_DIR}/proto/signalbox/v1/status_service.proto)
  set(SIGNALBOX_GENERATED_STEM ${SIGNALBOX_GENERATED}/signalbox/v1/status_service)
  file(MAKE_DIRECTORY ${SIGNALBOX_GENERATED})
  add_custom_command(
    OUTPUT ${SIGNALBOX_GENERATED_STEM}.pb.cc ${SIGNALBOX_GENERATED_STEM}.pb.h
           ${SIGNALBOX_GENERATED_STEM}.grpc.pb.cc ${SIGNALBOX_GENERATED_STEM}.grpc.pb.h
    COMMAND ${PROTOC} -I ${CMAKE_SOURCE_DIR}/proto --cpp_out=${SIGNALBOX_GENERATED}
            --grpc_out=generate_mock_code=false:${SIGNALBOX_GENERATED}
            --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN} ${SIGNALBOX_PROTO}
    DEPENDS ${SIGNALBOX_PROTO}
    COMMENT "Generating signalbox.v1")
  add_library(signalbox_proto STATIC ${SIGNALBOX_GENERATED_STEM}.pb.cc
              ${SIGNALBOX_GENERATED_STEM}.grpc.pb.cc)
  target_include_directories(signalbox_proto SYSTEM PUBLIC ${SIGNALBOX_GENERATED})
  set(LIBRARIES PkgConfig::GRPC PkgConfig::PROTOBUF)
  signalbox_link_archives(LIBRARIES)
  target_link_libraries(signalbox_proto PUBLIC signalbox_options ${LIBRARIES})
  target_precompile_headers(signalbox_proto PRIVATE
    <functional> <map> <memory> <string> <vector> <google/protobuf/message.h> <grpcpp/grpcpp.h>
    <absl/status/status.h> <absl/status/statusor.h> <absl/strings/str_cat.h>
    <absl/strings/string_view.h> <absl/time/time.h> <absl/types/span.h>)

  add_library(signalbox_grpc_test_pch STATIC ${CMAKE_BINARY_DIR}/pch_empty.cc)
  target_link_libraries(signalbox_grpc_test_pch PRIVATE signalbox_proto GTest::gmock)
  target_compile_options(signalbox_grpc_test_pch PRIVATE ${SIGNALBOX_TEST_OPTIONS})
  target_precompile_headers(signalbox_grpc_test_pch PRIVATE
    <functional> <map> <memory> <string> <vector> <google/protobuf/message.h> <grpcpp/grpcpp.h>
    <absl/status/status.h> <absl/status/statusor.h> <absl/strings/str_cat.h>
    <absl/strings/string_view.h> <absl/time/time.h> <absl/types/span.h>
    <gmock/gmock.h> <gtest/gtest.h>)
endif()
