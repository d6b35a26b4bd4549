#!/bin/sh
# A sweep as a user does it: what it leaves, the same bytes with any number of threads,
# and what an interrupted one keeps.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"

# shellcheck disable=SC2086
sweep() {
    run sweep phase train.steps=60 'loss.temperature=0.05,1' 'optim.rate=0.01..1:3(log)' seed=1..2 -q "$@"
}

sweep -o "$scratch/one" --threads 1
check "a sweep ends with 0" [ "$code" = 0 ]
check "a line a run, and one that says which sweep" [ "$(wc -l <"$scratch/one/runs.jsonl")" = 13 ]
check "a row a point, and a head" [ "$(wc -l <"$scratch/one/sweep.csv")" = 7 ]
check "... with keys, states and measures" grep -q '^loss.temperature,optim.rate,.*,plateau,.*,training_loss,training_loss_least,' "$scratch/one/sweep.csv"
check "two keys: a phase diagram" grep -q '^  *1  [a-zC?X] [a-zC?X] [a-zC?X]$' "$scratch/out"
check "... and as SVG, well-formed" python3 -c "import sys, xml.dom.minidom as m; m.parse(sys.argv[1])" "$scratch/one/phase.svg"
check "... with a title, and a cell a point and map" [ "$(grep -c '<title>' "$scratch/one/phase.svg")" = 19 ]

sweep -o "$scratch/two" --threads 3
check "the same bytes with other threads" cmp -s "$scratch/one/runs.jsonl" "$scratch/two/runs.jsonl"
check "... of the table too" cmp -s "$scratch/one/sweep.csv" "$scratch/two/sweep.csv"
check "... and of the picture" cmp -s "$scratch/one/phase.svg" "$scratch/two/phase.svg"
sweep -o "$scratch/two"
check "a finished sweep is drawn again" [ "$code" = 0 ]

run sweep latent loss.queue=96 train.batch=32 train.steps=60 seed=1..1 -q -o "$scratch/queue"
check "all equal is that of the steps whose loss it has: of a queue too" \
    holds "($(first all_equal "$scratch/queue/runs.jsonl") - log(128)) ^ 2 < 1e-8"

for seed in 1 2; do
    sed -n "/\"seed\":$seed,/p" "$scratch/one/runs.jsonl" | head -n 1 >"$scratch/line"
    check "a line's information is of the loss that it has" \
        holds "(log(16) - $(first loss "$scratch/line") - $(first information "$scratch/line")) ^ 2 < 1e-8"
    check "... which is not that of training" [ "$(first loss "$scratch/line")" != "$(first training_loss "$scratch/line")" ]
done

# What would be dropped, or drawn against itself.
check "a setting has an effect on one point" rejects 2 "loss.temperature=0.1: no effect with " \
    sweep latent loss.temperature=0.1 'loss.name=triplet|vicreg'
run sweep latent loss.temperature=0.1,0.3 'loss.name=triplet|clip' loss.queue=96 train.batch=32 train.steps=10 seed=1 -q
check "... not on all" [ "$code" = 0 ]
check "a key is varied once" rejects 2 "loss.temperature: given twice" \
    sweep latent loss.temperature=0.5,0.3 loss.temperature=0.2,0.1
check "... and not set as well" rejects 2 "loss.temperature: given twice" sweep latent loss.temperature=0.5,0.3 loss.temperature=0.2
check "... nor are seeds" rejects 2 "seed: given twice" sweep latent seed=1 seed=2
check "a value is there once" rejects 2 "loss.temperature: the value 0.5 is there twice" sweep latent loss.temperature=0.5,0.3,0.50
check "a batch that the data has not" rejects 2 "train.batch = 128" sweep latent data.n_train=64 train.batch=128 seed=1..1 -o "$scratch/refused"
check "... leaves nothing" [ -z "$(ls "$scratch/refused")" ]
"$program" sweep latent train.steps=1,100000 seed=1..1 -q -o "$scratch/busy" --threads 1 2>"$scratch/first" &
pid=$!
for _ in $(seq 1 100); do
    [ "$(grep -c '"seed":1' "$scratch/busy/runs.jsonl" 2>"$scratch/grep")" = 1 ] && break
    sleep 0.1
done
check "two sweeps in one folder: the second is refused" rejects 1 "busy" sweep latent train.steps=1,100000 seed=1..1 -q -o "$scratch/busy"
kill -KILL $pid
wait $pid 2>"$scratch/first"
check "killed, it has every run that had ended" [ "$(wc -l <"$scratch/busy/runs.jsonl")" = 2 ]

# Killed in the middle of a line: seven whole lines and a part.
mkdir "$scratch/cut"
{
    head -n 8 "$scratch/one/runs.jsonl"
    sed -n 9p "$scratch/one/runs.jsonl" | head -c 40
} >"$scratch/cut/runs.jsonl"
# a mark shows that what was done is not done again
sed -i '3s/"escape_step":[0-9]*/"escape_step":77/' "$scratch/cut/runs.jsonl"
sweep -o "$scratch/cut"
check "it goes on" [ "$code" = 0 ]
check "what was there stays" grep -q '"escape_step":77' "$scratch/cut/runs.jsonl"
sed '3d' "$scratch/one/runs.jsonl" >"$scratch/a"
sed '3d' "$scratch/cut/runs.jsonl" >"$scratch/b"
check "all else is as if it had not stopped" cmp -s "$scratch/a" "$scratch/b"

check "another grid in the same folder is refused" rejects 2 "holds another sweep" \
    sweep phase train.steps=60 loss.temperature=0.05,2 -o "$scratch/one"
while IFS='|' read -r setting said; do
    # shellcheck disable=SC2086 # settings are words
    check "$setting is refused" rejects 2 "$said" sweep latent $setting -o "$scratch/unread"
done <<END
optim.rate=0.1..1|optim.rate = 0.1..1: expected a number
optim.rate=0.1..x:3|optim.rate = 0.1..x:3: expected a number
optim.rate=0.1..1:x|optim.rate = 0.1..1:x: expected a number
optim.rate=0.1..1:3x|optim.rate = 0.1..1:3x: expected a number
optim.rate=x..1:3|optim.rate = x..1:3: expected a number
optim.rate=0.1..1:1|optim.rate: expected 2 to 128 values
optim.rate=0.1..1:129|optim.rate: expected 2 to 128 values
optim.rate=0..1:3(log)|optim.rate: expected 2 to 128 values between positive ends
optim.rate=-1..1:3(log)|optim.rate: expected 2 to 128 values between positive ends
optim.rate=1,,2|optim.rate: value 2 has 0 characters
optim.rate=$(seq -s , 129)|optim.rate: more than 128 values
seed=x|expected seed=3 or seed=1..8
seed=3..1|expected seed=3 or seed=1..8
seed=-1|expected seed=3 or seed=1..8
seed=1..2x|expected seed=3 or seed=1..8
seed=1..9999999|expected seed=3 or seed=1..8
$(for i in steps batch; do printf 'train.%s=1..128:128 ' $i; done)train.checkpoint_every=1..128:128|more than a million points
END
check "... before anything is written" [ ! -e "$scratch/unread" ]
check "a wrong key names the nearest" rejects 2 "optim.rate" sweep phase optim.rat=1,2
check "a wrong value in a list is found before any run" rejects 2 "optim.rate = x" sweep phase optim.rate=1,x
check "a recipe that does not hold is refused" rejects 2 "image.layers ends in" sweep phase "image.layers=64,32|16" -o "$scratch/bad"

run sweep shapes data.n_train=512 data.n_validation=64 data.n_test=64 data.n_composition=32 train.batch=32 train.steps=40 \
    optim.name=sgd optim.rate=0.1,1e12 seed=1 -q
check "a run that diverges is a result" grep -q "^  1e12  *diverged" "$scratch/out"
run sweep phase train.steps=40 data.rho=0.2,0.99 train.batch=8,16 optim.momentum=0,0.5 -q
check "three keys: a table" grep -q '^  data.rho  *train.batch  *optim.momentum  *state' "$scratch/out"
check "... one row for each point" [ "$(grep -c '^  0\.[29]*  *[81][6]*  *0[.5]* ' "$scratch/out")" = 8 ]
done_testing
