#!/bin/sh
# Advice that was tried: a run that is stuck from three seeds, the command that training prints for it,
# and the state from three seeds once a reader has copied that.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"

# state_of RECIPE SETTINGS...: the most frequent state of three seeds, and how many are in it.
state_of() {
    run sweep "$@" seed=1..3 -q
    awk '$1 == "state" { getline; print $1, $2 }' "$scratch/out"
}

# tried WHAT STATE REMEDY SETTINGS...: what a run of that recipe is in, is told, and comes to.
tried() {
    what=$1 state=$2 remedy=$3
    shift 3
    run train "$@" -o "$scratch/stuck" -f
    recipe=$scratch/stuck/recipe.ini
    told=$(sed -n "s|^  $program train $recipe ||p" "$scratch/err" | tail -n 1)
    check "$what: told '$told'" [ "$told" = "$remedy" ]
    states=$(sed -n 's/^step [0-9]*: \([a-z-]*\): .*/\1/p' "$scratch/err" | sort -u | wc -l)
    check "$what: once for each state on the way, and at the end" [ "$(grep -c '^  try: ' "$scratch/err")" -le $((states + 1)) ]
    was=$(state_of "$recipe")
    check "$what: stuck, three seeds are $was" [ "$was" = "$state 3" ]
    # shellcheck disable=SC2086 # the settings are words
    is=$(state_of "$recipe" $told)
    check "$what: then, three seeds are $is" [ "$is" = "healthy 3" ]
}

# What README begins with, as it is.
tried "the question" plateau \
    "loss.name=clip loss.temperature=0.07 train.batch=64 optim.name=adamw optim.rate=0.001" collapse

small="data.n_train=2048 data.n_validation=50 data.n_composition=50"
deep="collapse $small train.steps=600 monitor.evaluate_every=300"
adam="train.batch=64 optim.name=adamw"
clip="loss.name=clip loss.temperature=0.07"
shallow="shapes data.n_train=1024 data.n_test=200 data.n_validation=50 data.n_composition=50 train.batch=64 train.steps=300
    image.layers=128,64 text.layers=64 text.buckets=1024 text.bag_dim=64 optim.weight_decay=0 optim.schedule=constant optim.warmup=0"
relu="image.activation=relu text.activation=relu"
# shellcheck disable=SC2086 # the settings are words
{
    tried "the question with Adam" dimensional-collapse "loss.name=clip loss.temperature=0.07 train.batch=64" \
        $deep optim.name=adamw optim.rate=0.001
    tried "pull pairs only" collapsed "loss.name=clip loss.temperature=0.07" $deep $adam optim.rate=0.001 loss.name=positives
    tried "a rate of 1" collapsed "optim.rate=0.001" $deep $adam $clip optim.rate=1
    tried "weight decay" collapsed "optim.weight_decay=0.01" $deep $adam $clip optim.rate=0.001 optim.weight_decay=10
    tried "temperature 1" dimensional-collapse "loss.temperature=0.07" $deep $adam optim.rate=0.001 loss.name=clip loss.temperature=1
    tried "7 pairs" dimensional-collapse "train.batch=64" $deep $clip optim.name=adamw optim.rate=0.001
    tried "SGD" plateau "optim.name=adamw optim.rate=0.001" $deep $clip train.batch=64 optim.rate=0.01
    tried "the hardest negatives" collapsed "loss.mining=semi-hard" \
        collapse $adam optim.rate=0.001 loss.name=triplet loss.mining=hardest
    tried "VICReg on deep sigmoids" dimensional-collapse "$relu" collapse $adam optim.rate=0.001 loss.name=vicreg
    tried "VICReg without variance" repeats "loss.variance=25" $shallow loss.name=vicreg loss.variance=0
    tried "alignment alone" collapsed "loss.uniform=1" $shallow loss.name=align-uniform loss.uniform=0
    tried "hardly a step" unaligned "optim.rate=0.001" $shallow optim.rate=1e-6
    tried "a temperature of 0.01" modality-gap "loss.temperature=0.07" $shallow loss.temperature=0.01
}
done_testing
