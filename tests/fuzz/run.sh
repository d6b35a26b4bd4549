#!/bin/sh
# Fuzz every reader of untrusted bytes, under address and undefined sanitizers.
#
#   tests/fuzz/run.sh [SECONDS [NAME...]]     5 seconds each of all by default
#
# Needs clang with libFuzzer. Begins with the small files in corpus/NAME; what it
# finds goes to build/fuzz, never into the corpus. Ends with 1 if an input failed:
# build/fuzz/NAME-crash-... is that input, and build/fuzz/NAME FILE repeats it.
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:-5}
[ $# -gt 0 ] && shift
# shellcheck disable=SC2046 # names are words
[ $# -gt 0 ] || set -- $(ls tests/fuzz/fuzz_*.c | sed 's|.*/fuzz_||; s|\.c$||')
cc=${FUZZ_CC:-clang}
out=build/fuzz
mkdir -p $out
if ! echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return d && n < 0; }' |
    $cc -fsanitize=fuzzer -x c - -o $out/probe 2>/dev/null; then
    echo "tests/fuzz: skipped: $cc has no libFuzzer" >&2
    exit 77
fi

bad=0
for name in "$@"; do
    $cc -std=c11 -D_POSIX_C_SOURCE=200809L -O1 -g -ffp-contract=off -Iinclude -Isrc \
        -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
        tests/fuzz/fuzz_$name.c src/formats/*.c src/platform/*.c -lm -pthread -o $out/$name || exit 1
    mkdir -p $out/corpus-$name
    # -rss_limit_mb: no input of at most 64 KiB may need much more than itself
    if $out/$name -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=512 -timeout=5 \
        -artifact_prefix=$out/$name- $out/corpus-$name tests/fuzz/corpus/$name >$out/$name.log 2>&1; then
        echo "$name: $(grep -o '^Done [0-9]* runs in [0-9]* second' $out/$name.log)s, none failed"
    else
        tail -40 $out/$name.log
        echo "$name: failed; see $out/$name.log"
        bad=1
    fi
done
exit $bad
