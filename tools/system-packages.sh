#!/bin/sh
# What the tests need from the system: `tools/system-packages.sh tests`. Installs it when it may (root, or sudo
# without a password), else prints the one command and leaves with 0: the tests that need it are skipped.
# `tools/system-packages.sh install PACKAGE...` does the same for named packages, and fails when it may not.
set -eu

missing_for_tests() {
    command -v pdftotext >/dev/null && command -v pdftoppm >/dev/null || echo poppler-utils
    # A second PostgreSQL beside the one in the wheel, the oldest that we support.
    ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || echo postgresql
}

case ${1:-} in
    tests) packages=$(missing_for_tests | tr '\n' ' '); optional=yes ;;
    install) shift; packages=$*; optional=no ;;
    *) echo "usage: tools/system-packages.sh tests | install PACKAGE..." >&2; exit 2 ;;
esac
if [ -z "$packages" ]; then exit 0; fi

as_root=none
if [ "$(id -u)" = 0 ]; then as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root="sudo -n"
fi
if [ "$as_root" = none ] || ! command -v apt-get >/dev/null; then
    echo "Missing on this system: $packages" >&2
    echo "Install with: sudo apt-get install --no-install-recommends $packages" >&2
    if [ "$optional" = yes ]; then exit 0; else exit 1; fi
fi

echo "Installing $packages"
conf=/etc/postgresql-common/createcluster.conf
case $packages in *postgresql*)
    # The programs only: no database cluster of the system is made or started.
    if [ ! -e "$conf" ]; then
        $as_root mkdir -p "${conf%/*}"
        echo "create_main_cluster = false" | $as_root tee "$conf" >/dev/null
    fi ;;
esac
install="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Options::=--force-confold \
    install --yes --no-install-recommends"
# shellcheck disable=SC2086  # words on purpose
$install $packages >/dev/null || { $as_root apt-get -qq update && $install $packages >/dev/null; }
