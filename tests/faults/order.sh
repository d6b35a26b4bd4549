#!/bin/sh
# The order in which files become durable, read from a trace of system calls: what is
# written is synced before it gets its name, the folder after; a new folder's parent is
# synced; the lines of a log are on the disk before the checkpoint that counts on them;
# and at the end nothing waits.
#
#     tests/faults/order.sh [PROGRAM]
#
# Needs strace; without, it is left out (77), under CI=true that is a failure.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"
needs "strace cannot trace here" strace -o /dev/null true
mkdir "$scratch/files"
files=$(cd "$scratch/files" && pwd -P)
settings="data.n_train=20 data.n_validation=8 data.n_test=8 data.dim=4 data.shared=2 image.layers=4 text.layers=4
    train.batch=8 train.steps=4 optim.warmup=0 monitor.evaluate_every=2 monitor.log_every=1"

# Complaints about the trace on standard input; its last line says how often a name was given.
cat >"$scratch/order.awk" <<'EOF'
function folder(path) { sub("/[^/]*$", "", path); return path }
function quoted(n,   part) { split($0, part, "\""); return part[2 * n] }
function between(   path) { path = $0; sub(/^[^<]*</, "", path); sub(/>.*/, "", path); return path }
function complain(what) { print what ": " $0 }
/ = -1 / { next }
/ write\(/ { if (index(between(), top) == 1) dirty[between()] = 1 }
/ (fsync|fdatasync)\(/ { delete dirty[between()]; delete unnamed[between()] }
/ mkdir\(/ { unnamed[folder(quoted(1))] = 1 }
/ rename\(/ {
    renames++
    if (quoted(1) in dirty) complain("renamed before it was synced")
    if (quoted(2) ~ /(latest|best)\.safetensors$/)
        for (path in dirty)
            if (path ~ /\/log\.jsonl$/) complain("before " path " was synced")
    for (path in unnamed) complain("while the folder " path " was not synced")
    unnamed[folder(quoted(2))] = 1
}
END {
    for (path in dirty) print "not synced at the end: " path
    for (path in unnamed) print "folder not synced at the end: " path
    print renames + 0
}
EOF

# in_order NAMES COMMAND...: at least so many names are given, each in order.
in_order() {
    names=$1
    shift
    strace -f -y -qq -s 16 -o "$scratch/trace" -e trace=write,fsync,fdatasync,mkdir,rename "$program" "$@" --threads 1 \
        >"$scratch/out" 2>"$scratch/err" </dev/null || return 1
    sed 's/^[0-9]* */ /' "$scratch/trace" | awk -v top="$files/" -f "$scratch/order.awk" >"$scratch/told"
    [ "$(wc -l <"$scratch/told")" = 1 ] && [ "$(cat "$scratch/told")" -ge "$names" ] && return 0
    head -n 5 "$scratch/told" >&2
    return 1
}

run="$files/a/run"
# shellcheck disable=SC2086 # settings are words
check "train" in_order 5 train latent $settings -q -o "$run"
# shellcheck disable=SC2086
check "train over it" in_order 5 train latent $settings -q --force -o "$run"
check "resume" in_order 5 resume "$run" -q --checkpoint best
check "import" in_order 3 import "$run/best.safetensors" -q -o "$files/imported"
# shellcheck disable=SC2086
check "sweep" in_order 2 sweep latent $settings optim.rate=0.1,1 -q -o "$files/sweep"
check "export: data" in_order 3 export "$run" --data "$files/data"
check "export: a module" in_order 2 export "$run" --torch "$files/m.py"
check "export: the projector" in_order 2 export "$run" --projector "$files/projector"
check "embed" in_order 1 embed "$run" --images "$files/data/image.npy" -o "$files/e.npy"
check "loss" in_order 2 loss "$files/data/image.npy" "$files/data/text.npy" --gradients "$files/g"
check "report" in_order 1 report "$run" -o "$files/r.html"
check "plot" in_order 1 plot loss "$run" -o "$files/p.svg"
done_testing
