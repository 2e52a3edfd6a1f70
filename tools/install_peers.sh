#!/usr/bin/env bash
# Installs the real programs that tests and benchmarks talk to into .cache/peers.
#
#   tools/install_peers.sh            Debian's prometheus, promtool and prometheus-node-exporter (quick)
#   tools/install_peers.sh --current  also the current Prometheus, VictoriaMetrics and vmagent, by go install (about 12 minutes)
#
# Debian's packages are unpacked, not installed: installing them would start their services. What is on the PATH
# already is left alone.
set -euo pipefail
cd "$(dirname "$0")/.."
peers="$PWD/.cache/peers"
mkdir -p "$peers"

readonly PROMETHEUS_VERSION=v0.316.0
readonly VICTORIA_METRICS_VERSION=v1.150.0

say() { echo "==> $*" >&2; }
die() {
  echo "install_peers: $*" >&2
  exit 1
}
source tools/install.sh

have() { [ -x "$peers/$1" ] || command -v "$1" >/dev/null; }

unpack_debian() { # PACKAGE PROGRAM...
  local package=$1 program missing=0 work
  shift
  for program in "$@"; do have "$program" || missing=1; done
  [ "$missing" -eq 1 ] || return 0
  say "unpacking Debian package $package into .cache/peers"
  work=$(mktemp -d)
  # apt drops to its own user to download, which cannot write here otherwise.
  chmod 0777 "$work"
  if ! (cd "$work" && apt-get -qq download "$package" 2>/dev/null); then
    # A machine whose package lists were never fetched, or are old.
    as_root apt-get -qq update
    (cd "$work" && apt-get -qq download "$package")
  fi
  (cd "$work" && dpkg-deb -x ./*.deb unpacked)
  for program in "$@"; do install -m 0755 "$work/unpacked/usr/bin/$program" "$peers/$program"; done
  rm -rf "$work"
}

go_install() { # PROGRAM PACKAGE@VERSION [FLAGS...]
  local program=$1 package=$2
  shift 2
  if [ -f "$peers/$program.version" ] && [ "$(cat "$peers/$program.version")" = "$package" ]; then return 0; fi
  say "building $package (some minutes)"
  GOBIN="$peers" go install "$@" "$package"
  echo "$package" >"$peers/$program.version"
}

unpack_debian prometheus prometheus promtool
unpack_debian prometheus-node-exporter prometheus-node-exporter
if [ "${1-}" = --current ]; then
  command -v go >/dev/null || die "--current needs go on the PATH"
  # The tag leaves out cloud service discovery, whose dependencies the module proxy does not have.
  go_install prometheus "github.com/prometheus/prometheus/cmd/prometheus@$PROMETHEUS_VERSION" -tags remove_all_sd
  go_install promtool "github.com/prometheus/prometheus/cmd/promtool@$PROMETHEUS_VERSION" -tags remove_all_sd
  go_install victoria-metrics "github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics@$VICTORIA_METRICS_VERSION"
  go_install vmagent "github.com/VictoriaMetrics/VictoriaMetrics/app/vmagent@$VICTORIA_METRICS_VERSION"
fi
