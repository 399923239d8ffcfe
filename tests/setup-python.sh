#!/bin/sh
# Installs the Python packages that tests and benchmarks read, once for each list of them.
#
#   tests/setup-python.sh [VENV] [REQUIREMENTS]
#
# Does nothing when VENV already holds exactly what REQUIREMENTS lists.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
venv=${1:-"$root/.cache/venv"}
requirements=${2:-"$root/tests/requirements.txt"}
installed="$venv/.installed-$(basename "$(dirname "$requirements")")"

if [ -f "$installed" ] && cmp -s "$requirements" "$installed"; then
    exit 0
fi
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements"
cp "$requirements" "$installed"
