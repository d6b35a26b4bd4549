#!/bin/sh
# Bring Fashion-MNIST: sh datasets/fashion-mnist.sh [FROM [TO]]
#
# Unpacks the four files of Debian's package dataset-fashion-mnist, or of folder
# FROM (gzipped or not), into TO (default: fashion-mnist beside this script), and
# checks sizes and SHA-256 sums. Files that are there and right are left alone.
set -eu

from=${1:-}
to=${2:-$(dirname "$0")/fashion-mnist}

say() { printf '%s\n' "fashion-mnist: $*"; }
fail() { say "$*" >&2; exit 1; }

if command -v sha256sum >/dev/null; then
    sha256() { sha256sum <"$1" | cut -d ' ' -f 1; }
elif command -v shasum >/dev/null; then
    sha256() { shasum -a 256 <"$1" | cut -d ' ' -f 1; }
else
    fail "neither sha256sum nor shasum is installed; one is needed to check the files"
fi

# is_right FILE SIZE SUM
is_right() {
    [ "$(wc -c <"$1" | tr -d ' ')" = "$2" ] && [ "$(sha256 "$1")" = "$3" ]
}

how_to_get_it() {
    if [ "$(id -u)" = 0 ]; then sudo=; else sudo="sudo "; fi
    cat >&2 <<EOF
fashion-mnist: $1. On Debian or Ubuntu type:
    ${sudo}apt-get install dataset-fashion-mnist && sh $0
Elsewhere, put the four files from
    https://github.com/zalandoresearch/fashion-mnist (folder data/fashion)
into a folder and type:
    sh $0 FOLDER
EOF
    exit 1
}

# Where NAME is, gzipped or not; nothing if it is nowhere.
find_source() {
    if [ -n "$from" ]; then
        for f in "$from/$1.gz" "$from/$1"; do
            if [ -f "$f" ]; then printf '%s\n' "$f"; return; fi
        done
    elif command -v dpkg >/dev/null; then
        dpkg -L dataset-fashion-mnist 2>/dev/null | grep "/$1\.gz\$" || true
    fi
}

# bring NAME SIZE SUM
bring() {
    if [ -f "$to/$1" ] && is_right "$to/$1" "$2" "$3"; then
        say "$to/$1 is there"
        return
    fi
    source=$(find_source "$1")
    [ -n "$source" ] || how_to_get_it "$1.gz not found${from:+ in $from}"
    case $source in
    *.gz) gzip -dc "$source" >"$part" || fail "$source is damaged" ;;
    *) cp "$source" "$part" ;;
    esac
    is_right "$part" "$2" "$3" || fail "$source is not the original: size or SHA-256 sum of its contents differ"
    mv "$part" "$to/$1"
    say "$to/$1 unpacked from $source"
}

mkdir -p "$to"
part=$to/unpacking.$$.tmp
trap 'rm -f "$part"' EXIT
trap 'exit 1' HUP INT TERM

bring train-images-idx3-ubyte 47040016 c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888
bring train-labels-idx1-ubyte 60008 bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9
bring t10k-images-idx3-ubyte 7840016 5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b
bring t10k-labels-idx1-ubyte 10008 0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34
