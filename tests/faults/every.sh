#!/bin/sh
# Each command under faults: each allocation fails, alone and with all after it; each
# system call fails, is interrupted, or is its last. Whatever happens, the command ends
# by itself, and either its results have the bytes of a run without faults and it says
# so, or it says in one line what failed, no other file has changed, and the same
# command again gives those bytes.
#
#     tests/faults/every.sh [PROGRAM]
#
# FAULTS=all tries every one; without, each 11th, another one for each command. ONLY=WORD tries the
# commands that have it. Needs a C compiler and strace; without, it is left out (77), under CI=true
# that is a failure. Not here: demo and lesson NAME (half a minute each; they write one page, as class
# does), playground (one file, as plot).
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"
step=11
[ "$FAULTS" = all ] && step=1
here=$(cd "$(dirname "$0")" && pwd)
needs_faults
# shellcheck disable=SC2086 # a compiler may be two words
needs "allocations.c needs a C compiler" ${CC:-cc} -shared -fPIC -o "$scratch/allocations.so" "$here/allocations.c"
cd "$scratch" || exit 1

settings="latent data.n_train=20 data.n_validation=8 data.n_test=8 data.dim=4 data.shared=2 image.layers=4 text.layers=4
    train.batch=8 train.steps=4 optim.warmup=0 monitor.evaluate_every=2 monitor.log_every=1 monitor.snapshots=3"
captions="shapes data.n_train=16 data.n_validation=8 data.n_test=8 data.n_composition=8 train.batch=8 train.steps=1
    image.layers=4 text.layers=4 text.buckets=16 text.bag_dim=4"
# shellcheck disable=SC2086,SC2116 # one line each
settings=$(echo $settings) captions=$(echo $captions)
mkdir before
cd before || exit 1
# shellcheck disable=SC2086 # settings are words
run train $settings -q -o run --threads 1
run export run --data data
cat data/*.npy >/dev/null || exit 1
run class -o class -n 1 -q --threads 1
check "a class" [ "$code" = 0 ]
# shellcheck disable=SC2086
sh -c '"$@"; exit $?' sh strace -f -qq -o /dev/null -e trace=rename -e inject=rename:signal=KILL:when=4 \
    "$program" train $settings -q -o killed --threads 1 >/dev/null 2>&1
check "a killed run" [ ! -e killed/best.safetensors ]
printf 'a red star\na blue ring\n' >captions.txt
awk 'BEGIN { print "step,loss"; for (i = 1; i <= 40; i++) print i "," 2.0794 + sin(i) / 5000 }' >curve.csv
cd ..

# The names that a command may write, then its words.
commands() {
    # minutes: half a second a run
    [ "$step" = 1 ] && echo "new|class -o new -n 1 -q"
    cat <<EOF
new|train $settings -q --force -o new
run|train $settings -q --force -o run
new|train $captions -q --force -o new
killed|resume killed -q
run|resume run -q --checkpoint best
new|import run/latest.safetensors -q --force -o new
new|import run/latest.safetensors $settings -q --force -o new
new|class run -o class --report new
|class run -o class --json
|lesson
|help train
|train $settings -o run
|check $settings train.steps=2
new|sweep $settings optim.rate=0.1,1 -q -o new
|eval run
|eval run --json
|diagnose run
|diagnose curve.csv --batch 8
|diagnose data/image.npy data/text.npy --loss-name clip
new|loss data/image.npy data/text.npy --gradients new
new|report run -o new
new|plot loss run -o new
|inspect run
|hash run
new|embed run --images data/image.npy -o new
|search run 3
new|export run --torch new.py
new|export run --data new
new|export run --projector new
EOF
}

# What a command leaves: every file but what names a machine or a second, and what it printed.
seen() {
    find . -type f ! -name environment.json ! -name timing.jsonl -exec cksum {} + | sort -k 3
    grep -o '"step":[0-9]*' ./*/timing.jsonl
    grep -v ' in [0-9.]* s\|ms per step' ../out
}

# attempt COMMAND...: in a fresh folder; its status in $code.
attempt() {
    rm -rf now
    cp -r before now
    # a shell of its own, so that it is that one which mentions a kill
    (cd now && sh -c '"$@"; exit $?' sh timeout 20 "$@" >../out 2>../err </dev/null)
    code=$?
}

others() {
    (cd "$1" && find . -type f ! -path "./$2*" -exec cksum {} + | sort -k 3)
}

# The rule above. $1: what it may write; then the command.
keeps_the_rule() {
    writes=$1
    shift
    if [ "$code" = "$wanted" ]; then
        (cd now && seen) >found
        cmp -s found whole && return 0
        # one of several runs, which must not hide the others; that it cannot be read is in its row
        grep -q 'not readable' out && grep -q 'Input/output error\|Too many open files' err && return 0
        # results that could not be printed
        [ "$code" = 3 ] && grep -q 'error: standard output: ' err && return 0
        [ -n "$writes" ] || return 1
    elif [ "$code" != 137 ]; then
        grep -q 'error while loading shared libraries' err ||
            { [ "$code" = 1 ] && [ "$(grep -c 'contrast: error: .' err)" = 1 ]; } || return 1
    fi
    others now "${writes:-nothing}" >found
    others before "${writes:-nothing}" | cmp -s - found || return 1
    [ -n "$writes" ] || return 0
    (cd now && "$program" "$@" --threads 1 >../out 2>../err </dev/null)
    (cd now && seen) >found
    cmp -s found whole
}

injected=0
turn=0
commands | grep -e "${ONLY:-.}" >list
while IFS='|' read -r writes words; do
    # shellcheck disable=SC2086 # the words of a command
    set -- $words
    attempt env FAULT_COUNT="$scratch/count" LD_PRELOAD="$scratch/allocations.so" "$program" "$@" --threads 1
    wanted=$code
    (cd now && seen) >whole
    turn=$((turn + 1))
    for alone in 1 ''; do
        at=$((1 + turn % step))
        while [ $at -le "$(cat count)" ]; do
            attempt env FAULT_AT=$at FAULT_ALONE=$alone LD_PRELOAD="$scratch/allocations.so" "$program" "$@" --threads 1
            check "allocation $at ${alone:+alone }of: $words: exit $code: $(head -c 300 err)" keeps_the_rule "$writes" "$@"
            injected=$((injected + 1))
            at=$((at + step))
        done
    done
    for fault in error=EIO error=EINTR error=EMFILE signal=KILL; do
        for call in openat newfstatat fstat lseek read pread64 write ftruncate fsync close rename unlink mkdir flock; do
            # signals interrupt what waits; descriptors are what opening needs
            case $fault:$call in
            error=EINTR:read | error=EINTR:pread64 | error=EINTR:write | error=EMFILE:openat | error=EIO:* | signal=KILL:*) ;;
            *) continue ;;
            esac
            [ -n "$writes" ] || [ $fault != signal=KILL ] || continue
            at=$((1 + turn % step))
            while :; do
                attempt strace -f -qq -o "$scratch/trace" -e trace=$call -e "inject=$call:$fault:when=$at" \
                    "$program" "$@" --threads 1
                grep -q 'INJECTED\|killed by SIGKILL' "$scratch/trace" || break
                check "$call $at $fault of: $words: exit $code: $(head -c 300 err)" keeps_the_rule "$writes" "$@"
                injected=$((injected + 1))
                at=$((at + step))
            done
        done
    done
    [ "$failed" -lt 12 ] || break
done <list
echo "faults: $injected injected"
check "there were faults" [ $injected -gt "$([ -n "$ONLY" ] && echo 1 || echo 300)" ]
done_testing
