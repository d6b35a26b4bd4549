#!/bin/sh
# system.sh -- what the system tests share. Source it; call done_testing last.
# $1 of a test is the program (default build/contrast).
program=${1:-build/contrast}
case $program in /*) ;; *) program=$(pwd)/$program ;; esac
[ -x "$program" ] || { echo "$program is not there; run make (for installcheck: make install) first" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0
failed=0

# check NAME COMMAND...: the command must succeed.
check() {
    name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $name" >&2
    fi
}

# run ARGS...: the program; its exit code in $code, output in $scratch/out and err.
run() {
    "$program" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
    code=$?
}

# rejects CODE TEXT ARGS...: exits with CODE, says TEXT in one line of stderr,
# and prints nothing on stdout.
rejects() {
    want=$1
    text=$2
    shift 2
    run "$@"
    [ "$code" = "$want" ] && [ "$(wc -l <"$scratch/err")" -eq 1 ] && grep -qF -e "$text" "$scratch/err" &&
        [ ! -s "$scratch/out" ] && return 0
    echo "contrast $*: exit $code, expected $want and \"$text\"; found:" >&2
    head -n 5 "$scratch/err" >&2
    return 1
}

# first KEY FILE: the first "KEY":number of a JSON file, or the first of an array.
first() {
    tr ',{' '\n\n' <"$2" | sed -n "s/.*\"$1\":\[*\([-+0-9.eE]*\).*/\1/p" | head -n 1
}

# holds EXPRESSION: arithmetic of awk.
holds() {
    awk "BEGIN { exit !($1) }"
}

# needs WHAT COMMAND...: where the command fails the test is left out; under CI=true that is a failure.
needs() {
    what=$1
    shift
    "$@" >/dev/null 2>&1 && return
    echo "left out: $what"
    [ -n "$CI" ] && exit 1
    exit 77
}
needs_faults() {
    needs "strace cannot inject faults here" strace -o /dev/null -e inject=fsync:error=EIO:when=1 true
}

# shellcheck disable=SC2034 # for the caller
# peak_of PID: waits for its end; the most memory that it had resident, in KB, is in $peak.
peak_of() {
    peak=0
    while kill -0 "$1" 2>/dev/null; do
        now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status" 2>/dev/null)
        [ -n "$now" ] && peak=$now
        sleep 0.1
    done
}

done_testing() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}
