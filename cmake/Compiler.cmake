# Warnings are errors everywhere; third-party headers come in as SYSTEM and are exempt.
add_library(tickscope_options INTERFACE)
target_compile_options(tickscope_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Werror
  # Designated initialisers name what differs from the defaults; the rest is left out on purpose.
  -Wno-missing-field-initializers
  $<$<CONFIG:Release>:-g1>
  -fno-omit-frame-pointer)
# GCC 12 reports maybe-uninitialized and stringop false positives inside its own std::expected and
# std::vector once sanitizers change inlining; the plain build keeps the checks.
if(TICKSCOPE_SANITIZE)
  target_compile_options(tickscope_options INTERFACE -fsanitize=${TICKSCOPE_SANITIZE} -fno-sanitize-recover=all
    $<$<CXX_COMPILER_ID:GNU>:-Wno-error=maybe-uninitialized>)
  target_link_options(tickscope_options INTERFACE -fsanitize=${TICKSCOPE_SANITIZE})
  if(TICKSCOPE_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio's fences, which the thread sanitizer does not understand, are not ours to change.
    target_compile_options(tickscope_options INTERFACE -Wno-tsan)
  endif()
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # libstdc++ 12 offers std::expected only under the concepts version GCC announces, and its stable_sort calls what
  # it deprecates itself.
  target_compile_options(tickscope_options INTERFACE -Wthread-safety -D__cpp_concepts=202002L
    -Wno-builtin-macro-redefined -Wno-deprecated-declarations)
  if(TICKSCOPE_FUZZ)
    target_compile_options(tickscope_options INTERFACE -fsanitize=fuzzer-no-link)
  endif()
endif()

find_program(TICKSCOPE_CCACHE ccache)
if(TICKSCOPE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TICKSCOPE_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${TICKSCOPE_CCACHE})
endif()
find_program(TICKSCOPE_MOLD mold)
if(TICKSCOPE_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=mold)
endif()
