#!/bin/sh
# A loss and nothing else, or its curve, as a user gives it to diagnose; names that people use.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"
cd "$scratch" || exit 1

near() { # FORMULA ARGUMENTS...: is FORMULA the nearest?
    formula=$1
    shift
    run diagnose --json "$@"
    [ "$code" = 0 ] && grep -q "\"near\":\[{\"value\":[^}]*\"formula\":\"$formula\"" out
}

check "ln N" near "ln N" --loss 4.852 --batch 128
check "... of the losses that have it" grep -q '"losses":"question, infonce, clip, unicl"' out
check "... and the next command" grep -q 'contrast diagnose A.npy B.npy --loss 4.852 --batch 128 --loss-name clip"' out
check "a factor" near "ln(2N-1) x 0.1/0.07" --loss 6.920 --batch 64 --loss-name SupCon --temperature 0.1
check "a margin" near "the margin" --loss 0.5 --batch 48 --loss-name triplet loss.margin=0.5
check "random rows at a small temperature" near "random rows of 64 at this tau" --loss 32.1 --batch 128 --loss-name CLIP --temperature 0.01 --dim 64
check "a queue" near "ln N, N + queue for N" --loss 8.349 --batch 128 --loss-name InfoNCE loss.queue=4096
run diagnose --loss 4.852 --batch 128
check "for people: a table" grep -q "^ *4.8520 .*ln N .*question, infonce, clip, unicl" out
check "... what tells causes apart" grep -q "Equal: different rows" out
check "... and what to run" grep -q "contrast diagnose A.npy B.npy" out
check "a sum instead of a mean" near "ln N x N: a sum, not a mean" --loss 621.06 --batch 128 --loss-name clip
run diagnose --loss 4.852 --batch 256
check "a value of no loss in particular still has a next command" grep -q -- "--batch 256 --loss-name clip$" out
run diagnose --loss 4.859 --batch 128 --temperature 0.5
check "the next command is of the usual loss, at the temperature that was given" grep -q -- "--loss-name clip --temperature 0.5$" out
run diagnose --loss 4.605 --batch 128
check "a value near none: as if equal among so many" grep -q "e^4.605 = 100.0: " out
run diagnose --loss nan --batch 128
check "a loss that is not finite is an answer" grep -q "^not finite: " out
run diagnose --loss 1.5 --batch 64 --loss-name clip
check "between landmarks there are neighbours" grep -q "the next above: " out
run diagnose --loss 1.2 --batch 7
check "a neighbour of no loss is said without one" grep -qF "the next below: ln(e + N-1) - 1, 1.1654" out

awk 'BEGIN { print "step,loss"; for (i = 0; i < 200; i++) printf "%d,%.4f\n", 10 * i, 4.852 + 0.3 * exp(-i / 3) + 0.002 * sin(i) }' >curve.csv
awk 'BEGIN { for (i = 0; i < 200; i++) printf "{\"step\": %d, \"loss\": %.4f}\n", i, 5 * exp(-i / 90) }' >falls.jsonl
check "a curve that is flat at ln N" near "ln N" curve.csv --batch 128
check "... in words, to their end" [ "$("$program" diagnose curve.csv | head -1)" = "flat: at 4.8521 since about step 140" ]
check "... since when" grep -q '"flat_since_step":1[0-9]0,"level":4.85' out
cp curve.csv loss.csv
check "... by whatever name" near "ln N" loss.csv --batch 128
run diagnose curve.csv
check "... without N, what is missing" grep -q -- "--batch N" out
run diagnose falls.jsonl --batch 128
check "one that falls is not" grep -q "^not flat: " out
run diagnose falls.jsonl --batch 128 --fail-on-collapse
check "... and no failure" [ "$code" = 0 ]
run diagnose curve.csv --batch 128 --fail-on-collapse
check "one at ln N ends with 3" [ "$code" = 3 ]
run diagnose --loss 4.852 --batch 128 --fail-on-collapse
check "... as the number does" [ "$code" = 3 ]
awk 'BEGIN { print "step,loss"; for (i = 0; i < 200; i++) printf "%d,%.4f\n", i, i < 60 ? 5 - i / 20 : i < 100 ? 2 : 4.852 }' >risen.csv
run diagnose risen.csv --fail-on-collapse
check "one that fell and rose" grep -q "^risen: from 2.0000 at step 60: " out
check "... ends with 3" [ "$code" = 3 ]
echo 'step;loss
1;4,85' >comma.csv
check "a decimal comma is refused by its line" rejects 1 "comma.csv:2: '4,85' is no number with a decimal point" diagnose comma.csv
run train collapse -q -o stuck train.steps=200
run diagnose stuck/log.jsonl --batch 7 --json
check "the log of a run is a curve" grep -q '"column":"loss","points":' out

check "nothing at all" rejects 2 "--loss VALUE --batch N" diagnose
check "a loss without N" rejects 2 "--batch" diagnose --loss 2
check "a setting that does not exist" rejects 2 "marign" diagnose --loss 2 --batch 7 loss.marign=1
check "a temperature that the loss has not" rejects 2 "has none" diagnose --loss 2 --batch 7 --loss-name triplet --temperature 1
check "groups of rows that are not there" rejects 2 "--groups: not with a curve" diagnose curve.csv --groups g.npy
check "too many files" rejects 2 "found 3" diagnose a b c
# shellcheck disable=SC2046 # 3000 words
check "... however many" rejects 2 "found 3000" diagnose $(seq 3000)
check "a text without losses" rejects 1 "" diagnose /dev/null

# Everywhere that a loss is named.
run train collapse -q -o named train.steps=5 loss.name=NT-Xent
check "a recipe understands what people say" [ "$code" = 0 ]
check "... and suggests what they mean" rejects 2 'did you mean "infonce"?' train collapse -o none loss.name=infonc
done_testing
