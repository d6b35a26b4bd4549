#!/bin/sh
# One quantity has one key and one value wherever it is shown.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$scratch" || exit 1

# Vector pairs, 64 columns, 32 pairs per batch: seconds.
train_as() {
    folder=$1
    shift
    run train latent -q -o "$folder" data.n_train=512 data.n_validation=64 data.n_test=96 image.layers=32,64 \
        text.layers=32,64 train.batch=32 train.steps=20 monitor.evaluate_every=10 "$@"
}

# values KEY FILE: of each "KEY":number.
values() {
    tr ',{' '\n\n' <"$2" | sed -n "s/.*\"$1\":\([-+0-9.eE]*\).*/\1/p"
}

# all_near KEY VALUE COUNT FILE: so often, and never another.
all_near() {
    values "$1" "$4" | awk -v v="$2" -v n="$3" '($1 - v) ^ 2 >= 1e-8 * (1 + v ^ 2) { bad = 1 } END { exit bad || NR != n }'
}

# near KEY VALUE FILE
near() {
    found=$(first "$1" "$3")
    [ -n "$found" ] && holds "($found - $2) ^ 2 < 1e-8 * (1 + $2 ^ 2)" && return 0
    echo "$1: found \"$found\", expected $2" >&2
    return 1
}

# ---- the landmarks of a loss that is not a softmax ----

# loss, all equal, floor, settings
while read -r loss all_equal floor settings; do
    # shellcheck disable=SC2086 # the settings are words
    train_as "$loss" loss.name="$loss" $settings
    run eval "$loss" --json
    check "$loss: its value when all embeddings are equal" near all_equal "$all_equal" out
    check "$loss: its floor" near floor "$floor" out
    check "$loss: ln N less the loss bounds no information" grep -q '"information":null' out
    # three steps, validation, monitor and test
    check "$loss: each line of the run's log says the same" all_near all_equal "$all_equal" 6 "$loss/log.jsonl"
    check "... of the floor too" all_near floor "$floor" 6 "$loss/log.jsonl"
    run eval "$loss"
    check "$loss: so does the terminal" grep -q "all equal  *$(printf %.4f "$all_equal")" out
done <<'LOSSES'
barlow 64 0 loss.lambda=0.005
vicreg 24.75 0 loss.variance=25
positives 0 0 loss.dot=false
ntxent 4.14313473 4.04163349 loss.temperature=10 loss.learn_temperature=false
LOSSES
train_as clip loss.name=clip loss.temperature=0.2 loss.learn_temperature=false
run eval clip --json
check "clip: ln N" near all_equal 3.4657359 out
check "clip: ln N less the loss" near information "$(awk "BEGIN { print 3.4657359028 - $(first loss out) }")" out
run train shapes -q -o unicl data.n_train=512 data.n_validation=64 data.n_test=96 data.n_composition=32 image.layers=16,8 \
    text.layers=16,8 text.buckets=256 text.bag_dim=8 train.batch=32 train.steps=5 loss.name=unicl
run eval unicl --json
check "unicl: with several right answers it bounds nothing" grep -q '"information":null' out
check "unicl: equal rows still give ln N" near all_equal 3.4657359 out

# ---- effective rank: centred or not ----

run eval clip --json
tr '[],' '\n\n\n' <out >lines
# after KEY: the number that follows "KEY":
centred=$(sed -n '/"effective_rank_centred":/{n;p;}' lines)
plain=$(sed -n '/"effective_rank":/{n;p;}' lines)
run sweep clip/recipe.ini seed=1..1 -q -o grid
tr '[],' '\n\n\n' <grid/runs.jsonl >lines
swept=$(sed -n '/"effective_rank_centred":/{n;p;}' lines)
check "a sweep's rank is the centred one, and says so" holds "($swept - $centred) ^ 2 < 1e-4 * $centred ^ 2"
check "... which differs here from the one that is not centred" holds "($plain - $centred) ^ 2 > 1e-4 * $centred ^ 2"
check "... in its table too" grep -q ',effective_rank_centred_image,' grid/sweep.csv
swept_plain=$(sed -n '/"effective_rank":/{n;p;}' lines)
check "what a sweep calls effective_rank is the one that is not" holds "($swept_plain - $plain) ^ 2 < 1e-4 * $plain ^ 2"

# ---- a measure is a member, a row and a line ----

mkdir copy
(cd "$root" && tar -cf - Makefile src include models datasets/*.[ch]) | tar -xf - -C copy
# before FILE PATTERN TEXT: a line more, once.
before() {
    awk -v pattern="$2" -v text="$3" '!done && index($0, pattern) { print text; done = 1 } { print }' "$1" >edited &&
        cmp -s edited "$1"
    check "the place in ${1##*/}" [ $? = 1 ]
    mv edited "$1"
}
before copy/include/contrast/measures.h "double modality_gap;" "double planted[2];"
before copy/src/measure/measures.c "{NUMBER(modality_gap)" '{SIDES(planted), .label = "what was planted", .format = "%.4f", .help = "planted"},'
before copy/src/measure/survey.c "out->modality_gap =" "out->planted[0] = 0.4375; out->planted[1] = 0.5625;"
check "it builds" sh -c "make -s -C copy all >make.log 2>&1"
program=$scratch/copy/build/contrast
train_as planted
check "the run's log has it" grep -q '"planted":\[0.4375,0.5625\]' planted/log.jsonl
run eval planted --json
check "eval --json has it" grep -q '"planted":\[0.4375,0.5625\]' out
run eval planted
check "the terminal has it" grep -q "what was planted 0.4375, 0.5625" out
run sweep planted/recipe.ini seed=1..1 -q -o planted-grid
check "the sweep's table has it" grep -q 'planted' planted-grid/sweep.csv
run diagnose planted --report page.html
check "the diagnosis has it" grep -q "what was planted 0.4375, 0.5625" out
tr -d '\n' <page.html >page
check "the page has it" grep -q "<td>what was planted</td><td>0.4375, 0.5625</td>" page
done_testing
