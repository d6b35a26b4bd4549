#!/bin/sh
# Every system call by which a run writes fails once, or is its last: whatever the
# moment, the program says so (exit status, a line with path and reason), the run
# resumes, and it ends with the bytes of a run that met no trouble.
#
#     tests/faults/save.sh [PROGRAM]
#
# Needs strace and its fault injection; without, it is left out (77), under CI=true
# that is a failure.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"
settings="data.kind=latent data.n_train=20 data.n_validation=8 data.n_test=8 data.dim=4 data.shared=2 image.layers=4
    text.layers=4 train.batch=8 train.steps=4 optim.warmup=0 monitor.evaluate_every=2 monitor.log_every=1"

needs_faults

# shellcheck disable=SC2086 # settings are words
train() { "$@" "$program" train latent $settings -q -o "$scratch/run" --threads 1 >"$scratch/out" 2>"$scratch/err"; }
train env
check "a run without trouble" [ $? = 0 ]
mv "$scratch/run" "$scratch/whole"
last=latest.safetensors

# Go on with whatever is there; then all must be as if nothing had been.
recovers() {
    if [ -f "$scratch/run/recipe.ini" ]; then
        run resume "$scratch/run" -q
    else
        train env
    fi
    for file in "$last" log.jsonl best.safetensors recipe.ini; do
        cmp "$scratch/whole/$file" "$scratch/run/$file" || return 1
    done
    [ -z "$(find "$scratch/run" -name '*.tmp')" ]
}

injected=0
for fault in error=ENOSPC error=EIO signal=KILL; do
    for call in openat mkdir write fsync rename unlink ftruncate close; do
        when=0
        while when=$((when + 1)) && [ $when -le 400 ]; do
            rm -rf "$scratch/run"
            train strace -f -qq -o "$scratch/trace" -e trace=$call -e "inject=$call:$fault:when=$when"
            code=$?
            # `unlink` of what is not there fails with or without us
            grep -q 'INJECTED\|killed by SIGKILL' "$scratch/trace" || break
            injected=$((injected + 1))
            what="$call, $when, $fault, exit $code"
            case $fault in
            signal=KILL) check "$what: it ends there" [ $code = 137 ] ;;
            *)
                if [ $code = 0 ]; then # a file that was only read, or its absence wanted
                    check "$what: done means done" cmp "$scratch/whole/$last" "$scratch/run/$last"
                    check "$what: ... with all lines" cmp "$scratch/whole/log.jsonl" "$scratch/run/log.jsonl"
                else
                    check "$what: a line says why: $(cat "$scratch/err")" \
                        grep -q "No space left on device\|Input/output error\|error while loading shared libraries" "$scratch/err"
                fi
                ;;
            esac
            check "$what: it recovers" recovers
            [ $failed -lt 5 ] || done_testing
        done
    done
done
echo "faults: $injected injected"
check "there were faults" [ $injected -gt 100 ]

# A disk that is full, a limit on the size of files, a folder that cannot be written.
rm -rf "$scratch/run"
# shellcheck disable=SC2086
(ulimit -f 4 && trap '' XFSZ && "$program" train latent $settings -q -o "$scratch/run" image.layers=64,4 monitor.snapshots=0 >"$scratch/out" 2>"$scratch/err")
check "a limit on file sizes is an error" [ $? = 1 ]
check "... that is named" grep -q "latest.safetensors: File too large" "$scratch/err"
check "... and leaves no half file" [ -z "$(find "$scratch/run" -name "*.safetensors*")" ]
if [ -e /dev/full ]; then
    "$program" eval "$scratch/whole" --json >/dev/full 2>"$scratch/err"
    check "a full standard output is an error" [ $? = 1 ]
    check "... that is named" grep -q "standard output: No space left" "$scratch/err"
fi
if [ "$(id -u)" != 0 ]; then
    cp -r "$scratch/whole" "$scratch/locked"
    chmod -R a-w "$scratch/locked"
    check "a read-only run is named" rejects 1 "locked" resume "$scratch/locked"
    chmod -R u+w "$scratch/locked"
fi
done_testing
