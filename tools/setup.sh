#!/bin/sh
# Makes .venv and installs the locked packages into it: `tools/setup.sh run` for using Tegoed,
# `tools/setup.sh dev` for working on it. Does nothing when that was done for the present locks.
set -eu
cd "$(dirname "$0")/.."
want=${1:-run}
case $want in
    run) lock=requirements.lock ;;
    dev) lock=requirements-dev.lock ;;
    *) echo "usage: tools/setup.sh run|dev" >&2; exit 2 ;;
esac

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
complete() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

find_python() {
    found=
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
        new_enough "$candidate" || continue
        if complete "$candidate"; then found=$candidate; return; fi
        found=${found:-$candidate}
    done
}

make_venv() {
    find_python
    if [ -z "$found" ]; then
        echo "Tegoed needs Python 3.11 or newer; none was found." >&2
        echo "Install one (Debian 12, Ubuntu 24.04: apt-get install python3 python3-venv)," >&2
        echo "or name it: make PYTHON=/path/to/python3.12 run" >&2
        exit 1
    fi
    if ! complete "$found"; then
        # Debian keeps a part of Python in a package of its own.
        package=$("$found" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')
        tools/system-packages.sh install "$package"
        complete "$found" || exit 1
    fi
    rm -rf .venv
    echo "Making .venv with $("$found" --version)"
    "$found" -m venv .venv
}

if ! new_enough .venv/bin/python; then make_venv; fi

# The stamp names everything that an installation depends on.
stamp() { .venv/bin/python - "$1" pyproject.toml <<'PY'
import hashlib, pathlib, sys
parts = [pathlib.Path(name).read_bytes() for name in sys.argv[1:]]
print(sys.version_info[:3], pathlib.Path.cwd(), hashlib.sha256(b"\0".join(parts)).hexdigest())
PY
}
now=$(stamp "$lock")
if [ "$(cat ".venv/.installed-$want" 2>/dev/null || true)" = "$now" ]; then exit 0; fi

echo "Installing $lock"
pip() { .venv/bin/python -m pip --disable-pip-version-check --quiet "$@"; }
pip install --require-hashes -r "$lock"
pip install --no-deps --no-build-isolation -e .
echo "$now" > ".venv/.installed-$want"
# The development lock holds the same versions and more.
if [ "$want" = dev ]; then stamp requirements.lock > .venv/.installed-run; fi
