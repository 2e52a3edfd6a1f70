# Every third-party library the server links, from Debian 12 packages (names in tools/packages.txt).
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
find_library(SNAPPY_LIBRARY snappy REQUIRED)
# Not by pkg-config, which takes minutes over all that abseil names.
find_library(GRPCPP_LIBRARY grpc++ REQUIRED)
find_library(GRPC_LIBRARY grpc REQUIRED)
find_library(GPR_LIBRARY gpr REQUIRED)
find_library(ROARING_LIBRARY roaring REQUIRED)
find_package(ZLIB REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto SSL)

# One name a module can ask for in LIBS, whatever the package calls itself.
add_library(dep_fmt ALIAS fmt::fmt)
add_library(dep_threads ALIAS Threads::Threads)
add_library(dep_zlib ALIAS ZLIB::ZLIB)
add_library(dep_crypto ALIAS OpenSSL::Crypto)
add_library(dep_ssl ALIAS OpenSSL::SSL)
add_library(dep_re2 ALIAS PkgConfig::RE2)
add_library(dep_zstd ALIAS PkgConfig::ZSTD)
add_library(dep_yaml INTERFACE)
target_link_libraries(dep_yaml INTERFACE yaml-cpp)
add_library(dep_snappy INTERFACE)
target_link_libraries(dep_snappy INTERFACE ${SNAPPY_LIBRARY})
add_library(dep_grpc INTERFACE) # only in the library of src/rpc
target_link_libraries(dep_grpc INTERFACE ${GRPCPP_LIBRARY} ${GRPC_LIBRARY} ${GPR_LIBRARY})
add_library(dep_roaring INTERFACE)
target_link_libraries(dep_roaring INTERFACE ${ROARING_LIBRARY})
add_library(dep_protozero INTERFACE) # header only
add_library(dep_xxhash INTERFACE)    # header only use (XXH_INLINE_ALL)
add_library(dep_asio INTERFACE)      # header only: Boost.Asio and Boost.Beast
add_library(dep_cli11 INTERFACE)     # header only
add_library(dep_simdjson INTERFACE)
find_library(SIMDJSON_LIBRARY simdjson REQUIRED)
target_link_libraries(dep_simdjson INTERFACE ${SIMDJSON_LIBRARY})

if(TICKSCOPE_TESTS)
  find_package(GTest REQUIRED)
endif()
if(TICKSCOPE_BENCH)
  find_package(benchmark REQUIRED)
endif()
