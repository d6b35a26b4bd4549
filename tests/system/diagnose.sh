#!/bin/sh
# Diagnosing arrays and runs as a user does it. Needs python3 to write arrays.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"

python3 - "$scratch" <<'PY'
import math, struct, sys, random
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
save("nearly.npy", [[1 + 1e-4 * g(0, 1) for _ in range(16)] for _ in range(100)])
save("nan.npy", [[float("nan") if i == 5 else x for x in row] for i, row in enumerate(a)])
save("few.npy", a[:5])
save("twelve.npy", a[:12])
save("large.npy", [0 if i < 90 else i for i in range(100)], "<i4", "i")
save("classes.npy", [[4 * (k == i % 5) + g(0, 1) for k in range(16)] for i in range(100)])
save("classes2.npy", [[4 * (k == i % 5) + g(0, 1) for k in range(16)] for i in range(100)])
save("labels.npy", [i % 5 for i in range(100)], "<i4", "i")
save("one.npy", [5] * 100, "<i4", "i")
# What known mistakes make of these rows, cell by cell.
def unit(x):
    return [v / math.sqrt(sum(w * w for w in x)) for v in x]
def loss(logits): # cross-entropy of rows against the diagonal
    top = [max(z) for z in logits]
    return sum(math.log(sum(math.exp(v - t) for v in z)) + t - z[i] for i, (z, t) in enumerate(zip(logits, top))) / len(logits)
def products(x, y, scale):
    return [[scale * sum(p * q for p, q in zip(u, v)) for v in y] for u in x]
def softmax(z):
    e = [math.exp(v - max(z)) for v in z]
    return [v / sum(e) for v in e]
def columns(x):
    return [list(c) for c in zip(*[unit(c) for c in zip(*x)])]
b = [[x + g(0, 1) for x in row] for row in a]
save("noisy.npy", b)
ua, ub = [unit(x) for x in a], [unit(x) for x in b]
cos = products(ua, ub, 1 / .07)
with open(sys.argv[1] + "/mistakes", "w") as f:
    for name, value in (("softmax taken twice", loss([softmax(z) for z in cos])),
                        ("not exponentiated", loss(products(ua, ub, math.log(1 / .07)))),
                        ("columns instead of rows", loss(products(columns(a), columns(b), 1 / .07))),
                        ("not normalised", loss(products(a, b, 1 / .07))),
                        ("factor temperature", .07 * loss(cos)),
                        ("sum over the batch", 100 * loss(cos))):
        f.write("%.6g %s\n" % (value, name))
    print("right %.4f" % loss(cos), file=open(sys.argv[1] + "/right", "w"))
save("points.npy", [a[i % 2] for i in range(100)])
save("captions.npy", [a[i % 10] for i in range(100)])
save("seven.npy", [a[0]] * 7)
save("twelve2.npy", b[:12])
w = [[g(0, 1) for _ in range(64)] for _ in range(4)]
z = [[g(0, 1) for _ in range(4)] for _ in range(100)]
save("low.npy", [[sum(p * q for p, q in zip(row, c)) + .01 * g(0, 1) for c in zip(*w)] for row in z])
save("dropped.npy", a[:30] + a[31:] + a[30:31])
save("negative.npy", [[-x for x in row] for row in a])
save("dead.npy", [[1 if k > 9 else x for k, x in enumerate(row)] for row in a])
hub = [[0.5 * x + 1 for x in row] for row in a]
hubs = [[1] * 16 if i == 7 else [0.5 * x + (-1) ** k for k, x in enumerate(row)] for i, row in enumerate(a)]
save("hub.npy", hub)
save("hubs.npy", hubs)
axis = products([unit(x) for x in hubs], [unit(x) for x in hub], 1 / .07)
print("axis=%.4f" % loss(axis), file=open(sys.argv[1] + "/axis", "w"))
save("zero.npy", [[0] * 16 if i == 9 else x for i, x in enumerate(a)])
save("groups.npy", [i // 2 for i in range(100)], "<i4", "i")
save("own.npy", list(range(100)), "<i4", "i")
save("two.npy", [a[i + (i % 50 == 7) - (i % 50 == 8)] for i in range(100)])
half = [[g(0, 1) for _ in range(64)] for _ in range(12)]
z = [[g(0, 1) for _ in range(12)] for _ in range(100)]
save("half.npy", [[sum(p * q for p, q in zip(row, c)) + .01 * g(0, 1) for c in zip(*half)] for row in z])
save("long.npy", [[3000 * x for x in row] if i == 9 else row for i, row in enumerate(a)])
cone = [[5 + x for x in row] for row in a]
save("cone.npy", cone)
save("turned-half.npy", [[-x for x in row] if i % 3 == 0 else row for i, row in enumerate(a)])
save("zeros.npy", [[0] * 16] * 100)
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
check "one tower of two is constant" state collapsed a.npy nearly.npy --loss-name clip
check "mispaired" state mispaired a.npy turned.npy
check "unaligned" state unaligned a.npy other.npy
check "a NaN" state degenerate-norms nan.npy b.npy
check "too few rows" state uncertain few.npy few.npy
check "a loss that does not belong" state loss-differs a.npy b.npy --loss 4.605 --batch 100
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
# What to try fits the loss that is given.
# advised WORDS OPTIONS...: the advice holds them; advice_lacks: it does not.
advised() {
    words=$1
    shift
    run diagnose equal.npy equal.npy --json "$@"
    sed 's/.*"try_first":"\([^"]*\)".*/\1/' out | grep -q -e "$words"
}
advice_lacks() { ! advised "$@"; }
check "VICReg is not told to get negatives" advised "needs no negatives" --loss-name vicreg
check "nor is Barlow" advised "needs no negatives" --loss-name barlow
check "nor has clip too few" advice_lacks negatives --loss-name clip --batch 256 --loss 5.545
check "the hardest of 256 are told to be less hard" advised "first semi-hard ones" --loss-name triplet loss.mining=hardest --batch 256 --loss 0.2
check "... and not of a larger batch" advice_lacks batch --loss-name triplet loss.mining=hardest --batch 256 --loss 0.2
check "a temperature is advised where there is one" advised temperature --loss-name clip --temperature 1
check "... and nowhere else" advice_lacks temperature --loss-name align-uniform loss.uniform=0
run diagnose equal.npy equal.npy --fail-on-collapse
check "--fail-on-collapse ends with 3" [ "$code" = 3 ]
check "... and says why" grep -q "^collapsed: " out
run diagnose a.npy b.npy --fail-on-collapse
check "... and with 0 if healthy" [ "$code" = 0 ]
check "unequal rows are named" rejects 1 "few.npy is (5, 16)" diagnose a.npy few.npy
check "a loss without N" rejects 2 "--batch" diagnose a.npy b.npy --loss 2
run diagnose a.npy b.npy loss.margin=0.5 --loss-name triplet --json
check "settings of a loss" grep -q '"all_equal":0.5' out
check "a temperature that the loss has not" rejects 2 "has none" diagnose a.npy b.npy --loss-name question --temperature 0.1
check "arrays have no split" rejects 2 "--split: not with arrays" diagnose a.npy b.npy --split train
check "... nor a checkpoint" rejects 2 "--checkpoint: not with arrays" diagnose a.npy b.npy --checkpoint best
check "an unknown loss" rejects 2 "unknown loss \"inforce\"; did you mean \"infonce\"" diagnose a.npy b.npy --loss-name inforce
check "a file that is not there" rejects 1 "none.npy" diagnose none.npy
check "groups of another length" rejects 1 "one per row" diagnose few.npy --groups groups.npy

# Each kind of fault has its name, and the rows that show it.
says() {
    sentence=$1
    shift
    run diagnose "$@"
    tr '\n' ' ' <out | sed 's/  */ /g' | grep -qF -- "$sentence" && return 0
    echo "diagnose $*: expected \"$sentence\"; found: $(sed -n 1,12p out) $(cat err)" >&2
    return 1
}
check "a constant tower: which" says "all 100 rows of the second side are one point" a.npy nearly.npy --loss-name clip
check "pairs that share a class and no more" says "pairs match by a class or a topic" classes.npy classes2.npy
check "rows on two points" says "collapsed: rows lie on a few points - 100 rows lie on 2 points: 98 are duplicates" points.npy
check "... in a pair" state collapsed points.npy points.npy
check "classes as captions" state repeats a.npy captions.npy
check "... how many, and the floor: ln 10" says "10 different rows among 100 on the second side: row 0 is there 10 times (rows count from 0) - repeats of the second side put 2.3026 under the loss" a.npy captions.npy
check "7 equal rows are no coincidence" says "ln 7 = 1.9459" seven.npy seven.npy
check "... alone" state collapsed seven.npy
check "low rank that works" says "dimensional-collapse: scattered, but in one or a few directions only - the first side uses 4 of 64 directions, then a cliff" low.npy low.npy
check "... one side" state dimensional-collapse low.npy
check "a dropped row" says "from row 30 on the partner of a row of the first side is the row before (69 of 100 rows) (rows count from 0)" a.npy dropped.npy
check "a sign" says "inverted: " a.npy negative.npy
check "a hub" says "row 7 of the second side is nearest to 99 of 100 rows of the other side" hub.npy hubs.npy
check "columns that never vary" says "6 of 16 columns of the first side never vary" dead.npy b.npy
check "a zero row" says "row 9 of the first side has no length (rows count from 0)" zero.npy b.npy
check "a NaN has a row" says "1 of 100 rows of the first side hold a NaN or an infinity, the first of them row 5 (rows count from 0)" nan.npy b.npy
check "a few shuffled pairs" says "healthy: rows point in many directions, and pairs find each other" a.npy two.npy
check "... are said" says "at least 2 of 100 rows have their mutual nearest under another number and their own partner far away" a.npy two.npy
check "half of the directions" says "the first side uses 12 of 64 directions, then a cliff" half.npy half.npy
check "... and what that costs" says "no more can be told apart than they hold" half.npy half.npy
check "one long row" says "row 9 of the first side has the length" long.npy b.npy
check "... is no state" state healthy long.npy b.npy
check "a narrow cone is not spread" says "uncertain: " cone.npy cone.npy --temperature 1 --batch 100
check "... and what was given is not asked for" says "try first: measure more rows, of both sides Measured" cone.npy cone.npy --temperature 1 --batch 100
check "... works at a small temperature" says "healthy: a narrow cone, in which pairs find each other at this temperature" cone.npy cone.npy --temperature 0.005 --batch 100
check "a sign on a third" says "the partner of 34 of 100 rows of the first side is among the farthest items: a sign on these rows" a.npy turned-half.npy
check "the same file twice" says "the two sides are the same rows" a.npy a.npy
check "labels that are all equal" says "labels or captions make no groups: 1 different ones among 100 rows" classes.npy --groups one.npy
check "... or all different" says "labels or captions make no groups: 100 different ones among 100 rows" classes.npy --groups own.npy
check "one side does not find pairs" says "one side cannot show" a.npy

check "... in loss too" rejects 3 "nan.npy: row 5 (rows count from 0) holds a NaN" loss nan.npy b.npy

yes "a photo" | head -100 >same.txt
check "one caption for all is refused" rejects 1 "same.txt: all 100 captions are 'a photo'" train shapes -q -o none data.kind=pairs data.image=a.npy data.text=same.txt

# A loss that was seen, against that of these rows.
here=$(sed 's/right //' right)
check "a loss that is right" state healthy a.npy noisy.npy --loss "$here" --batch 100
check "... is said" grep -q "your code says $here; this loss of these rows is $here" out
while read -r value name; do
    check "a mistake is named: $name" says "$name" a.npy noisy.npy --loss "$value" --batch 100
    check "... with its value" says "this loss of these rows is $here" a.npy noisy.npy --loss "$value" --batch 100
    check "... and is not healthy" [ "$(sed -n 's/:.*//;1p' out)" = loss-differs ]
done <mistakes
. ./axis
# shellcheck disable=SC2154
check "a softmax over the wrong axis" says "a softmax over the wrong axis would give $axis on these rows" hub.npy hubs.npy --loss "$axis" --batch 100
check "nan is an answer" says "your code says that it is not finite; this loss of these rows is $here" a.npy noisy.npy --loss nan --batch 100
check "a low loss of other rows" state loss-differs a.npy noisy.npy --loss 0.004 --batch 100
tiny=$(awk "BEGIN { print $here / 75 }")
check "a loss 75 times too small" state loss-differs a.npy noisy.npy --loss "$tiny" --batch 100

check "a few rows are healthy with a caution" says "but 12 rows are few: measure some hundred" twelve.npy twelve2.npy

# A gradient that somebody's code has.
run loss a.npy noisy.npy --loss clip --gradients right-gradients
run loss a.npy noisy.npy --loss infonce --gradients other-gradients
python3 - <<'PY'
import struct
data = open("right-gradients/b.npy", "rb").read()
head = 10 + struct.unpack("<H", data[8:10])[0]
n = (len(data) - head) // 4
with open("half.npy", "wb") as f:
    f.write(data[:head] + struct.pack("<%df" % n, *[x / 2 for x in struct.unpack("<%df" % n, data[head:])]))
with open("minus.npy", "wb") as f:
    f.write(data[:head] + struct.pack("<%df" % n, *[-x for x in struct.unpack("<%df" % n, data[head:])]))
PY
clip="--loss-name clip --compare-gradient"
# shellcheck disable=SC2086
check "a right gradient" says "it is right" a.npy noisy.npy $clip right-gradients/a.npy
# shellcheck disable=SC2086
check "... of the other side, but half" says "a factor is missing" a.npy noisy.npy $clip half.npy
check "... is not healthy" grep -q "^loss-differs: the gradient that was given" out
# shellcheck disable=SC2086
check "a gradient with a part missing" says "it is right in part" a.npy noisy.npy $clip other-gradients/a.npy
# shellcheck disable=SC2086
check "a gradient with the other sign" says "it points the other way: a sign is missing" a.npy noisy.npy $clip minus.npy
# shellcheck disable=SC2086
check "a gradient of zeros" says "it is zero: the loss does not reach these rows" a.npy noisy.npy $clip zeros.npy
check "a gradient needs both sides" rejects 2 "--compare-gradient needs both arrays: A.npy B.npy" diagnose a.npy --compare-gradient a.npy
check "a gradient is of all rows" rejects 2 "are one batch, not 7" diagnose a.npy noisy.npy --compare-gradient a.npy --batch 7
check "a gradient of another shape" rejects 1 "few.npy is (5, 16)" diagnose a.npy noisy.npy --compare-gradient few.npy

# Arrays that another program rewrites: a line for each change, none for what is half written.
# lines N: so many are there within 20 seconds.
lines() {
    for _ in $(seq 1 200); do
        [ "$(wc -l <watched)" -ge "$1" ] && return 0
        sleep 0.1
    done
    return 1
}
mkdir live
"$program" diagnose live/a.npy live/b.npy --watch --json >watched 2>waiting </dev/null &
watcher=$!
sleep 1
check "nothing is said of files that are not there" [ ! -s watched ]
cp a.npy live/a.npy
head -c 1000 b.npy >live/b.npy
sleep 7
check "... nor of a file that is half written" [ ! -s watched ]
check "... but, after 5 s, what is waited for" grep -q '^contrast: waiting: live/b.npy: .*complete' waiting
check "... once" [ "$(grep -c complete waiting)" = 1 ]
cp b.npy live/b.npy
check "what is whole is measured" lines 1
cp equal.npy live/new.npy
mv live/new.npy live/a.npy
check "a change is a line" lines 2
sleep 1.5
check "... once" [ "$(wc -l <watched)" -eq 2 ]
cp b.npy live/a.npy
sleep 2
check "of two sides that are written one after the other" [ "$(wc -l <watched)" -eq 2 ]
cp a.npy live/b.npy
check "... both are measured" lines 3
sleep 1.5
check "... once" [ "$(wc -l <watched)" -eq 3 ]
head -c 1000 b.npy >live/b.npy
for _ in $(seq 1 200); do [ "$(grep -c complete waiting)" = 2 ] && break; sleep 0.1; done
check "what is waited for is said again, after a result" [ "$(grep -c complete waiting)" = 2 ]
kill "$watcher"
wait "$watcher"
check "SIGTERM ends it as it ends other commands" [ $? -eq 143 ]
sed -n 's/.*"seconds":[0-9.]*,"state":"\([a-z-]*\)",.*"recall_at_1".*}$/\1/p' watched >states
check "... and the lines are what diagnose --json says, with the time" [ "$(tr '\n' ' ' <states)" = "healthy collapsed healthy " ]
cp groups.npy live/groups.npy
"$program" diagnose a.npy b.npy --watch --json --groups live/groups.npy >watched 2>waiting </dev/null &
watcher=$!
"$program" diagnose live/rows.csv --watch --json >rows.out 2>rows.err </dev/null &
rows=$!
check "groups are watched" lines 1
touch live/groups.npy
held_up= # where this loop is, the file has not changed between two looks, and may be measured
for i in $(seq 1 20); do # each part is a text of numbers, and may be all
    began=$(date +%s%N)
    awk -v n="$((3 * i))" 'BEGIN { for (i = 1; i <= n; i++) print i * i % 61, i * i * i % 61, i * 7 % 61, i ^ 5 % 61 }' >live/rows.csv
    sleep 0.1
    [ $((($(date +%s%N) - began) / 1000000)) -gt 300 ] && held_up=yes
done
check "... as arrays are" lines 2
[ -n "$held_up" ] || check "what still changes is not measured" [ ! -s rows.out ]
for _ in $(seq 1 200); do grep -q '"rows":60,' rows.out && break; sleep 0.1; done
check "... but then, whole" grep -q '"rows":60,' rows.out
[ -n "$held_up" ] || check "... once" [ "$(wc -l <rows.out)" = 1 ]
kill "$watcher" "$rows"
wait "$watcher" "$rows"
if [ -e /dev/full ]; then
    timeout 20 "$program" diagnose a.npy b.npy --watch >/dev/full 2>err
    check "where no line can be written, it ends" [ $? = 1 ]
    check "... and says so once" [ "$(grep -c 'standard output: ' err) $(wc -l <err)" = "1 1" ]
fi
run diagnose equal.npy equal.npy --watch --fail-on-collapse
check "a bad state ends it where that is asked for" [ "$code" = 3 ]
check "... with a line for people" grep -qE '^ +[0-9.]+ s  collapsed; recall@1 [0-9.]+, [0-9.]+; cosine of pairs 1' out
check "what no writer can mend ends it" rejects 2 "unknown loss" diagnose a.npy b.npy --watch --loss-name none
check "it writes no page" rejects 2 "--report: not with --watch" diagnose a.npy b.npy --watch --report page.html

run train collapse -q -o stuck train.steps=200
check "a run is followed by its report" rejects 2 "--watch: not with a run" diagnose stuck --watch
run diagnose stuck --json
check "a run that sits at ln 7" grep -q '^{"state":"plateau"' out
run train shapes -q -o fine train.steps=200 train.batch=64 monitor.evaluate_every=100
run diagnose fine --json
check "a healthy run" grep -q '^{"state":"healthy"' out
check "... its loss is measured" grep -q '"measured_here":true' out
# A run has a loss, batches and groups of its own.
for option in "--loss 2" "--loss-name clip" "--temperature 0.1" "--batch 7" "--groups groups.npy" "--compare-gradient a.npy"; do
    # shellcheck disable=SC2086
    check "a run takes no $option" rejects 2 "${option%% *}: not with a run" diagnose fine $option
done
check "... and no setting" rejects 2 "loss.KEY=VALUE: not with a run" diagnose fine loss.margin=1
# What the help offers is accepted, and nothing else is offered.
run help diagnose
offered=$(sed -n 's/.*--checkpoint C *//p' out | tr -dc 'a-z \n')
check "checkpoints have two words" [ "$(echo "$offered" | tr ' ' '\n' | grep -cx 'latest\|best')" = 2 ]
for word in $(echo "$offered" | tr ' ' '\n' | grep -x 'la[a-z]*\|best'); do
    run diagnose fine --checkpoint "$word" --json
    check "--checkpoint $word, which the help offers" grep -q '^{"state":' out
done
done_testing
