#!/bin/sh
# contrast check, on recipes that are fine and on recipes that are not.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"
small="data.n_train=512 data.n_validation=64 data.n_test=200 train.batch=32"

# shellcheck disable=SC2086 # the settings are words
run check latent $small
check "a good recipe ends with 0" [ "$code" = 0 ]
check "three passes" [ "$(grep -c '^pass' "$scratch/out")" = 3 ]
check "an estimate of time and memory" grep -q 'ms per step: .* s for 1500 steps' "$scratch/out"

# shellcheck disable=SC2086
run check latent $small data.rho=0 --json
check "pairs without signal end with 3" [ "$code" = 3 ]
check "... and a line for programs says so" [ "$(cat "$scratch/err")" = "contrast: check: failed, as the result says" ]
check "... and only that is wrong" grep -q '"learns_batch":true,.*"has_signal":false' "$scratch/out"

run check collapse --json
check "a recipe that sits at ln 7 ends with 3" [ "$code" = 3 ]
check "... it does not even learn one batch" grep -q '"learns_batch":false' "$scratch/out"
check "... its state is the plateau" grep -q '"state":"plateau"' "$scratch/out"

# shellcheck disable=SC2086
run check latent $small optim.rate=0 --json
check "a rate of 0 learns no batch" grep -q '"learns_batch":false' "$scratch/out"
check "... its gradients are right all the same" grep -q '"gradients_right":true' "$scratch/out"
# shellcheck disable=SC2086
check "a batch that does not fit" rejects 2 "train.batch = 1000: at most 512 (all training pairs); try train.batch=32" check latent $small train.batch=1000
# One batch is learned as itself: in a queue it would be its own negative.
# shellcheck disable=SC2086
run check latent $small loss.queue=64 train.no_duplicates=true --json
check "a queue, and no duplicates" grep -q '"learns_batch":true' "$scratch/out"
# Two arrays, which stay in their files: shuffled as any other pairs are.
python3 - "$scratch" <<'PYTHON'
import random, struct, sys
random.seed(1)
head = "{'descr': '<f4', 'fortran_order': False, 'shape': (400, 8), }".ljust(117) + "\n"
rows = [[random.gauss(0, 1) for _ in range(8)] for _ in range(400)]
for name, noise in (("a", 0), ("b", 0.1)):
    with open(f"{sys.argv[1]}/{name}.npy", "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
        f.write(b"".join(struct.pack("<f", x + random.gauss(0, noise)) for row in rows for x in row))
PYTHON
run check latent data.kind=pairs data.image="$scratch/a.npy" data.text="$scratch/b.npy" data.validation=0.2 data.test=0.2 \
    train.batch=32 --json
check "arrays in files: their pairs carry a signal" grep -q '"has_signal":true' "$scratch/out"
# The landmarks of that batch, by the keys that a log has.
check "what its loss could be: all equal" holds "($(first all_equal "$scratch/out") - log(32)) ^ 2 < 1e-8"
check "... and the floor" holds "$(first floor "$scratch/out") > 0 && $(first floor "$scratch/out") < 1"
for i in $(seq 0 399); do echo "word$((i % 2))"; done >"$scratch/words"
run check latent data.kind=pairs data.image="$scratch/a.npy" data.text="$scratch/words" data.validation=0.2 data.test=0.2 \
    train.batch=32 train.steps=20 --json
check "two captions: the floor by duplicates is another number" holds "$(first floor_by_duplicates "$scratch/out") > 2 &&
    $(first floor "$scratch/out") < 1"
check "a setting without effect" rejects 2 "no effect with question" check collapse loss.temperature=0.07
run check collapse
check "what to try fits the recipe" grep -q "the question's loss looks in one direction, at temperature 1" "$scratch/out"
check "no recipe" rejects 2 "check: expected RECIPE" check
check "an unknown key" rejects 2 'did you mean "train.steps"?' check latent train.step=3
done_testing
