# shellcheck shell=bash
# Configures and builds a preset. Sourced by ./dev.

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  [ "$preset" != fuzz ] && [ "$preset" != clang ] || need_packages check
  # Sanitizers and fuzzers have no use for pages, and a target alone is about that target.
  [ "$preset" != release ] || [ $# -gt 0 ] || build_ui
  tools/install_libraries.sh
  if [ ! -f "build/$preset/build.ninja" ]; then
    say "configuring $preset"
    cmake --preset "$preset" >/dev/null
  fi
  say "building $preset"
  NINJA_STATUS='[%f/%t %es] ' cmake --build "build/$preset" --parallel "$(build_jobs)" ${1:+--target "$@"}
}

# A compiler takes up to 1.5 GB on the largest files, so memory bounds the jobs as well as the cores do.
build_jobs() {
  local cores memory_kb by_memory
  cores=$(nproc)
  memory_kb=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
  by_memory=$((memory_kb / 1500000))
  [ "$by_memory" -ge 1 ] || by_memory=1
  echo $((by_memory < cores ? by_memory : cores))
}

# All C and C++ files that git knows or could know, zero-terminated.
cpp_files() { git ls-files -z --cached --others --exclude-standard -- '*.cc' '*.h' '*.c' '*.hpp' '*.cpp'; }
