# shellcheck shell=bash
# Installs what is missing and nothing else; silent and quick when all is there. Sourced by ./dev.

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "need root or sudo for: $*"
  fi
}

# need_packages GROUP...: Debian packages of those groups of tools/packages.txt.
need_packages() {
  local group package missing=()
  local wanted=() installed
  for group in "$@"; do
    while read -r package; do wanted+=("$package"); done < <(awk -v group="$group" '$1 == group {print $2}' tools/packages.txt)
  done
  # dpkg-query exits 1 when it has never heard of one of them, which is what this is about.
  installed=" $({ dpkg-query -W -f='${db:Status-Abbrev}|${Package}\n' "${wanted[@]}" 2>/dev/null || true; } |
    sed -n 's/^ii *|//p' | tr '\n' ' ')"
  for package in "${wanted[@]}"; do
    case "$installed" in *" $package "*) ;; *) missing+=("$package") ;; esac
  done
  [ "${#missing[@]}" -eq 0 ] && return
  say "installing Debian packages: ${missing[*]}"
  as_root apt-get -qq update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}"
}

# need_python: the tools of tools/requirements.txt in .venv.
need_python() {
  cmp -s tools/requirements.txt .venv/requirements.txt && return
  # `venv --clear` would empty the folder the link points to, which some other checkout uses.
  [ ! -L .venv ] || die ".venv is a link, and the tools it leads to are not those of tools/requirements.txt: remove the link"
  say "installing Python tools into .venv"
  # Debian's own python, so that what a machine has besides it does not matter.
  /usr/bin/python3 -m venv --clear .venv
  .venv/bin/pip install --quiet --disable-pip-version-check --requirement tools/requirements.txt
  cp tools/requirements.txt .venv/requirements.txt
}
