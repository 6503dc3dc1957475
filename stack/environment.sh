#!/bin/sh
# Make a virtual environment with a current pip: environment.sh PYTHON FOLDER
# A fresh Debian has Python without ensurepip. Its own package of pip then serves to begin with:
# it is downloaded and unpacked, not installed, so no right to change the system is needed.
set -eu
python=$1
folder=$2

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

if ! command -v "$python" >/dev/null; then
    fail "There is no program $python. Install Python 3.11 or newer (on Debian the package" \
        "python3), or name another one: make PYTHON=/path/to/python3 …"
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    fail "Jellyroll needs Python 3.11 or newer; $python is $("$python" --version 2>&1)." \
        "Name another one: make PYTHON=python3.12 …"
fi
if ! "$python" -c 'import venv' 2>/dev/null; then
    fail "$python lacks its module venv. Install it (on Debian: apt-get install python3-venv)" \
        "and try again."
fi

temporary=$(mktemp -d)
# Half an environment must not pass for a whole one at the next try.
trap 'rm -rf "$temporary" "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# An apt-get of our own, with the system's sources: it needs no right to write the system's lists,
# which on a fresh machine may be empty, and runs none of the system's hooks.
private_apt() {
    mkdir -p "$temporary/lists/partial" "$temporary/cache/archives/partial"
    cat >"$temporary/apt.conf" <<END
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::State::lists "$temporary/lists";
Dir::Cache "$temporary/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
END
    apt-get -q -c "$temporary/apt.conf" "$@" >>"$temporary/log" 2>&1
}

fetch_pip() (
    cd "$temporary" &&
        private_apt update &&
        private_apt download python3-pip-whl &&
        dpkg -x python3-pip-whl_*.deb .
)

echo "Making a virtual environment in $folder"
rm -rf "$folder"
if "$python" -c 'import ensurepip' 2>/dev/null; then
    "$python" -m venv "$folder"
else
    if ! command -v apt-get >/dev/null; then
        fail "$python lacks its module ensurepip, and without apt-get it cannot be fetched." \
            "Install the package of this system that holds it and try again."
    fi
    if ! [ -e /etc/ssl/certs/ca-certificates.crt ]; then # the one place where Debian's pip looks
        fail "This machine has no certificates to know a server by." \
            "Install them (apt-get install ca-certificates) and try again."
    fi
    if ! fetch_pip; then
        tail -n 6 "$temporary/log" >&2
        fail "$python lacks its module ensurepip, and Debian's package of pip cannot be fetched." \
            "Check the network and apt's sources, or install it: apt-get install python3-venv."
    fi
    "$python" -m venv --without-pip "$folder"
    PYTHONPATH=$(ls "$temporary"/usr/share/python-wheels/pip-*.whl)
    export PYTHONPATH
fi
# 25.1 is the first that installs dependency groups.
if ! "$folder/bin/python" -m pip install --quiet --upgrade 'pip>=25.1'; then
    fail "pip cannot be installed into $folder. Check the network; a proxy, a mirror or a" \
        "certificate belongs in pip's own configuration (pip config)."
fi
trap 'rm -rf "$temporary"' EXIT
