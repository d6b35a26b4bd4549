#!/bin/sh
# The same recipe gives the same bits, whatever the threads, instruction set, compiler,
# optimisation, C library and processor (DESIGN.md, promise 1).
#
#     tests/system/same-bits.sh build/contrast [VARIANT...]      BITS=all: every case of every variant
#
# The program that is given, on one thread, is the reference. Each variant trains short recipes;
# log.jsonl and the last checkpoint must be equal byte for byte, in WebAssembly the fingerprint of
# the weights. Three recipes have their fingerprints in golden-hashes too. `make same-bits` trains
# with every loss and every recipe that the program carries. A variant whose compiler or emulator is
# missing is skipped and named; under CI=true that is a failure.
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1") || exit 1
shift
only=" $* "
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
jobs=-j$(getconf _NPROCESSORS_ONLN)
passed=0 failed=0 skipped=

# ---- what is trained: NAME RECIPE SETTINGS..., a line each ----

few="data.n_train=150 data.n_validation=41 data.n_test=43 train.checkpoint_every=0 monitor.log_every=1"
more="data.n_composition=17"
narrow="image.layers=37,17 text.layers=29,17 text.buckets=300 text.bag_dim=21"
# Sizes that are no multiple of any vector or tile, yet large enough for threads;
# between them every activation, both optimisers, dropout, clipping and three losses.
cat >"$work/sample" <<END
shapes shapes $few $more train.steps=5 train.batch=75 optim.warmup=2 image.layers=150,33 image.activation=gelu image.dropout=0.2 text.layers=70,33 text.activation=tanh text.buckets=300 text.bag_dim=37
latent shapes $few data.kind=latent data.dim=45 train.steps=9 train.batch=61 optim.warmup=0 optim.clip=0.5 image.layers=130,21 image.activation=relu text.layers=90,21 loss.name=unicl
collapse collapse $few $more train.steps=6
END
# Every loss on repeated captions, and every recipe, all on data that is generated.
every_case() {
    cat "$work/sample"
    "$program" help losses | awk 'NR > 1 && $2 + 0 == $2 { print $1 }' | while read -r loss; do
        echo "loss-$loss shapes $few $more $narrow train.steps=4 train.batch=37 optim.warmup=0 loss.name=$loss"
    done
    for name in $(ls models/recipes | sed -n 's/\.ini$//p'); do
        kind=shapes
        grep -q 'kind = latent' "models/recipes/$name.ini" && kind=latent
        echo "recipe-$name $name $few data.kind=$kind train.steps=3 train.batch=33 optim.warmup=0"
    done
}
if [ "$BITS" = all ]; then every_case >"$work/cases"; else cp "$work/sample" "$work/cases"; fi

# ---- variants ----

row() { printf '%-22s %8s %6s of %-3s %s\n' "$@"; }
skip() {
    row "$1" - skipped - "$2"
    skipped="$skipped $1"
    [ -n "$CI" ] && [ "$2" != "this processor has no such instruction set" ] && failed=$((failed + 1))
}
is_wanted() { [ "$only" = "  " ] || case $only in *" $1 "*) true ;; *) false ;; esac; }

# train VARIANT THREADS PROGRAM...: each case, and the comparison. THREADS 0: 1 to 8 in turn.
train() {
    variant=$1 threads=$2 same=0 all=0 turn=0 wrong=
    shift 2
    is_wanted "$variant" || [ "$variant" = reference ] || return
    while read -r name recipe settings; do
        run=$work/$variant/$name all=$((all + 1)) turn=$((turn % 8 + 1))
        # shellcheck disable=SC2086 # settings are words
        if ! "$@" train "models/recipes/$recipe.ini" $settings --threads $((threads > 0 ? threads : turn)) --output "$run" --quiet \
            >"$work/log" 2>&1 </dev/null; then
            if grep -q 'instruction set' "$work/log"; then
                skip "$variant" "this processor has no such instruction set"
                return
            fi
            wrong="$wrong $name ($(tail -n 1 "$work/log"))"
        elif cmp -s "$work/reference/$name/log.jsonl" "$run/log.jsonl" &&
            cmp -s "$work/reference/$name/latest.safetensors" "$run/latest.safetensors"; then
            same=$((same + 1))
        else
            wrong="$wrong $name"
        fi
        [ "$variant" = reference ] || rm -rf "$run"
    done <"$work/cases"
    count
}
# The row of a variant, from $variant, $same, $all and $wrong.
count() {
    passed=$((passed + same)) failed=$((failed + all - same))
    row "$variant" "$([ "$threads" = 0 ] && echo 1-8 || echo "$threads")" $same $all "${wrong:+differ or fail:$wrong}"
}

# built NAME NEEDED-COMMAND MAKE-ARGUMENTS...: a program of its own in build/bits-NAME.
built() {
    name=$1 needs=$2
    shift 2
    is_wanted "$name" || return
    if ! command -v "$needs" >/dev/null; then
        skip "$name" "$needs is not installed"
        return 1
    fi
    make -s "$jobs" ROOT="build/bits-$name" "$@" "build/bits-$name/release/contrast" && return
    row "$name" - 0 1 "does not compile"
    failed=$((failed + 1))
    return 1
}
of() { echo "build/bits-$1/release/contrast"; }

# foreign NAME COMPILER-PREFIX EMULATOR: another machine.
foreign() {
    built "$1" "$2-gcc" CC="$2-gcc" AR="$2-ar" LDFLAGS=-static || return
    if [ "$3" = none ]; then
        train "$1" 0 "$(of "$1")"
    elif command -v "$3" >/dev/null; then
        train "$1" 0 "$3" "$(of "$1")"
    else
        skip "$1" "$3 is not installed"
    fi
}

# The engine of the playground, driven by node.
wasm() {
    is_wanted wasm32 || return
    if ! command -v node >/dev/null; then
        skip wasm32 "node is not installed"
    elif ! CLANG="${CLANG:-clang}" make -s "$jobs" build/wasm/contrast.wasm 2>"$work/log"; then
        skip wasm32 "clang cannot make WebAssembly ($(tail -n 1 "$work/log"))"
    else
        node tests/system/same-bits.js build/wasm/contrast.wasm <"$work/cases" >"$work/wasm"
        variant=wasm32 threads=1 same=0 all=0 wrong=
        while read -r name recipe settings; do
            all=$((all + 1))
            got=$(sed -n "s/^$name //p" "$work/wasm")
            [ "$got" = "$("$program" hash "$work/reference/$name" | cut -c 1-16)" ] && same=$((same + 1)) || wrong="$wrong $name ($got)"
        done <"$work/cases"
        count
    fi
}

row variant threads same all "" | sed 's/ of / of /'
train reference 1 "$program"
[ $failed = 0 ] || exit 1
passed=0 # it was compared with itself
# Between today's programs all may be equal and all be wrong: these were the weights before.
while read -r name want; do
    got=$("$program" hash "$work/reference/$name" | cut -c 1-16)
    [ "$got" = "$want" ] && passed=$((passed + 1)) && continue
    echo "same-bits: $name ends in $got, golden-hashes says $want; if the numbers were to change, say so there"
    failed=$((failed + 1))
done <tests/system/golden-hashes

if [ "$BITS" = all ]; then
    for n in 1 2 3 4 5 6 7 8; do train "threads-$n" $n "$program"; done
else
    for n in 2 3 5; do train "threads-$n" $n "$program"; done
fi
for isa in portable avx2 avx512; do train "$isa" 0 env CONTRAST_ISA=$isa "$program"; done

levels="O0 O2 O3"
[ "$BITS" = all ] && levels="O0 O1 O2 O3"
for compiler in gcc clang; do
    for level in $levels; do
        [ "$BITS" != all ] && [ $compiler-$level = gcc-O3 ] && continue # the reference
        built $compiler-$level $compiler CC=$compiler CFLAGS=-$level || continue
        train $compiler-$level 0 "$(of $compiler-$level)"
        [ $level = O1 ] || train $compiler-$level-portable 0 env CONTRAST_ISA=portable "$(of $compiler-$level)"
    done
done
# What users type who want it faster: contraction stays off, since the Makefile says so last.
if built gcc-native gcc CC=gcc CFLAGS="-O3 -march=native -ffp-contract=fast"; then
    train gcc-native 0 "$(of gcc-native)"
    train gcc-native-portable 0 env CONTRAST_ISA=portable "$(of gcc-native)"
fi
built musl musl-gcc CC=musl-gcc LDFLAGS=-static && train musl 0 "$(of musl)"
foreign aarch64 aarch64-linux-gnu qemu-aarch64-static
foreign s390x s390x-linux-gnu qemu-s390x-static # big-endian
foreign i686 i686-linux-gnu none                # 32 bits, without vectors but SSE2
if [ "$BITS" = all ]; then
    built gcc-lto gcc-ar CC=gcc AR=gcc-ar CFLAGS="-O3 -flto" && train gcc-lto 0 "$(of gcc-lto)"
    built clang-lto ld.lld CC=clang AR=llvm-ar CFLAGS="-O3 -flto" LDFLAGS=-fuse-ld=lld && train clang-lto 0 "$(of clang-lto)"
    wasm
fi
# Registers that are wider than their numbers (the x87's) give other bits, so nothing is compiled for them.
if [ "$(uname -m)" = x86_64 ] && command -v gcc >/dev/null; then
    if gcc -std=c11 -mfpmath=387 -Iinclude -Isrc -fsyntax-only src/platform/scalar.c 2>&1 | grep -q 'error.*other bits: compile with'; then
        passed=$((passed + 1))
    else
        echo "same-bits: the x87 was not refused"
        failed=$((failed + 1))
    fi
fi

echo "same-bits: $(wc -l <"$work/cases") cases each${skipped:+; skipped:$skipped}"
echo "$passed passed, $failed failed"
[ $failed = 0 ] && [ $passed -gt 6 ]
