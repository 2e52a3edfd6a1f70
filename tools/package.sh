#!/usr/bin/env bash
# Makes Debian packages of what is built: tickscope (the binary, units of server and agent), tickscope-columnar (what needs Arrow
# and DuckDB: S3, Parquet, SQL) and tickscope-grpc (OTLP over gRPC). Their names are the last lines of the output.
#
#   tools/package.sh [--without-columnar] [DIRECTORY]     without: the first alone; where they are put; default build/packages
set -euo pipefail
cd "$(dirname "$0")/.."
with_columnar=1
if [ "${1-}" = --without-columnar ]; then
  with_columnar=0
  shift
fi
out=${1:-build/packages}
build=build/release
[ -x "$build/bin/tickscope" ] || { echo "package: nothing built: ./dev build first" >&2; exit 1; }
mkdir -p "$out"

version=$(sed -n 's/^project(tickscope VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
architecture=$(dpkg --print-architecture)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Times in the archive are those of the last commit, so that the same sources make the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH

depends() { # PACKAGE FILE...: Debian packages the programs need, by their libraries
  local package=$1
  shift
  mkdir -p "$work/shlibs/debian"
  printf 'Source: tickscope\n\nPackage: %s\nArchitecture: any\n' "$package" >"$work/shlibs/debian/control"
  (cd "$work/shlibs" && dpkg-shlibdeps -O --ignore-missing-info "$@" 2>/dev/null) | sed -n 's/^shlibs:Depends=//p'
}

finish() { # PACKAGE DEPENDS DESCRIPTION
  local package=$1 root=$work/$1 size
  mkdir -p "$root/usr/share/doc/$package"
  { echo "Tickscope"; echo; echo "Licence: Apache-2.0, in full below; licences of libraries: THIRD_PARTY.md beside this file."; echo; cat LICENSE; } \
    >"$root/usr/share/doc/$package/copyright"
  cp THIRD_PARTY.md "$root/usr/share/doc/$package/"
  chmod -R u=rwX,go=rX "$root"
  size=$(du -sk --exclude=DEBIAN "$root" | cut -f1)
  mkdir -p "$root/DEBIAN"
  cat >"$root/DEBIAN/control" <<CONTROL
Package: $package
Version: $version
Architecture: $architecture
Maintainer: Tickscope developers <developers@tickscope.invalid>
Installed-Size: $size
Depends: $2
Section: net
Priority: optional
Description: $3
CONTROL
  (cd "$root" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
  find "$root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
  dpkg-deb --root-owner-group -Zxz --build "$root" "$out" >/dev/null
}

# The binary looks for its libraries in ../lib from where it lies.
root=$work/tickscope
install -Dm0755 "$build/bin/tickscope" "$root/usr/lib/tickscope/bin/tickscope"
strip --strip-unneeded "$root/usr/lib/tickscope/bin/tickscope"
mkdir -p "$root/usr/bin" "$root/DEBIAN"
ln -s ../lib/tickscope/bin/tickscope "$root/usr/bin/tickscope"
install -Dm0644 -t "$root/usr/lib/systemd/system" packaging/tickscope.service packaging/tickscope-agent.service
install -Dm0644 packaging/sysusers.conf "$root/usr/lib/sysusers.d/tickscope.conf"
install -Dm0644 -t "$root/etc/tickscope" packaging/agent.yaml packaging/tickscope.yaml
install -dm0755 "$root/etc/tickscope/targets"
install -Dm0644 -t "$root/usr/share/tickscope/schema" schema/*.yaml
install -Dm0644 -t "$root/usr/share/tickscope/dashboards" dashboards/*.json
install -m0755 -t "$root/DEBIAN" packaging/postinst packaging/prerm packaging/postrm
install -m0644 packaging/conffiles "$root/DEBIAN/conffiles"
finish tickscope "$(depends tickscope "$root/usr/lib/tickscope/bin/tickscope")" "reporting and observability for live games: server and agent
 Takes in Prometheus remote write and OTLP, keeps them, answers PromQL. The
 agent scrapes targets and reads the pages of game servers that link the SDK.
 Neither is started until its unit is enabled: tickscope.service,
 tickscope-agent.service."

root=$work/tickscope-columnar
for library in "$build"/lib/*.so*; do
  [ "$with_columnar" -eq 1 ] && [ -f "$library" ] && [ "$(basename "$library")" != libtickscope_grpc.so ] || continue
  install -Dm0644 "$(readlink -f "$library")" "$root/usr/lib/tickscope/lib/$(basename "$library")"
done
if [ -d "$root" ]; then
  finish tickscope-columnar "tickscope (= $version), $(depends tickscope-columnar -l"$PWD/$build/lib" "$root/usr/lib/tickscope/lib/libtickscope_columnar.so")" "object stores, Parquet and SQL for tickscope
 What needs Apache Arrow and DuckDB: history in S3, days as Parquet, SQL over
 them. Without it tickscope keeps history in a directory."
fi

if [ "$with_columnar" -eq 1 ]; then
  root=$work/tickscope-grpc
  library=$root/usr/lib/tickscope/lib/libtickscope_grpc.so
  install -Dm0644 "$build/lib/libtickscope_grpc.so" "$library"
  finish tickscope-grpc "tickscope (= $version), $(depends tickscope-grpc "$library")" "OTLP over gRPC for tickscope
 What needs gRPC: the server's otlp.grpc.listen. OTLP over HTTP is in tickscope."
fi
ls "$out"/*_"${version}"_"${architecture}".deb
