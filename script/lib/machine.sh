# Sourced by the scripts beside it: saying what is done, becoming root, installing packages.
# shellcheck shell=bash

say() { printf '%s: %s\n' "${0##*/}" "$*"; }
fail() { printf '%s: %s\n' "${0##*/}" "$2" >&2; exit "$1"; }   # fail STATUS SENTENCE

person_present() { [[ -t 0 && -t 1 && -z ${CI:-} ]]; }

# Sets as_root, the words that make a command run as root; fails when there are none.
as_root=()
become_root() {
  [[ $(id -u) -ne 0 ]] || return 0
  command -v sudo >/dev/null || return 1
  sudo -n true 2>/dev/null || { person_present && sudo -v; } || return 1
  as_root=(sudo)
}

# Runs a command silently; when it fails its last lines are shown.
quietly() {
  local output
  output=$("$@" 2>&1) && return
  printf '%s\n' "$output" | tail -n 20 >&2
  return 1
}

# install_packages PACKAGE…   Debian's or Ubuntu's; call become_root first.
install_packages() {
  quietly "${as_root[@]}" apt-get update -q || say 'apt-get update failed; going on with the lists that are here'
  quietly "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" ||
    fail 3 "apt-get could not install $*: its last lines are above."
}
