#!/bin/sh
# The command line: help, exit codes, and one clear line for each mistake.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"

run help
check "help exits 0" [ "$code" = 0 ]
check "help lists train" grep -q "train" "$scratch/out"
run
check "no arguments: help, and a usage exit" [ "$code" = 2 ]
run --version
check "--version prints a version" grep -Eq '^contrast [0-9]+\.[0-9]+' "$scratch/out"
for c in demo train eval help; do
    run help $c
    check "help $c" [ "$code" = 0 ]
    check "help $c shows the exit status" grep -q "exit status" "$scratch/out"
    run $c --help
    check "$c --help" [ "$code" = 0 ]
done
for c in $("$program" help | sed -n '/^  contrast /!s/^  \([a-z]*\) .*/\1/p'); do
    for option in $("$program" help "$c" | sed -n 's/^  \(-., \)\{0,1\}\(--[a-z-]*\) .*/\2/p'); do
        run "$c" "$option=" --none
        { [ "$code" = 2 ] && grep -qF -e "$option " "$scratch/err"; } || check "$c $option= is refused by its name" false
    done
done
run playground -o "$scratch/lab.html"
if [ "$code" = 0 ]; then
    check "playground writes its page" grep -q "contrast: playground" "$scratch/lab.html"
else
    check "playground without its page says how to build it" rejects 1 "make playground" playground -o "$scratch/lab.html"
    check "... and writes nothing" [ ! -e "$scratch/lab.html" ]
fi
run help recipe
check "help recipe is itself a recipe" [ "$code" = 0 ]
cp "$scratch/out" "$scratch/all.ini"
check "every key of it is accepted" rejects 2 "train.batch = 0" train "$scratch/all.ini" train.batch=0
run help recipes
check "help recipes says what each is" [ "$(grep -c '^  [a-z-]* *[A-Za-z].*[a-z]' "$scratch/out")" = 6 ]
run help losses
check "help losses names the question's" grep -q question "$scratch/out"
run help manual
check "the manual has each command's options" grep -qF '.B \-o, \-\-output RUN' "$scratch/out"
run help recipe-manual
check "the manual of recipes has each key" [ "$(grep -c '^\.B .* =' "$scratch/out")" = "$("$program" help recipe | grep -c '^[a-z_0-9]* *=')" ]
run help bash
check "bash completes options" grep -q "' train') words=.* --weights .* collapse" "$scratch/out"
check "... and what help explains" grep -q "' help') words=.* losses states measures demo" "$scratch/out"
cp "$scratch/out" "$scratch/bash"
# completed WORD...: what bash offers for the last of the words.
completed() {
    bash -c 'file=$1; shift; . "$file"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _contrast; echo "${COMPREPLY[@]}"' \
        bash "$scratch/bash" "$@"
}
if command -v bash >/dev/null; then
    commands=$("$program" help | sed -n '/^  contrast /!s/^  \([a-z]*\) .*/\1/p' | tr '\n' ' ')
    check "bash offers each command, in the order of help" [ "$(completed contrast '')" = "${commands}help" ]
    for c in $commands; do
        check "... and the options of $c" [ "$(completed contrast "$c" --hel)" = --help ]
    done
    check "... and what it takes" [ "$(completed contrast train sh) $(completed contrast lesson mas)" = "shapes masks" ]
    check "... and nothing after what is no command" [ -z "$(completed contrast trian --he)" ]
fi
run help zsh
check "zsh takes those of bash" sh -c "sed 1,2d '$scratch/out' | cmp -s - '$scratch/bash' && head -n 1 '$scratch/out' | grep -qx '#compdef contrast'"
run help fish
cp "$scratch/out" "$scratch/fish"
check "fish has each line as one text in quotes" [ -z "$(sed "s/\\\\.//g; s/'[^']*'//g" "$scratch/out" | grep "'")" ]
check "fish knows letters" grep -q "from train' -l output -s o -r -d 'the run" "$scratch/out"
run help manual
check "the manual has its sections" [ "$(sed -n 's/^\.SH //p' "$scratch/out" | tr '\n' ,)" = \
    "NAME,SYNOPSIS,COMMANDS,OPTIONS OF ALL COMMANDS,EXIT STATUS,SEE ALSO," ]
check "... of each command" [ "$(grep -c '^\.SS contrast' "$scratch/out")" = "$(grep -c "^complete .* -n __fish_use_subcommand" "$scratch/fish")" ]
run help states
check "help states says what each is" [ "$(grep -c '^[a-z-]*: .' "$scratch/out")" = 13 ]
run help measures
check "help measures says what is counted" grep -q "^recall@1: .*own partner" "$scratch/out"
check "... of each" [ "$(grep -c ': .' "$scratch/out")" -ge 38 ]
check "... none is without a sentence" sh -c '! grep -q "(null)" "$1"' sh "$scratch/out"

check "unknown command" rejects 2 "did you mean \"train\"" trian shapes
check "... or topic of help" rejects 2 "unknown topic of help \"lossse\"; did you mean \"losses\"?" help lossse
mkdir "$scratch/my bin"
ln -s "$program" "$scratch/my bin/embeddings"
"$scratch/my bin/embeddings" nothing 2>"$scratch/err"
check "what is printed can be typed" grep -qxF "contrast: error: unknown command \"nothing\"; try: '$scratch/my bin/embeddings' help" "$scratch/err"
"$scratch/my bin/embeddings" train latent train.steps=1 -q -o "$scratch/it's called" >"$scratch/out"
sed -n 's/.*; next: //p' "$scratch/out" >"$scratch/next"
check "... after training too" sh -c "sh '$scratch/next' | grep -q '^test, '"
"$scratch/my bin/embeddings" lesson floor >"$scratch/out"
check "... after a lesson" grep -qxF "  '$scratch/my bin/embeddings' demo" "$scratch/out"
"$scratch/my bin/embeddings" diagnose --loss 2.77 --batch 16 --report "$scratch/named.html" >"$scratch/out"
check "... but a page is for others" grep -qF "<pre>contrast diagnose A.npy" "$scratch/named.html"
check "a key that lacks a word" rejects 2 'did you mean "optim.weight_decay"?' train shapes optim.decay=1
check "a section is no setting" rejects 2 "loss: expected section.key=value" train shapes -q -o "$scratch/no" loss
check "unknown option" rejects 2 "did you mean \"--quiet\"" train shapes --quite
check "option without value" rejects 2 "needs a value: RUN" train shapes -o
check "an argument that is empty" rejects 2 "eval: expected RUN [data.KEY=PATH ...], found an empty argument" eval ''
check "what a command has no use for" rejects 2 "unknown option of import \"--live\"" import w.safetensors --live
check "one name for a checkpoint" rejects 2 "unknown option of hash \"--at\"" hash run --at best
check "a queue larger than the data" rejects 2 "loss.queue = 16777216: at most 16 (all training pairs)" \
    train latent data.n_train=16 train.batch=4 loss.queue=16777216 -o "$scratch/queue"
check "threads must be a number" rejects 2 "expected a whole number" train shapes --threads x
# with NAME VALUE COMMAND...: under a variable of the environment
with() { (export "$1=$2" && shift 2 && "$@"); }
for threads in x 2x 0 1025; do
    check "CONTRAST_THREADS=$threads" with CONTRAST_THREADS $threads rejects 2 "CONTRAST_THREADS=$threads: expected 1 to 1024" train latent
done
check "no recipe" rejects 2 "train: expected RECIPE [section.key=value ...], found 0 arguments" train
check "missing recipe file" rejects 1 "nowhere.ini" train nowhere.ini
check "after -- nothing is an option" rejects 1 "--help: is no run" eval -- --help
"$program" eval --verbose nowhere 2>"$scratch/err"
check "--verbose says where an error was raised" grep -Eqx 'contrast: raised at src/[a-z/]*\.c:[0-9]+' "$scratch/err"
check "unknown key" rejects 2 'did you mean "train.batch"?' train shapes train.bacth=7
check "unknown section" rejects 2 'did you mean "optim.rate"?' train shapes optm.rate=7
check "not a setting" rejects 2 "expected section.key=value" train shapes batch
check "value of the wrong type" rejects 2 "expected a whole number" train shapes train.batch=seven
check "value out of range" rejects 2 "from 1 to" train shapes train.steps=0
check "unknown choice" rejects 2 "one of: sgd adamw" train shapes optim.name=adam
check "unknown loss" rejects 2 'did you mean "clip"?' train shapes loss.name=clop
check "widths that do not fit" rejects 2 "one embedding width" train shapes image.layers=64,32 text.layers=64,16
check "bad widths" rejects 2 "1 to 16 values with commas between" train shapes image.layers=64,,32
check "batch larger than the data" rejects 2 "at most 10 (all training pairs); try train.batch=5" \
    train shapes data.n_train=10 train.batch=11 -o "$scratch/large"
check "nothing was written for it" [ ! -e "$scratch/large" ]
check "instruction set that is not there" env CONTRAST_ISA=mmx sh -c '! "$0" train shapes 2>/dev/null' "$program"
check "eval without a run" rejects 2 "eval: expected RUN [data.KEY=PATH ...], found 0 arguments" eval
check "eval of what is no run" rejects 1 "nowhere: is no run: there is no recipe.ini in it" eval nowhere
mkdir "$scratch/runs"
check "the folder of runs is none" rejects 1 "runs: is no run: there is no recipe.ini in it" search "$scratch/runs" red
check "... for resume too" rejects 1 "runs: is no run" resume "$scratch/runs"
check "recipes are guessed" rejects 1 'shpaes: no such recipe or file; did you mean "shapes"?' train shpaes -o "$scratch/no"
(cd "$scratch" && for _ in 1 2 3; do with CONTRAST_THREADS 1 run train latent train.steps=1 -q --json; done && ls runs) >"$scratch/chosen"
check "a run without -o has a folder of its own, as the next one has" [ "$(tr '\n' ' ' <"$scratch/chosen")" = "latent latent-2 latent-3 " ]
check "... which --json names" grep -q '^{"run":"runs/latent-3","steps":1,' "$scratch/out"
run train latent train.steps=1 train.batch=1 -q -o "$scratch/alone"
check "a batch of one is warned of" grep -q "warning: train.batch=1: a batch of one has no negatives: the loss is 0" "$scratch/err"
check "... which has no loss of -0" sh -c "grep -q 'random 0.0000' '$scratch/out'"
run train latent train.steps=1 train.batch=1 loss.name=siglip -q -o "$scratch/alone" --force
check "... where the loss is 0" [ ! -s "$scratch/err" ]
run train latent train.steps=1 train.batch=1 loss.name=positives -q -o "$scratch/alone" --force
check "... and there could be negatives" [ ! -s "$scratch/err" ]
run train latent train.steps=1 train.batch=1 loss.name=question -q -o "$scratch/alone" --force
check "... also of a loss without a temperature" grep -q "warning: train.batch=1" "$scratch/err"

# One of each: a word that counts follows its number.
printf '1\n2\n3\n' >"$scratch/three.csv"
printf '1\n' >"$scratch/single.csv"
one() { "$program" "$@" >>"$scratch/counts" 2>&1 </dev/null; }
one train latent train.steps=1 data.n_train=1 train.batch=2 -o "$scratch/no"
one train latent train.steps=1 data.n_train=64 train.batch=4 data.n_test=1 data.n_validation=1 -o "$scratch/ones"
one check latent train.steps=1 data.n_train=64 train.batch=4
one diagnose "$scratch/single.csv" "$scratch/single.csv"
one diagnose "$scratch/three.csv" "$scratch/three.csv" --groups "$scratch/single.csv"
one loss "$scratch/three.csv" "$scratch/three.csv"
one sweep latent train.steps=1 data.n_train=64 train.batch=4 seed=1..1 -o "$scratch/grid" --report "$scratch/grid.html"
cat "$scratch/grid.html" >>"$scratch/counts"
one embed "$scratch/ones" --images "$scratch/single.csv" -o "$scratch/e.npy"
check "counts are of one" [ "$(grep -cE '(^|[^0-9.])1 (training )?(pair|step|row|run|number|dimension|value)([^a-z]|$)|Points: 1; |at most 1 \(' "$scratch/counts")" -ge 7 ]
check "... and no word for several" sh -c "! grep -E '(^|[^ 0-9.]|[^-] )1 (training |test |unit )?(pairs[^/]|steps|rows|runs|numbers|dimensions|values|points|seeds|items)' '$scratch/counts'"
check "eval of an unknown split" rejects 2 "--split" eval nowhere --split tset

printf '[train]\nbatch = 7\nbatch = 8\n' >"$scratch/twice.ini"
check "a key set twice names its line" rejects 2 "twice.ini:3" train "$scratch/twice.ini"
printf '[train]\nbatch 7\n' >"$scratch/equals.ini"
check "a line that is no setting names its line" rejects 2 "equals.ini:2" train "$scratch/equals.ini"
printf '[train]\nbacth = 7\n' >"$scratch/typo.ini"
check "a typo in a file names its line and the key" rejects 2 "typo.ini:2: train.bacth: there is no such key; did you mean \"train.batch\"?" \
    train "$scratch/typo.ini"
check "a recipe that is neither a file nor built in" rejects 1 "plum: neither a file nor a built-in recipe (contrast help recipes)" \
    train plum
: >"$scratch/empty.ini"
check "an empty recipe has all defaults" rejects 2 "train.steps = 0" train "$scratch/empty.ini" train.steps=0

# a run of numbers, imported from its own checkpoint
run train latent train.steps=1 train.batch=4 -q -o "$scratch/numbers"
run import "$scratch/numbers/latest.safetensors" -q -o "$scratch/imported"
check "import says where it is" grep -qF "$scratch/imported: imported, at step 1; next: " "$scratch/out"
run report "$scratch/imported" -o "$scratch/imported.html"
check "... and its report that it did not train here" grep -qF "The run was imported at step 1" "$scratch/imported.html"
check "texts for a tower of numbers" rejects 1 "standard input holds texts, the run's tower reads numbers" \
    embed "$scratch/numbers" --texts - -o "$scratch/no.npy"
check "an export of nothing" rejects 2 "expected --torch F.py, --data DIR or --projector DIR" export "$scratch/numbers"
for words in "search $scratch/numbers" "embed $scratch/numbers --texts - -o $scratch/no.npy"; do
    # shellcheck disable=SC2086 # words
    "$program" $words <"$scratch" >"$scratch/out" 2>"$scratch/err"
    check "standard input that is a folder: ${words%% *}" [ "$? $(cat "$scratch/err")" = "1 contrast: error: standard input: cannot be read" ]
done

if [ -e /dev/full ]; then
    "$program" help >/dev/full 2>"$scratch/err"
    check "a full standard output is an error" [ $? = 1 ]
fi
done_testing
