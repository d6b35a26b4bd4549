#!/bin/sh
# The same recipe gives the same bits, whatever the threads, instruction set,
# compiler, optimisation, C library and processor (DESIGN.md, promise 1).
#
#     tests/system/same-bits.sh build/contrast
#
# The program that is given, on one thread, is the reference. Each variant trains
# three short recipes; log.jsonl and the last checkpoint must be equal byte
# for byte, and the weights' hashes those of golden-hashes. Variants whose compiler or
# emulator is missing are left out and named;
# under CI=true that is a failure.
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1") || exit 1
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
jobs=-j$(getconf _NPROCESSORS_ONLN)
compared=0 failed=0

# Sizes that are no multiple of any vector or tile, yet large enough for threads;
# between them every activation, both optimisers, dropout, clipping and three losses.
small="data.n_train=150 data.n_validation=41 data.n_test=43 data.n_composition=17 train.checkpoint_every=0 monitor.log_every=1"
settings() {
    case $1 in
    shapes) echo "$small train.steps=5 train.batch=75 optim.warmup=2 image.layers=150,33 image.activation=gelu
        image.dropout=0.2 text.layers=70,33 text.activation=tanh text.buckets=300 text.bag_dim=37" ;;
    latent) echo "$small data.kind=latent data.dim=45 train.steps=9 train.batch=61 optim.warmup=0 optim.clip=0.5
        image.layers=130,21 image.activation=relu text.layers=90,21 loss.name=unicl" ;;
    collapse) echo "$small train.steps=6" ;;
    esac
}
recipe() { [ "$1" = latent ] && echo shapes || echo "$1"; }

# train VARIANT THREADS PROGRAM...: all three recipes, and the comparison.
train() {
    variant=$1 threads=$2
    shift 2
    for name in shapes latent collapse; do
        run=$work/$variant/$name
        # shellcheck disable=SC2046 # a list of settings
        if ! "$@" train "models/recipes/$(recipe $name).ini" $(settings $name) \
            --threads "$threads" --output "$run" --quiet >"$work/log" 2>&1; then
            if grep -q 'instruction set' "$work/log"; then
                skip "$variant" "this processor has no such instruction set"
                return
            fi
            cat "$work/log"
            failed=$((failed + 1))
            continue
        fi
        for file in log.jsonl latest.safetensors; do
            compared=$((compared + 1))
            cmp "$work/reference/$name/$file" "$run/$file" || failed=$((failed + 1))
        done
    done
    echo "same-bits: $variant done"
}

skip() {
    echo "same-bits: $1 left out: $2"
    [ -n "$CI" ] && [ "$2" != "this processor has no such instruction set" ] && failed=$((failed + 1))
}

# built NAME NEEDED-COMMAND MAKE-ARGUMENTS...: a program of its own in build/bits-NAME.
built() {
    name=$1 needs=$2
    shift 2
    if ! command -v "$needs" >/dev/null; then
        skip "$name" "$needs is not installed"
        return 1
    fi
    make -s "$jobs" ROOT="build/bits-$name" "$@" "build/bits-$name/release/contrast" && return
    failed=$((failed + 1))
    return 1
}
of() { echo "build/bits-$1/release/contrast"; }

train reference 1 "$program"
[ $failed = 0 ] || exit 1
# Between today's programs all may be equal and all be wrong: these were the weights before.
while read -r name want; do
    got=$("$program" hash "$work/reference/$name" | cut -c 1-16)
    [ "$got" = "$want" ] && continue
    echo "same-bits: $name ends in $got, golden-hashes says $want; if the numbers were to change, say so there"
    failed=$((failed + 1))
done <tests/system/golden-hashes
for n in 2 3 5; do train "threads-$n" $n "$program"; done
for isa in portable avx2 avx512; do train "$isa" 2 env CONTRAST_ISA=$isa "$program"; done

if built gcc-O0 gcc CC=gcc CFLAGS=-O0; then
    train gcc-O0 2 "$(of gcc-O0)"
    train gcc-O0-portable 1 env CONTRAST_ISA=portable "$(of gcc-O0)"
fi
built gcc-O2 gcc CC=gcc CFLAGS=-O2 && train gcc-O2 2 "$(of gcc-O2)"
if built gcc-native gcc CC=gcc CFLAGS="-O3 -march=native -ffp-contract=fast"; then
    train gcc-native 2 "$(of gcc-native)"
    train gcc-native-portable 1 env CONTRAST_ISA=portable "$(of gcc-native)"
fi
for level in O0 O2 O3; do
    built clang-$level clang CC=clang CFLAGS=-$level || continue
    train clang-$level 2 "$(of clang-$level)"
    train clang-$level-portable 1 env CONTRAST_ISA=portable "$(of clang-$level)"
done
built musl musl-gcc CC=musl-gcc LDFLAGS=-static && train musl 2 "$(of musl)"
if built aarch64 aarch64-linux-gnu-gcc CC=aarch64-linux-gnu-gcc AR=aarch64-linux-gnu-ar LDFLAGS=-static; then
    if command -v qemu-aarch64-static >/dev/null; then
        train aarch64 2 qemu-aarch64-static "$(of aarch64)"
    else
        skip aarch64 "qemu-aarch64-static is not installed"
    fi
fi
# Registers that are wider than their numbers (the x87's) give other bits, so nothing is compiled for them.
if [ "$(uname -m)" = x86_64 ] && command -v gcc >/dev/null; then
    compared=$((compared + 1))
    gcc -std=c11 -mfpmath=387 -Iinclude -Isrc -fsyntax-only src/platform/scalar.c 2>&1 | grep -q 'error.*other bits: compile with' ||
        { echo "same-bits: the x87 was not refused"; failed=$((failed + 1)); }
fi

echo "same-bits: $compared files compared, $failed differences or failures; reference:"
(cd "$work/reference" && cksum ./*/log.jsonl ./*/*.safetensors)
[ $failed = 0 ] && [ $compared -gt 6 ]
