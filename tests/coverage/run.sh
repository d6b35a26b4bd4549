#!/bin/sh
# How much of the library and the program the tests run: lines and branches by folder, by gcov.
#
#     make coverage                   all unit cases and system tests; JOBS=N of them at once
#     make coverage T="NAME ..."      those of these names alone, added to what was counted before
#     tests/coverage/run.sh --table   the table of what was run so far; --missing FILE: what FILE lacks
#
# Fails where a folder has less than its threshold in THRESHOLDS. A line or a branch counts if any
# object ran it (kernels are compiled once per instruction set). The branch that ends the program in
# an assertion is no branch: no input takes it. Runs that are killed leave no counts.
cd "$(dirname "$0")/../.." || exit 1
out=build/coverage

# -O0: each && and each loop is the branch that the source shows. atomic: threads count too. The kernels are counted
# while their own unit cases run; for all other tests they are fast and uncounted, since most time is spent in them.
build() {
    counted="-O0 -g -fprofile-arcs -ftest-coverage -fprofile-update=atomic"
    make -s CC="${CC:-gcc}" ROOT=$out/kernels CFLAGS="$counted" $out/kernels/release/tests/run &&
        make -s CC="${CC:-gcc}" ROOT=$out/rest CFLAGS="$counted" KERNEL_CFLAGS="-O3 -fno-profile-arcs -fno-test-coverage" \
            $out/rest/release/tests/run $out/rest/release/contrast $out/rest/release/first
}

# one FILE: runs the unit case or the system test. An answer that is too slow, or a tool that is missing, is no matter here.
one() {
    start=$(date +%s)
    name=$(basename "$1" | sed 's/^test_//; s/\..*//')
    case $1 in
    *.sh) "$1" "$PWD/$out/rest/release/contrast" ;;
    */kernels/*) CK_TIMEOUT_MULTIPLIER=20 CK_RUN_CASE=$name $out/kernels/release/tests/run ;;
    *) CK_TIMEOUT_MULTIPLIER=20 CK_RUN_CASE=$name $out/rest/release/tests/run ;;
    esac >"$out/$name.log" 2>&1
    code=$?
    printf '%-40s %4d s%s\n' "$1" $(($(date +%s) - start)) "$([ $code = 0 ] || echo "  exit $code: $(tail -n 1 "$out/$name.log")")"
}

# FILE:LINE of source, then runs, then the branches taken and all, of each object that has the file.
annotated() {
    rm -rf $out/gcov && mkdir -p $out/gcov
    for folder in src include models datasets build; do ln -s "../../../$folder" $out/gcov/; done
    find $out/*/release/src $out/*/release/models $out/*/release/datasets -name '*.gcda' | while read -r data; do
        (cd $out/gcov && gcov -b -c -x "$data" >/dev/null 2>&1)
        awk -F: 'function name(s) { sub(/^ *-: *0:Source:/, "", s); return s }
            FNR == 1 { file = name($0); next }
            /^ *[-#=0-9*]+\*?: *[0-9]+:/ { line = $2 + 0; runs = $1; gsub(/[ *]/, "", runs)
                source = $0; sub(/^[^:]*:[^:]*:/, "", source); k = 0
                if (line > 0 && runs != "-") print file "\t" line "\tL\t" (runs ~ /^[0-9]/ && runs + 0 > 0)
                next }
            /^branch/ && source !~ /CT_ASSERT|ck_assert/ {
                split($0, w, " ")
                print file "\t" line "\tB" k++ "\t" (w[3] == "taken" && w[4] > 0) }' $out/gcov/*.gcov
        rm -f $out/gcov/*.gcov
    done | awk -F'\t' '{ key = $1 "\t" $2 "\t" $3; if (!(key in best) || $4 > best[key]) best[key] = $4 }
        END { for (key in best) print key "\t" best[key] }' | grep '^\(src\|models\|datasets\)/' | sort >$out/counts
}

# FOLDER LINES BRANCHES, in per cent.
THRESHOLDS="engine 95 90 losses 95 90 kernels 95 90 measure 95 90 formats 95 90 platform 95 90 data 95 90 others 90 80"
table() {
    awk -F'\t' -v limits="$THRESHOLDS" '
        function share(part, all) { return all > 0 ? 100 * part / all : 100 }
        function row(name, least_l, least_b,   l, b, low) {
            l = share(lines_run[name], lines[name]); b = share(taken[name], branches[name])
            low = l < least_l || b < least_b; bad += low
            printf "%-10s %6d %6.1f %6d %6.1f   %s\n", name, lines[name], l, branches[name], b,
                least_l == 0 ? "" : "at least " least_l " and " least_b (low ? ": TOO FEW" : "") }
        { n = split($1, part, "/"); folder = part[1] == "src" ? part[2] : part[1]
          kind = $3 == "L"
          for (i = 1; i <= 2; i++) {
              name = i == 1 ? folder : "all"
              if (kind) { lines[name]++; lines_run[name] += $4 } else { branches[name]++; taken[name] += $4 } }
          folders[folder] = 1 }
        END { n = split(limits, w, " "); for (i = 1; i < n; i += 3) { least[w[i], 1] = w[i + 1]; least[w[i], 2] = w[i + 2] }
              printf "%-10s %6s %6s %6s %6s\n", "folder", "lines", "%", "branch", "%"
              m = split("platform kernels formats engine losses models data datasets measure train lab show web cli", order, " ")
              for (i = 1; i <= m; i++) if (order[i] in folders) {
                  f = order[i]; g = (f, 1) in least ? f : "others"; row(f, least[g, 1], least[g, 2]) }
              row("all", 0, 0); exit bad > 0 }' $out/counts
}

case ${1-} in
--table) annotated && table; exit ;;
--missing) # the lines that nothing ran, and those with a branch that nothing took
    awk -F'\t' -v file="$2" '$1 == file && $4 == 0 { print $2 "\t" ($3 == "L" ? "not run" : "branch not taken") }' $out/counts |
        sort -n | uniq | while IFS='	' read -r line what; do printf '%5d %-17s %s\n' "$line" "$what" "$(sed -n "${line}p" "$2")"; done
    exit ;;
--one) [ -z "${2-}" ] || one "$2"; exit ;; # no name: no test has it
esac
command -v gcov >/dev/null || { echo "coverage: left out: gcov is not installed" >&2; exit 77; }
build || exit 1
# All of them: counted from nothing. same-bits builds programs of its own.
[ $# -gt 0 ] || find $out -name '*.gcda' -exec rm {} +
for test in tests/system/*.sh tests/unit/*/test_*.c; do
    name=$(basename "$test" | sed 's/^test_//; s/\..*//')
    case " ${*:-$name} " in *" $name "*) [ "$name" = same-bits ] || echo "$test" ;; esac
done | xargs -P "${JOBS:-$(getconf _NPROCESSORS_ONLN)}" -n 1 tests/coverage/run.sh --one
annotated && table
