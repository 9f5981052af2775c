# Everything comes from Debian packages; scripts/install-packages lists them.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(absl REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(GTest REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
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
