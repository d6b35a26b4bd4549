#!/bin/sh
# Training as a user does it: the run's folder, the same bytes twice, what is
# refused, and what is left when a run goes wrong.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"
small="data.n_train=512 data.n_validation=64 data.n_test=64 data.n_composition=32 train.batch=32 train.steps=40
    image.layers=64,32 text.layers=64,32 text.buckets=512 text.bag_dim=32 monitor.evaluate_every=20"

# shellcheck disable=SC2086 # the settings are words
train() {
    run train shapes $small "$@"
}

train -o "$scratch/one" --threads 1 -q
check "a run ends with 0" [ "$code" = 0 ]
last=latest.safetensors
for f in recipe.ini log.jsonl timing.jsonl environment.json best.safetensors $last; do
    check "it has $f" [ -s "$scratch/one/$f" ]
done
check "no temporary file is left" [ -z "$(find "$scratch/one" -name '*.tmp')" ]
check "metrics have step, loss, its landmarks, temperature, rate and gradient norm" \
    grep -q '^{"kind":"step","step":40,"loss":[0-9.e-]*,"all_equal":[0-9.e-]*,"floor":[0-9.e-]*,"temperature":[0-9.e-]*,"rate":[0-9.e-]*,"gradient_norm":[0-9.e-]*}$' \
    "$scratch/one/log.jsonl"
check "metrics have a validation, a test and a composition line" \
    [ "$(grep -c '"recall_at_1"' "$scratch/one/log.jsonl")" = 3 ]
check "metrics have no clock" sh -c "! grep -q second '$scratch/one/log.jsonl'"
check "the recipe has every value" grep -q '^buckets = 512$' "$scratch/one/recipe.ini"

train -o "$scratch/two" --threads 2 -q
check "twice the same metrics, with another number of threads" cmp -s "$scratch/one/log.jsonl" "$scratch/two/log.jsonl"
check "twice the same weights" cmp -s "$scratch/one/$last" "$scratch/two/$last"
run train "$scratch/one/recipe.ini" -o "$scratch/three" -q
check "its own recipe gives the same weights" cmp -s "$scratch/one/$last" "$scratch/three/$last"
train -o "$scratch/other" -q train.seed=2
check "another seed gives other weights" sh -c "! cmp -s '$scratch/one/$last' '$scratch/other/$last'"
train -o "$scratch/more" -q train.checkpoint_every=10
check "saving on the way changes no number" cmp -s "$scratch/one/log.jsonl" "$scratch/more/log.jsonl"
check "the latest checkpoint and the best stay" \
    [ "$(cd "$scratch/more" && echo *.safetensors)" = "best.safetensors latest.safetensors" ]
run inspect "$scratch/more/best.safetensors"
check "the best is that of the validation" grep -q '^contrast.step  *20$' "$scratch/out"
run inspect "$scratch/more"
check "the latest is that of the end" grep -q '^contrast.step  *40$' "$scratch/out"

run eval "$scratch/one" --json
check "eval of the run" [ "$code" = 0 ]
tested=$(grep '"split":"test"' "$scratch/one/log.jsonl" | sed 's/^{"kind":"evaluation","step":40,//')
check "eval gives the figures of the end of training" grep -qF -e "$tested" "$scratch/out"
run eval "$scratch/one" --split composition
check "eval of another split" grep -q "^composition, 32 pairs" "$scratch/out"

check "a run is not written over" rejects 2 "holds a run already" train shapes -o "$scratch/one"
check "nothing of it was touched" cmp -s "$scratch/one/$last" "$scratch/two/$last"
train -o "$scratch/one" -q --force train.steps=5
check "--force writes over it" [ "$code" = 0 ]

# shellcheck disable=SC2086
check "an absurd rate names the step and the tensor" rejects 3 "first bad tensor" \
    train shapes $small -o "$scratch/bad" -q optim.name=sgd optim.rate=1e12 monitor.log_every=1
check "... and keeps the lines before it" grep -q '^{"kind":"step","step":1,' "$scratch/bad/log.jsonl"
check "... and saves no weights" [ ! -e "$scratch/bad/latest.safetensors" ]

cp -r "$scratch/two" "$scratch/cut"
head -c 1000 "$scratch/two/$last" >"$scratch/cut/$last"
check "cut weights are named" rejects 1 "cut/$last" eval "$scratch/cut"
sed 's/^layers = 64,32/layers = 65,32/' "$scratch/two/recipe.ini" >"$scratch/cut/recipe.ini"
cp "$scratch/two/$last" "$scratch/cut/$last"
check "weights of another shape are named" rejects 1 "image.0.weight" eval "$scratch/cut"

mkdir "$scratch/locked"
chmod 500 "$scratch/locked"
if [ "$(id -u)" != 0 ]; then
    # shellcheck disable=SC2086
    check "a folder that cannot be written is named" rejects 1 "locked" train shapes $small -o "$scratch/locked/run" -q
fi
echo text >"$scratch/file"
# shellcheck disable=SC2086
check "a file in place of a folder is named" rejects 1 "$scratch/file" train shapes $small -o "$scratch/file/run" -q

# A signal finishes the step, saves, and exits with 128 + its number. (TERM: a shell
# starts background commands with INT ignored.)
# shellcheck disable=SC2086
"$program" train shapes $small -o "$scratch/stopped" -q train.steps=1000000 train.batch=8 &
pid=$!
sleep 1
kill -TERM $pid
wait $pid
check "SIGTERM exits with 143" [ $? = 143 ]
check "... with a checkpoint" [ -s "$scratch/stopped/latest.safetensors" ]
run eval "$scratch/stopped"
check "... that can be measured" [ "$code" = 0 ]

# The landmarks of a step are those of its temperature, bias and queue, on the screen as in the log.
# shown STEP ALL-EQUAL FLOOR [WITHIN]: what the screen says of a step; 1e-4, or a share of it.
shown() {
    found=$(sed -n "s|^step $1/[0-9]* loss [0-9.]* (all equal \([0-9.]*\), floor \([0-9.]*\)) .*|\1 \2|p" "$scratch/err")
    [ -n "$found" ] || return 1
    holds "(${found% *} - $2) ^ 2 < (1e-4 + ${4:-0} * $2) ^ 2 && (${found#* } - $3) ^ 2 < (1e-4 + ${4:-0} * $3) ^ 2"
}
run train latent -o "$scratch/sigmoid" loss.name=siglip train.batch=32 train.steps=100 loss.temperature=0.2 monitor.log_every=100
softplus="log(1 + exp(-(5 - log(31)))) + 31 * log(1 + exp(5 - log(31)))"
check "siglip at its first step" holds "($(first all_equal "$scratch/sigmoid/log.jsonl") - ($softplus)) ^ 2 < 1e-8"
check "... on the screen too" shown 1 "$(first all_equal "$scratch/sigmoid/log.jsonl")" "$(first floor "$scratch/sigmoid/log.jsonl")"
grep '"step":100,"loss"' "$scratch/sigmoid/log.jsonl" >"$scratch/end"
check "... at its last" shown 100 "$(first all_equal "$scratch/end")" "$(first floor "$scratch/end")"
cp "$scratch/err" "$scratch/screen"
run eval "$scratch/sigmoid" --json
cp "$scratch/screen" "$scratch/err"
check "... which is where an evaluation finds them" shown 100 "$(first all_equal "$scratch/out")" "$(first floor "$scratch/out")" 0.01
check "... and not where they were" sh -c "! grep -q '\"all_equal\":54.6' '$scratch/end'"
run train latent -o "$scratch/queue" loss.name=clip loss.queue=96 train.batch=32 train.steps=10 loss.temperature=0.5 loss.learn_temperature=false
check "a queue is empty at first" shown 1 "log(32)" "log(1 + 31 * exp(-32 / 31 / 0.5))"
check "... and counts once it is full" shown 10 "log(128)" "log(1 + 127 * exp(-128 / 127 / 0.5))"

# What has no effect is no setting.
for set in "collapse loss.temperature=0.07" "shapes loss.margin=0.2" "shapes optim.momentum=0" "latent loss.name=vicreg loss.queue=0" \
    "shapes data.rho=0.9" "latent data.n_composition=9" "shapes image.words=true" "latent text.buckets=4096"; do
    # shellcheck disable=SC2086
    check "$set is refused" rejects 2 ": no effect with " train $set -o "$scratch/refused"
done
check "... and what has one is named" rejects 2 "loss.temperature=1: no effect with question; what has one: queue dot mask_groups" \
    train collapse loss.temperature=1
check "... and nothing is written" [ ! -e "$scratch/refused" ]
printf '[loss]\nname = triplet\nmargin = 0.5\ntemperature = 0.07\n' >"$scratch/own.ini"
tiny="data.n_train=64 data.n_validation=16 data.n_test=16 data.n_composition=16 train.batch=16 train.steps=3"
# shellcheck disable=SC2086
run train "$scratch/own.ini" $tiny -o "$scratch/own"
check "a file may have the default of what has no effect" [ "$code" = 0 ]
# shellcheck disable=SC2086
run train "$scratch/own.ini" $tiny loss.name=clip -o "$scratch/clip"
check "... and what another loss leaves without" [ "$code" = 0 ]
check "... which the record forgets" grep -q '^margin = 0.2$' "$scratch/clip/recipe.ini"
sed -i 's/^margin = .*/margin = 0.7/' "$scratch/clip/recipe.ini"
check "but no other value" rejects 2 "clip/recipe.ini: loss.margin: no effect with clip" train "$scratch/clip/recipe.ini"
run resume "$scratch/clip"
check "... but a run that was begun with it goes on" [ "$code" = 0 ]
check "... and says that it is ignored" grep -q '^contrast: warning: ignored: .*recipe.ini: loss.margin: no effect with clip' "$scratch/err"
run eval "$scratch/clip"
check "... it can still be measured" [ "$code" = 0 ]

# Without a split that another takes the place of.
for i in $(seq 1 40); do echo "word$i"; done >"$scratch/words"
few="data.kind=pairs data.image=$scratch/words data.text=$scratch/words data.validation=0 data.test=0 train.batch=8 train.steps=20"
# shellcheck disable=SC2086
run train shapes $few -o "$scratch/few" monitor.evaluate_every=10
check "a run without validation and test ends with 0" [ "$code" = 0 ]
check "... says on its way what it looks at" grep -q '^step 10: train recall@1 .*, of 40$' "$scratch/err"
check "... and at its end" grep -q '^train, 40 pairs' "$scratch/out"
run eval "$scratch/few"
check "... as an evaluation does" grep -q '^train, 40 pairs' "$scratch/out"
check "... which has no other split" rejects 2 "no test split" eval "$scratch/few" --split test
run report "$scratch/few" -o "$scratch/few.html"
check "... and a report" sh -c "[ $code = 0 ] && [ ! -s '$scratch/err' ]"
# shellcheck disable=SC2086
run sweep shapes $few seed=1..2
check "... and a sweep" [ "$code" = 0 ]

run train latent -o "$scratch/latent" -q train.steps=300
check "the latent recipe trains" [ "$code" = 0 ]
done_testing
