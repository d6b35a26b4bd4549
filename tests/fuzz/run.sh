#!/bin/sh
# Fuzz every reader of untrusted bytes, the files of a run and the command line, under address and
# undefined sanitizers.
#
#   tests/fuzz/run.sh [SECONDS [NAME...]]     5 seconds each of all by default; 0: the corpora alone
#   tests/fuzz/run.sh keep [NAME...]          the fewest small inputs of all found, into build/fuzz/least-NAME
#
# Needs clang with libFuzzer. Begins with the small files in corpus/NAME; what it
# finds goes to build/fuzz, never into the corpus unless asked. Ends with 1 if an input failed:
# build/fuzz/NAME-crash-... is that input, and build/fuzz/NAME FILE repeats it.
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:-5}
[ $# -gt 0 ] && shift
# shellcheck disable=SC2046 # names are words
[ $# -gt 0 ] || set -- $(ls tests/fuzz/fuzz_*.c | sed 's|.*/fuzz_||; s|\.c$||')
cc=${FUZZ_CC:-clang}
out=$PWD/build/fuzz corpora=$PWD/tests/fuzz/corpus # a target may change its folder
mkdir -p $out
if ! echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return d && n < 0; }' |
    $cc -fsanitize=fuzzer -x c - -o $out/probe 2>/dev/null; then
    echo "tests/fuzz: skipped: $cc has no libFuzzer" >&2
    exit 77
fi
# The library and the program, whose main gets another name. BUILD=asan adds the sanitizers.
# shellcheck disable=SC2046 # names are words
objects=$(ls src/cli/*.c | sed "s|^|build/fuzz/asan/|; s|c\$|o|")
# shellcheck disable=SC2086
make -s CC="$cc" ROOT=build/fuzz BUILD=asan CPPFLAGS="-Dmain=contrast_main -Wno-missing-prototypes" \
    CFLAGS="-O1 -g -fsanitize=fuzzer-no-link" build/fuzz/asan/libcontrast.a $objects || exit 1
# Words of command lines: options, keys, commands.
{ grep -oh -e '--[a-z-]*' src/cli/help/*.txt; sed -n 's/.*\.key = "\([a-z_0-9.]*\)".*/\1=/p' src/train/recipe.c; \
    ls src/cli/help models/recipes src/lab/lessons | sed -n 's/\.[a-z]*$//p'; } | sort -u | sed 's/.*/"&"/' >$out/words

bad=0 runs=0
for name in "$@"; do
    of_program='' longest=65536 most=10
    if grep -q program.h "tests/fuzz/fuzz_$name.c"; then
        of_program=$objects longest=256 most=200 # `check` takes 200 steps, of whatever layers
    fi
    # shellcheck disable=SC2086 # a list of names
    $cc -std=c11 -D_POSIX_C_SOURCE=200809L -O1 -g -ffp-contract=off -Wall -Wextra -Iinclude -Isrc -Itests/fuzz \
        -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
        "tests/fuzz/fuzz_$name.c" $of_program $out/asan/libcontrast.a -lm -pthread -o "$out/$name" || exit 1
    mkdir -p "$out/corpus-$name"
    if [ "$seconds" = keep ]; then
        least=$out/least-$name
        rm -rf "$least" && mkdir -p "$least"
        # small ones first: of two that do the same, the smaller is kept
        "$out/$name" -set_cover_merge=1 -use_counters=0 -max_len=$((longest > 1024 ? 1024 : longest)) "$least" "$corpora/$name" "$out/corpus-$name" >"$out/$name.log" 2>&1 || bad=1
        echo "$name: $(find "$least" -type f | wc -l) inputs, $(cat "$least"/* | wc -c) bytes"
        continue
    fi
    limit="-max_total_time=$seconds"
    [ "$seconds" = 0 ] && limit=-runs=0
    # -rss_limit_mb: no input of at most 64 KiB may need much more than itself
    if "$out/$name" "$limit" -max_len=$longest -rss_limit_mb=512 -timeout=$most ${of_program:+-len_control=0 -dict=$out/words} \
        -artifact_prefix="$out/$name-" "$out/corpus-$name" "$corpora/$name" >"$out/$name.log" 2>&1; then
        done=$(grep -a -o '^Done [0-9]* runs in [0-9]* second' "$out/$name.log")
        echo "$name: ${done}s, none failed"
        runs=$((runs + $(echo "$done" | cut -d ' ' -f 2)))
    else
        tail -40 "$out/$name.log"
        echo "$name: failed; see $out/$name.log"
        bad=1
    fi
done
[ "$seconds" = keep ] || echo "$runs executions"
exit $bad
