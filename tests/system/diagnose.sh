#!/bin/sh
# Diagnosing arrays and runs as a user does it. Needs python3 to write arrays.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"

python3 - "$scratch" <<'PY'
import struct, sys, random
random.seed(1)
def save(name, rows, kind="<f4", code="f"):
    flat = [x for row in rows for x in (row if isinstance(row, list) else [row])]
    shape = "(%d, %d)" % (len(rows), len(rows[0])) if isinstance(rows[0], list) else "(%d,)" % len(rows)
    head = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (kind, shape)
    head += " " * (63 - (10 + len(head)) % 64) + "\n"
    with open(sys.argv[1] + "/" + name, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + struct.pack("<%d%s" % (len(flat), code), *flat))
g = random.gauss
a = [[g(0, 1) for _ in range(16)] for _ in range(100)]
save("a.npy", a)
save("b.npy", [[x + g(0, 0.3) for x in row] for row in a])
save("turned.npy", a[7:] + a[:7])
save("other.npy", [[g(0, 1) for _ in range(16)] for _ in range(100)])
save("equal.npy", [[1 + 1e-3 * g(0, 1) for _ in range(16)] for _ in range(100)])
save("nan.npy", [[float("nan") if i == 5 else x for x in row] for i, row in enumerate(a)])
save("few.npy", a[:5])
save("large.npy", [0 if i < 90 else i for i in range(100)], "<i4", "i")
save("classes.npy", [[4 * (k == i % 5) + g(0, 1) for k in range(16)] for i in range(100)])
save("labels.npy", [i % 5 for i in range(100)], "<i4", "i")
save("one.npy", [5] * 100, "<i4", "i")
save("groups.npy", [i // 2 for i in range(100)], "<i4", "i")
PY

state() {
    want=$1
    shift
    (cd "$scratch" && "$program" diagnose --json "$@") >"$scratch/out" 2>"$scratch/err"
    grep -q "^{\"state\":\"$want\"" "$scratch/out" && return 0
    echo "diagnose $*: expected $want, found: $(cut -c1-200 "$scratch/out") $(cat "$scratch/err")" >&2
    return 1
}

check "healthy" state healthy a.npy b.npy
check "one side alone" state healthy a.npy
check "collapsed" state collapsed equal.npy equal.npy
check "one side collapsed" state collapsed equal.npy
check "mispaired" state mispaired a.npy turned.npy
check "unaligned" state unaligned a.npy other.npy
check "a NaN" state degenerate-norms nan.npy b.npy
check "too few rows" state uncertain few.npy few.npy
check "a loss that does not belong" state uncertain a.npy b.npy --loss 4.605 --batch 100
check "groups" state healthy a.npy b.npy --groups groups.npy --temperature 0.1 --batch 50
check "... give a floor by duplicates: ln 2" grep -q '"floor_by_duplicates":0.693' "$scratch/out"

check "one large group makes no success of random rows" state unaligned a.npy other.npy --groups large.npy
check "... recall is of one's own partner and of any of the group" grep -q '"recall_of_group":\[' "$scratch/out"
check "one array with labels" state healthy classes.npy --groups labels.npy
for key in tolerance between_cosine precision_at_1 knn_accuracy violated_triplets supervised_loss class_variance off_simplex; do
    check "... has $key" grep -q "\"$key\":\[*-*[0-9]" "$scratch/out"
done
check "... whose labels are those of other rows" state unaligned classes.npy --groups groups.npy
check "one group of all" state uncertain a.npy b.npy --groups one.npy
check "... nothing could be wrong" grep -q "all 100 rows are of one group" "$scratch/out"

cd "$scratch" || exit 1
run diagnose equal.npy equal.npy --fail-on-collapse
check "--fail-on-collapse ends with 3" [ "$code" = 3 ]
check "... and says why" grep -q "^collapsed: " out
run diagnose a.npy b.npy --fail-on-collapse
check "... and with 0 if healthy" [ "$code" = 0 ]
check "unequal rows are named" rejects 1 "few.npy is (5, 16)" diagnose a.npy few.npy
check "a loss without N" rejects 2 "--batch" diagnose a.npy b.npy --loss 2
check "an unknown loss" rejects 2 "unknown loss \"inforce\"; did you mean \"infonce\"" diagnose a.npy b.npy --loss-name inforce
check "a file that is not there" rejects 1 "none.npy" diagnose none.npy
check "groups of another length" rejects 1 "one per row" diagnose few.npy --groups groups.npy

run train collapse -q -o stuck train.steps=200
run diagnose stuck --json
check "a run that sits at ln 7" grep -q '^{"state":"plateau"' out
run train shapes -q -o fine train.steps=200 train.batch=64 monitor.evaluate_every=100
run diagnose fine --json
check "a healthy run" grep -q '^{"state":"healthy"' out
check "... its loss is measured" grep -q '"measured_here":true' out
# What the help offers is accepted, and nothing else is offered.
run help diagnose
offered=$(sed -n 's/.*--checkpoint C *//p' out | tr -dc 'a-z \n')
check "checkpoints have two words" [ "$(echo "$offered" | tr ' ' '\n' | grep -cx 'latest\|best')" = 2 ]
for word in $(echo "$offered" | tr ' ' '\n' | grep -x 'la[a-z]*\|best'); do
    run diagnose fine --checkpoint "$word" --json
    check "--checkpoint $word, which the help offers" grep -q '^{"state":' out
done
done_testing
