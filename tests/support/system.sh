#!/bin/sh
# system.sh -- what the system tests share. Source it; call done_testing last.
# $1 of a test is the program (default build/contrast).
program=${1:-build/contrast}
case $program in /*) ;; *) program=$(pwd)/$program ;; esac
[ -x "$program" ] || { echo "$program is not there; run make first" >&2; exit 1; }
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

done_testing() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}
