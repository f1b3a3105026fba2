#!/bin/sh
# Installs Debian packages that tests use, where that is possible, and says plainly where it is not: the tests then skip aloud.
# Usage: install_debian_packages.sh PACKAGE...
set -eu

# dpkg's own scripts live there, and an almost empty environment does not have it.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export PATH DEBIAN_FRONTEND=noninteractive

say() { echo "install_debian_packages: $*" >&2; }

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    say "skipped $*: this is no Debian (no apt-get). The tests that need them are skipped."
    exit 0
fi

missing=
for package in "$@"; do
    status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null && sudo --non-interactive true 2>/dev/null; then
    as_root="sudo --non-interactive --preserve-env=DEBIAN_FRONTEND"
else
    say "skipped$missing: neither root nor sudo without a password. The tests that need them are skipped."
    exit 0
fi

say "installing$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086
if ! { $as_root apt-get update && $as_root apt-get install --yes --no-install-recommends $missing; } >"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    say "skipped$missing: apt-get failed, see above. The tests that need them are skipped."
fi
