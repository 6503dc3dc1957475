#!/bin/sh
# Make a virtual environment with a current pip: environment.sh PYTHON FOLDER
# A fresh Debian has Python without ensurepip. Its own package of pip then serves to begin with:
# it is downloaded and unpacked, not installed, so no right to change the system is needed.
set -eu
python=$1
folder=$2

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Jellyroll needs Python 3.11 or newer; $python is $("$python" --version 2>&1)." >&2
    echo "Name another one: make PYTHON=python3.12 …" >&2
    exit 1
fi
echo "Making a virtual environment in $folder"
rm -rf "$folder"
if ! "$python" -m venv "$folder" 2>/dev/null; then
    rm -rf "$folder"
    "$python" -m venv --without-pip "$folder"
    temporary=$(mktemp -d)
    trap 'rm -rf "$temporary"' EXIT
    if ! (cd "$temporary" && apt-get download python3-pip-whl >/dev/null 2>&1 \
            || (apt-get update >/dev/null && apt-get download python3-pip-whl >/dev/null)); then
        rm -rf "$folder"
        echo "Python's ensurepip is missing and Debian's pip cannot be had." >&2
        echo "Install it (apt-get install python3-venv) and try again." >&2
        exit 1
    fi
    dpkg -x "$temporary"/python3-pip-whl_*.deb "$temporary"
    wheel=$(ls "$temporary"/usr/share/python-wheels/pip-*.whl)
    PYTHONPATH=$wheel "$folder/bin/python" -m pip install --quiet pip
fi
"$folder/bin/python" -m pip install --quiet --upgrade pip
