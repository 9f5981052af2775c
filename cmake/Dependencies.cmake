# Everything comes from Debian packages; scripts/install-packages lists them.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(absl REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(GTest REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(simdjson REQUIRED)
find_package(cpp-jwt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)

pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
# The compile definitions of this package change class layouts: a program that
# includes httplib.h must be compiled with them.
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
pkg_check_modules(PROMETHEUS REQUIRED IMPORTED_TARGET prometheus-cpp-core)

if(NOT SIGNALBOX_CORE_ONLY)
  pkg_check_modules(PROTOBUF REQUIRED IMPORTED_TARGET protobuf)
  pkg_check_modules(GRPC REQUIRED IMPORTED_TARGET grpc++)
  find_library(GRPC_REFLECTION grpc++_reflection REQUIRED)  # Has no .pc file.
  find_program(PROTOC protoc REQUIRED)
  find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
endif()

# The server's allocator. Not with sanitizers, which have their own.
if(NOT SIGNALBOX_SANITIZE)
  find_library(JEMALLOC libjemalloc_pic.a REQUIRED)
endif()

# `signalbox`, which goes into build images, is linked with the archives of the
# same packages. Not with sanitizers, whose run time must be loaded.
include(CMakeDependentOption)
cmake_dependent_option(SIGNALBOX_STATIC "Link `signalbox` as one static executable" ON
                       "NOT SIGNALBOX_SANITIZE;NOT SIGNALBOX_CORE_ONLY" OFF)
if(SIGNALBOX_STATIC)
  pkg_check_modules(STATIC_GRPC REQUIRED grpc++ protobuf)
  set(NAMES ${STATIC_GRPC_STATIC_LIBRARIES} ssl crypto)
  list(REMOVE_DUPLICATES NAMES)
  # They belong to the compiler and to libc.
  list(REMOVE_ITEM NAMES atomic rt dl pthread)
  set(ARCHIVES "")
  set(MISSING "")
  foreach(NAME IN LISTS NAMES)
    find_library(ARCHIVE_${NAME} lib${NAME}.a)
    mark_as_advanced(ARCHIVE_${NAME})
    if(ARCHIVE_${NAME})
      list(APPEND ARCHIVES ${ARCHIVE_${NAME}})
    else()
      string(APPEND MISSING " lib${NAME}.a")
    endif()
  endforeach()
  if(MISSING)
    message(FATAL_ERROR
      "`signalbox` is one static executable, and these archives are missing:${MISSING}. "
      "Debian has them in the packages of scripts/install-packages. With "
      "-DSIGNALBOX_STATIC=OFF it needs the shared libraries wherever it runs.")
  endif()
  add_library(signalbox_archives INTERFACE)
  target_compile_options(signalbox_archives INTERFACE ${STATIC_GRPC_CFLAGS_OTHER})
  # The archives need each other in cycles.
  list(JOIN ARCHIVES "," ARCHIVES)
  target_link_libraries(signalbox_archives INTERFACE
    "$<LINK_GROUP:RESCAN,${ARCHIVES}>" atomic)
endif()
