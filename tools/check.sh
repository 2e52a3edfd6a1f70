# shellcheck shell=bash
# The checks of ./dev check: check_NAME runs one, describe_check tells what it is. Sourced by ./dev.

CHECKS=(format layers os-calls licences docs headers tidy asan tsan fuzz clang kill simulation differential crash-points crash-sweep outage)

# Seconds each fuzz target runs.
FUZZ_SECONDS=${FUZZ_SECONDS:-10}
# Time with faults of check outage, as --for says.
OUTAGE_FOR=${OUTAGE_FOR:-5m}

describe_check() {
  case $1 in
    format) echo "clang-format agrees" ;;
    layers) echo "includes follow the table in src/CMakeLists.txt" ;;
    os-calls) echo "nothing but src/io calls the operating system" ;;
    licences) echo "every library is listed in THIRD_PARTY.md" ;;
    docs) echo "links of the pages lead somewhere, and the measured figures are those of the records" ;;
    headers) echo "every header compiles alone" ;;
    tidy) echo "clang-tidy and thread-safety analysis (only what changed since it last passed)" ;;
    asan) echo "unit tests under the address and undefined-behaviour sanitizers" ;;
    tsan) echo "unit tests under the thread sanitizer" ;;
    fuzz) echo "each fuzz target for FUZZ_SECONDS (10)" ;;
    clang) echo "clang builds it too" ;;
    kill) echo "kill -9 under load loses nothing" ;;
    simulation) echo "the whole way in a made-up world, 2,000 seeds (SIMULATION_SEEDS): kills, cuts, faults, jumps" ;;
    differential) echo "20,000 random queries, the compliance queries and scripts give what Prometheus 3 gives" ;;
    crash-points) echo "10,000 power cuts of the store at random places, each cut again while it recovers" ;;
    crash-sweep) echo "kills and errors at every write, sync, rename, unlink of a workload lose nothing" ;;
    outage) echo "live ingest with a tenth of the object store's calls failing (--for 60m; 5m): nothing lost, the disk bounded" ;;
  esac
}

check_format() { cpp_files | xargs -0 .venv/bin/clang-format --dry-run -Werror -ferror-limit=1; }
check_layers() { /usr/bin/python3 tools/check_layers.py; }
check_os-calls() { /usr/bin/python3 tools/check_os_calls.py; }
check_licences() { /usr/bin/python3 tools/check_licences.py; }
check_docs() { /usr/bin/python3 tools/check_docs.py; }
check_headers() { build release all_verify_interface_header_sets; }

check_tidy() {
  # Built first, so that the compilation database and each file's dependencies are there.
  build release && /usr/bin/python3 tools/tidy.py
}

check_sanitizer() {
  build "$1" && ctest --preset "$1" --parallel "$(nproc)"
}
check_asan() { check_sanitizer asan; }
check_tsan() { check_sanitizer tsan; }

check_fuzz() {
  build fuzz && /usr/bin/python3 tools/fuzz.py --seconds "$FUZZ_SECONDS"
}

check_clang() { build clang; }

check_kill() {
  build release && .venv/bin/python -m pytest tests/blackbox/test_kill.py -m slow
}

check_simulation() {
  # Its log is of faults it made itself; what matters is on standard output, with the seed that shows it.
  build release && SIMULATION_SEEDS=${SIMULATION_SEEDS:-2000} build/release/bin/simulation_test 2>/dev/null
}
check_differential() {
  build release && tools/install_peers.sh --current && .venv/bin/python tests/differential/run.py --queries "${DIFFERENTIAL_QUERIES:-20000}"
}
check_crash-points() {
  # Forty places a repetition; shuffling is what gives each a seed of its own, and prints it.
  build release tsdb_test &&
    build/release/bin/tsdb_test --gtest_filter='*PowerCut*' --gtest_repeat=250 --gtest_shuffle --gtest_break_on_failure --gtest_brief=1
}

check_crash-sweep() {
  build release && CRASH_SWEEP_STRIDE=${CRASH_SWEEP_STRIDE:-1} .venv/bin/python -m pytest tests/blackbox/test_crash_sweep.py
}

check_outage() {
  build release && tools/install_components.sh && .venv/bin/python tests/blackbox/outage.py --for "$OUTAGE_FOR"
}

run_checks() {
  local name names=() failed=() started report=""
  while [ $# -gt 0 ]; do
    case $1 in
      --for) [ $# -gt 1 ] || die "check: --for wants a time such as 60m"; OUTAGE_FOR=$2; shift 2 ;;
      *) names+=("$1"); shift ;;
    esac
  done
  [ "${#names[@]}" -gt 0 ] || names=("${CHECKS[@]}")
  for name in "${names[@]}"; do
    [ -n "$(describe_check "$name")" ] || die "check: unknown check \"$name\"; there are: ${CHECKS[*]}"
  done
  for name in "${names[@]}"; do
    say "check $name: $(describe_check "$name")"
    started=$SECONDS
    if "check_$name"; then
      report+="  passed  $name ($((SECONDS - started)) s)"$'\n'
    else
      report+="  FAILED  $name ($((SECONDS - started)) s)"$'\n'
      failed+=("$name")
    fi
  done
  printf '%s' "$report"
  [ "${#failed[@]}" -eq 0 ] || die "check: failed: ${failed[*]}"
}
