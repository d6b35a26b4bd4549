#!/bin/sh
# A run knows its data: what looks at the run again refuses other data, or goes on by
# --data-changed and says so; data that only moved is the same data.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"
cd "$scratch" || exit 1
awk 'BEGIN { for (i = 0; i < 300; i++) print i % 7 + sin(i) "," cos(i) "," i % 5 "," sin(3 * i) }' >rows.csv
awk 'BEGIN { for (i = 0; i < 300; i++) print "caption " i ", of colour " i % 7 }' >captions.txt
cp rows.csv rows.was
cp captions.txt captions.was
settings="data.kind=pairs data.image=rows.csv data.text=captions.txt image.layers=8 text.layers=8 text.buckets=64
    text.bag_dim=8 train.batch=32 train.steps=20 monitor.evaluate_every=10"
# shellcheck disable=SC2086 # settings are words
run train latent $settings -q -o run
check "a run" [ "$code" = 0 ]
run eval run --json
check "the same data" [ "$code" = 0 ]
check "... of which nothing needs to be said" sh -c '! grep -q data_changed out && [ ! -s err ]'

change() {
    cp rows.was rows.csv
    cp captions.was captions.txt
    case $1 in
    "lines that are gone") head -n 290 rows.was >rows.csv && head -n 290 captions.was >captions.txt ;;
    "captions one line further") { tail -n 1 captions.was && head -n 299 captions.was; } >captions.txt ;;
    "one caption") sed '200s/of/in/' captions.was >captions.txt ;;
    "rows in another order") { tail -n 1 rows.was && head -n 299 rows.was; } >rows.csv ;;
    # of a row of which mean and spread of the training rows do not tell
    "two numbers of a row") awk -F , -v OFS=, 'NR == 151 { x = $1; $1 = $2; $2 = x } 1' rows.was >rows.csv ;;
    "one number") awk -F , -v OFS=, 'NR == 150 { $3 = 9 } 1' rows.was >rows.csv ;;
    esac
}
for what in "lines that are gone" "captions one line further" "one caption" "rows in another order" "one number" "two numbers of a row"; do
    change "$what"
    check "$what: refused" rejects 2 "the data is not what it was trained on" eval run
done
for command in "diagnose run" "search run 3" "report run -o r.html" "export run --torch m.py" "resume run -q" \
    "embed run --texts captions.was -o e.npy" "import run/latest.safetensors -q -o new"; do
    # shellcheck disable=SC2086
    check "$command: refused" rejects 2 "--data-changed accepts it" $command
done
check "... and nothing is written" [ "$(ls -d r.html m.py e.npy new 2>/dev/null)" = "" ]
for command in "eval run" "diagnose run" "search run 3"; do
    # shellcheck disable=SC2086
    run $command --json --data-changed
    check "$command --data-changed" [ "$code" = 0 ]
    check "... says so" grep -q '"data_changed":true' out
    check "... on the terminal too" grep -q "run: the data is not what it was trained on" err
done
run report run -o r.html --data-changed
check "a report says so" grep -q "the data is not what the run was trained on" r.html
cp -r run other
run resume other -q --checkpoint best --data-changed
check "resume --data-changed" [ "$code" = 0 ]
check "... says so in the log" grep -q '^{"kind":"data_changed","step":[0-9]*}' other/log.jsonl
run eval other
check "... and the run is of this data now" [ "$code" = 0 ]
run import run/latest.safetensors -q -o new --data-changed
run eval new
check "import --data-changed, too" [ "$code" = 0 ]

change nothing
mkdir moved
mv rows.csv captions.txt moved
check "data that moved is named with its key, and the way out" rejects 1 \
    "run/recipe.ini: data.image = rows.csv: no such file here; if it moved, add data.image=PATH" eval run
there="data.image=moved/rows.csv data.text=moved/captions.txt"
cp -r run again
for command in "eval run" "diagnose run" "search run 3" "report run -o r.html" "export run --projector new" \
    "embed run --texts moved/captions.txt -o e.npy" "resume again -q --checkpoint best"; do
    # shellcheck disable=SC2086
    run $command $there
    check "$command, told where: $(cat err)" [ "$code" = 0 ]
done
sed '200s/of/in/' captions.was >moved/other.txt
check "... and other data is refused there" rejects 2 "the data is not what it was trained on" \
    eval run data.image=moved/rows.csv data.text=moved/other.txt
check "... as is what is no place" rejects 2 "eval: expected RUN [data.KEY=PATH ...], found 2 arguments" eval run data.seed=2
check "arrays have no such place" rejects 2 "data.KEY=PATH: not with arrays" diagnose moved/rows.csv data.image=x
rm -r new
sed -i 's!= ../rows.csv!= ../moved/rows.csv!; s!= ../captions.txt!= ../moved/captions.txt!' run/recipe.ini
run eval run
check "its new place is written there" [ "$code" = 0 ]
run resume run -q --checkpoint best
check "... and the run goes on" [ "$code" = 0 ]

# A recipe says where its data is from where it lies, a run from where that lies: they move together.
mkdir -p project/exp project/data elsewhere
cp moved/rows.csv moved/captions.txt project/data
run import run/latest.safetensors -q -o placed data.image=moved/rows.csv data.text=moved/captions.txt
check "a checkpoint's data, too, is where it is said to be" [ "$code" = 0 ]
sed 's!^image = .*!image = ../data/rows.csv!; s!^text = .*!text = ../data/captions.txt!' run/recipe.ini >project/exp/own.ini
cd project || exit 1
run train exp/own.ini -q -o runs/a
check "paths in a recipe are seen from it" [ "$code" = 0 ]
check "... those of a run from the run" grep -qx 'image = ../../data/rows.csv' runs/a/recipe.ini
cd ../elsewhere || exit 1
run train "$scratch/project/exp/own.ini" -q -o "$scratch/project/runs/b"
check "... whoever looks from where: the same bytes" cmp -s ../project/runs/a/recipe.ini ../project/runs/b/recipe.ini
check "... in the checkpoint too" cmp -s ../project/runs/a/latest.safetensors ../project/runs/b/latest.safetensors
mv ../project ../renamed
run eval ../renamed/runs/a
check "a run that moved with its data: $(cat ../err)" [ "$code" = 0 ]
cp ../renamed/runs/a/latest.safetensors ../was.safetensors
run resume ../renamed/runs/a -q --checkpoint best
check "... is resumed to the same bytes" cmp -s ../renamed/runs/a/latest.safetensors ../was.safetensors
cd ../renamed || exit 1
run train runs/a/recipe.ini train.steps=1 -q -o deep/down/c
check "its recipe is one to train by" [ "$code" = 0 ]
check "... without a way through the old run" grep -qx 'image = ../../../data/rows.csv' deep/down/c/recipe.ini
run train exp/own.ini train.steps=1 data.image=data/rows.csv -q -o d
check "a setting is seen from the working directory" [ "$code" = 0 ]
sed -i 's!^image = .*!image = data/rows.csv!' runs/a/recipe.ini
run eval runs/a
check "... as are paths of older runs" [ "$code" = 0 ]
run train exp/own.ini train.steps=1 data.image="$scratch/renamed/data/rows.csv" -q -o e
check "absolute paths stay" grep -qxF "image = $scratch/renamed/data/rows.csv" e/recipe.ini

# Through a link, ".." is not the folder before it: there are other rows.
mkdir -p sub/data "$scratch/far/deep"
cp data/captions.txt sub/data
sed '1s/[0-9]/9/' data/rows.csv >sub/data/rows.csv
ln -s "$scratch/renamed/exp" sub/linked
ln -s "$scratch/far/deep" away
hash_of() { "$program" hash "$1" | cut -c1-16; }
run train exp/own.ini -q train.steps=1 -o straight
for words in "sub/linked/own.ini -o f" "exp/own.ini data.image=sub/linked/../data/rows.csv -o g" "exp/own.ini -o away/h"; do
    # shellcheck disable=SC2086
    run train $words -q train.steps=1
    folder=${words##*-o }
    check "data is found through links: $words" [ "$(hash_of "$folder")" = "$(hash_of straight)" ]
    run eval "$folder"
    check "... again" [ "$code" = 0 ]
    run eval "$(realpath "$folder")"
    check "... and from the folder itself" [ "$code" = 0 ]
done
run sweep exp/own.ini train.steps=2 optim.rate=0.1,0.2 -q -o swept
cd exp || exit 1
run sweep own.ini train.steps=2 optim.rate=0.1,0.2 -q -o ../swept
check "a sweep is the same from another folder: $(cat "$scratch/err")" [ "$code" = 0 ]
done_testing
