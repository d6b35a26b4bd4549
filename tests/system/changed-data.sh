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
sed -i 's!= rows.csv!= moved/rows.csv!; s!= captions.txt!= moved/captions.txt!' run/recipe.ini
run eval run
check "its new place is written there" [ "$code" = 0 ]
run resume run -q --checkpoint best
check "... and the run goes on" [ "$code" = 0 ]
done_testing
