#!/bin/sh
# Reports and pictures as a user makes them: what is in them, that nothing in a caption
# or a folder's name becomes markup, and what is refused.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"
small="data.n_train=512 data.n_validation=64 data.n_test=64 data.n_composition=32 train.batch=32 train.steps=40
    image.layers=64,32 text.layers=64,32 text.buckets=512 text.bag_dim=32 monitor.evaluate_every=20"
cd "$scratch" || exit 1

# shellcheck disable=SC2086 # the settings are words
run train shapes $small -q -o a
check "a run leaves snapshots" [ "$(grep -c '^{"kind":"snapshot"' a/log.jsonl)" -ge 15 ]
# shellcheck disable=SC2086
run train shapes $small -q -o b train.seed=2 --threads 1
# shellcheck disable=SC2086
run train shapes $small -q -o again --threads 2
check "twice the same snapshots" cmp -s a/log.jsonl again/log.jsonl
# shellcheck disable=SC2086
run train shapes $small -q -o none monitor.snapshots=0
check "none where none are wanted" sh -c '! grep -q "snapshot\|probe" none/log.jsonl'

run report a -o a.html
check "a report of a run" [ "$code" = 0 ]
run report a b -o ab.html
check "a report of two" [ "$code" = 0 ]
for f in a.html ab.html; do
    check "$f is under a megabyte" [ "$(wc -c <$f)" -lt 1000000 ]
    check "$f forbids the network" grep -q "default-src 'none'" $f
    # the only addresses are names of XML name spaces
    check "$f names no other place" sh -c "! sed 's|http://www.w3.org/2000/svg||g' $f | grep -qE 'https?://|src=|href=|url\\([^d]|<link|<iframe|@import'"
    check "$f has one hash a run" grep -q "$("$program" hash a | cut -c1-16)" $f
done
last=$(grep '"loss"' a/log.jsonl | grep '"temperature"' | tail -n 1 | sed 's/.*"loss":\([0-9.e-]*\).*/\1/')
check "it tells the last loss" grep -qF "to $(printf %.4f "$last") at step 40" a.html
landmark() { # KEY: of that line
    grep '"loss"' a/log.jsonl | grep '"temperature"' | tail -n 1 | sed 's/.*"'"$1"'":\([0-9.e-]*\).*/\1/'
}
check "... and its landmarks" grep -qF \
    "it is $(printf %.4f "$(landmark all_equal)") where all embeddings are equal, and at least $(printf %.4f "$(landmark floor)")." a.html
check "it shows the state in words" grep -q '<strong>[a-z-]*</strong>: ' a.html
check "its title says what it is about" grep -qF '<h1>Report: a, b</h1>' ab.html
run report a b a b --no-diagnosis -o four.html
check "... of up to four" grep -qF '<h1>Report: a, b, a, b</h1>' four.html
# shellcheck disable=SC2086
run train shapes $small -q -o held optim.name=sgd optim.rate=0.001 loss.temperature=1
run report held -o held.html
check "a remedy comes with its command" grep -qF '<pre>contrast train held/recipe.ini optim.name=' held.html
run report a -o twice.html
check "a report made twice is the same" cmp -s a.html twice.html
run report a --no-diagnosis -o short.html
check "without a diagnosis it needs no weights" [ "$code" = 0 ]

seen=
for kind in loss recall temperature matrix histogram plane spectrum path layers gradients; do
    run plot $kind a -o $kind.svg
    check "plot $kind" [ "$code" = 0 ]
    if command -v python3 >/dev/null; then
        check "$kind.svg is XML with title and description" python3 -c '
import sys, xml.etree.ElementTree as x
root = x.parse(sys.argv[1]).getroot()
sys.exit(not (root[0].tag.endswith("title") and root[1].tag.endswith("desc") and root[1].text))' $kind.svg
    fi
    run plot $kind a -o twice.svg
    check "the same picture twice" cmp -s $kind.svg twice.svg
    check "and no other one" sh -c "! echo '$seen' | grep -qF '$(cksum <$kind.svg)'"
    seen="$seen;$(cksum <$kind.svg)"
done
run plot matrix a --at 0 -o first.svg
check "another moment gives another picture" sh -c "[ $code = 0 ] && [ -s first.svg ] && ! cmp -s first.svg matrix.svg"
check "... the untrained one" grep -q "step 0<" first.svg

layers=$(grep '"layers"' a/log.jsonl | tail -n 1)
check "there was a look" [ -n "$layers" ]
check "the monitor's last look is on the page" grep -qF "$(echo "$layers" | sed 's/.*"text.0.weight","gradient_norm":[^,]*,"mean_cosine":\([0-9.]\{6\}\).*/\1/')" a.html
check "... and its step in the picture" grep -q "seen at step 20<" layers.svg

# the other commands that measure
run lesson gap --report lesson.html
check "a lesson's page" [ "$code" = 0 ]
check "... has its rows" [ "$(grep -c '<td>tau = 1/' lesson.html)" = "$(grep -c '^  tau = 1/' "$scratch/out")" ]
check "... eighteen of them" [ "$(grep -c '<td>tau = 1/' lesson.html)" -ge 18 ]
check "... as they were measured" sh -c "sed '/^<svg class=.spread/d' lesson.html | tr -d '\\n' | grep -qF '<td>tau = 1/1: least loss</td><td class=n>1.54774</td><td class=n>1.54774</td><td>pass</td>'"
check "... with the error and what is allowed of those that may be off" [ "$(grep -c '^<svg class="spread".*<rect class="allowed".*<circle' lesson.html)" = 15 ]
run sweep phase loss.temperature=0.1,1 optim.rate=0.1,1 train.steps=20 seed=1..2 --report phase.html -q
check "a sweep's page" [ "$code" = 0 ]
check "... has a row a point" [ "$(grep -c '^<tr><td>\(0.1\|1\)</td><td>\(0.1\|1\)</td>' phase.html)" = 4 ]
check "... and the phase diagram" grep -q 'data-kind="phase"' phase.html
check "... with a recall for each point" [ "$(grep -o 'rect class="h[12][0-9]"' phase.html | wc -l)" -ge 4 ]
run sweep phase loss.temperature=0.1,1 train.steps=20 seed=1..2 --report one.html -q
check "... and the command, after them" sh -c "sed '1,/data-kind=.phase/d' phase.html | grep -qF '<pre>contrast sweep phase loss.temperature=0.1,1 optim.rate=0.1,1 train.steps=20 seed=1..2</pre>'"
check "over one key it is a table" [ "$(grep -c '^<tr><td>\(0.1\|1\)</td>' one.html) $(grep -c '<svg' one.html)" = "2 0" ]
run diagnose a --report diagnose.html
check "a diagnosis as a page" [ "$code" = 0 ]
check "... names the state that is printed" grep -qF "<strong>$(head -n 1 "$scratch/out" | sed 's/:.*//')</strong>" diagnose.html
"$program" diagnose a --json | sed 's/.*"effective_rank_centred":\[\([^]]*\)\].*/\1/' | tr ',' '\n' >ranks
check "... with each side's figures" sh -c "tr -d '\\n' <diagnose.html | grep -qF '<td>effective rank, centred</td><td>$(awk '{ printf "%s%.1f", (NR > 1 ? ", " : ""), $1 }' ranks)</td></tr>'"
for f in lesson phase one diagnose; do
    check "$f.html forbids the network" grep -q "default-src 'none'" $f.html
done
check "a page that cannot be written" rejects 1 "no/where.html" diagnose a --report no/where.html
check "... is known before the lesson" rejects 1 "no/where.html" lesson gap --report no/where.html
check "... and before the sweep" rejects 1 "no/where.html" sweep phase optim.rate=1,2 train.steps=20 --report no/where.html -o unswept
check "... of which nothing is there then" [ ! -e unswept ]
check "a lesson's page needs a lesson" rejects 2 "needs the name" lesson --report list.html
check "a device is no place for a page" rejects 1 "/dev/null: expected a file" report a -o /dev/null

# while it trains: a page that reloads itself, and at last one that does not
wait_for() { # COMMAND...: until it holds, 30 s at most
    for _ in $(seq 1 300); do "$@" && return 0; sleep 0.1; done
    return 1
}
# shellcheck disable=SC2317 # wait_for calls it
is_new() { [ "$(cksum <followed.html)" != "$first" ]; }
"$program" report grown --follow -o followed.html >followed.out 2>&1 & # it waits for the run
follower=$!
timeout 30 "$program" report nowhere --follow -o nowhere.html >nowhere.out 2>&1 &
lost=$!
sleep 3
# shellcheck disable=SC2086
"$program" train shapes $small train.steps=1000000 -q -o grown >grown.out 2>&1 &
trainer=$!
check "a page is there while a run trains" wait_for [ -s followed.html ]
check "... which reloads itself" grep -q 'id="follow"' followed.html
check "... and shows something" wait_for grep -q '<svg' followed.html
first=$(cksum <followed.html)
check "... is rewritten" wait_for is_new
check "... without a diagnosis, which takes time" sh -c "! grep -q '<strong>[a-z-]*</strong>: ' followed.html"
kill -TERM $trainer
wait $trainer
wait $follower
check "... and ends with the run" [ $? = 0 ]
check "... as a page that does not reload" sh -c "! grep -q 'id=\"follow\"' followed.html"
check "... with the last line of the log" grep -qF " at step $(grep -o '"kind":"step","step":[0-9]*' grown/log.jsonl | tail -n 1 | sed 's/.*://');" followed.html
check "... and a diagnosis" grep -q '<strong>[a-z-]*</strong>: ' followed.html
check "one line says so" [ "$(cat followed.out)" = "followed.html: written" ]
# shellcheck disable=SC2086
"$program" train shapes $small train.steps=1000000 -q -o longer >longer.out 2>&1 &
trainer=$!
rm followed.html
wait_for grep -qs '"kind":"step"' longer/log.jsonl
"$program" report longer --follow -o followed.html >overtaken.out 2>&1 &
overtaken=$!
wait_for grep -qs 'id="follow"' followed.html
"$program" report longer --follow -o followed.html >followed.out 2>&1 &
follower=$!
wait $overtaken
check "of two that follow into one page, the first ends" [ $? = 1 ]
check "... and says why" [ "$(cat overtaken.out)" = "contrast: error: followed.html: something else writes it now; --follow ends" ]
wait_for grep -qs 'id="follow"' followed.html
kill -INT $follower
wait $follower
check "a signal ends it" [ $? = 130 ]
check "... with a page that does not reload" sh -c "! grep -q 'id=\"follow\"' followed.html"
kill -TERM $trainer
wait $trainer
run report a --follow -o followed.html
wait $lost
check "a run that never comes is an error" [ $? = 1 ]
check "... without a page" [ ! -e nowhere.html ]
check "of a run that is over there is one page" sh -c "[ $code = 0 ] && ! grep -q 'id=\"follow\"' followed.html"

# captions and a folder that try to be markup
evil='</script><script>alert(1)</script>"&'\''<img src=x onerror=alert(2)>'
for i in $(seq 1 60); do echo "$evil $i" >>captions; echo "word$i" >>words; done
run train shapes data.kind=pairs data.image=words data.text=captions data.validation=0.5 train.batch=8 train.steps=10 -q -o 'a<b>&"c'
check "a run with hostile captions" [ "$code" = 0 ]
run report 'a<b>&"c' -o evil.html
check "its report" [ "$code" = 0 ]
check "no caption is markup" sh -c "! grep -qE '<img|alert\(1\)</script>|<script>alert' evil.html"
check "scripts are two and end twice" [ "$(grep -o '<script' evil.html | wc -l) $(grep -o '</script>' evil.html | wc -l)" = "2 2" ]
run plot plane 'a<b>&"c' -o evil.svg
check "nor in a picture" sh -c "[ $code = 0 ] && ! grep -qE '<img|<script' evil.svg"

# towers of one layer: a point alone is drawn as well
run train shapes data.n_train=256 data.n_validation=32 data.n_test=32 data.n_composition=16 train.batch=16 train.steps=20 \
    image.layers=16 text.layers=16 monitor.evaluate_every=5 -q -o flat
run plot layers flat --at 15 -o late.svg
check "of several looks the nearest is drawn" grep -q "seen at step 15<" late.svg
run plot layers flat --at 6 -o flat.svg
check "... the first one too" grep -q "seen at step 5<" flat.svg
check "one layer is a short line" grep -qE 'class="a co0" d="M[0-9. ]+h6"' flat.svg

# damaged files: numbers far away are far away, and memory follows what a file holds
cp -r a far
echo '{"kind":"step","step":61,"loss":1e300,"temperature":0.1}' >>far/log.jsonl
sed -i '2s/"positive":\[[0-9]*/"positive":[-1e308/;3s/"alignment":\[[0-9]*/"alignment":[-1e308/' far/log.jsonl
run report far --no-diagnosis -o far.html
check "a loss of 1e300 is reported" [ "$code" = 0 ]
for kind in loss histogram path; do
    run plot $kind far --at 1 -o far.svg
    check "... and $kind drawn" [ "$code" = 0 ]
done
cp -r a bad
while IFS='|' read -r change said; do
    sed "$change" a/log.jsonl >bad/log.jsonl
    check "a log changed by $change is refused" rejects 1 "expected $said" plot loss bad
done <<'END'
4s/.*/7/|a JSON object that begins with its kind
4s/"kind"/"sort"/|a JSON object that begins with its kind
4s/"kind":"step"/"kind":7/|a JSON object that begins with its kind
4s/}$//|members as a run writes them: expected ',' or '}'
4s/"loss":[0-9.]*/"loss":"x"/|members as a run writes them: loss
4s/"loss":[^,]*,//|a whole line, with loss
4s/"step":1,/"step":-1,/|a line with a step
4s/"step":1,/"step":1e16,/|a line with a step
1s/"pairs":32/"pairs":33/|2 to 32 pairs
1s/"pairs":32/"pairs":1/|2 to 32 pairs
1s/"pairs":32/"pairs":31/|one caption per pair
1s/"width":[0-9]*/"width":99/|pictures of 1 or 3 channels in base64
1s/"height":[0-9]*/"height":0/|pictures of 1 or 3 channels in base64
1s/"channels":3/"channels":2/|pictures of 1 or 3 channels in base64
1s/"channels":3/"channels":1/|pictures of 1 or 3 channels in base64
2s/"plane":\[[^,]*,/"plane":[/|a snapshot of all pairs
2s/"alignment":/"alinement":/|a whole line, with alignment
/"monitor"/s/"layers":/"layer":/|a whole line, with layers
/"monitor"/s/"weight":"image.0.weight",//|layers, each with its weight
END
cp -r a long
head -c 4000000 /dev/zero | tr '\0' '\n' >long/log.jsonl
check "four million empty lines need no memory" sh -c "ulimit -v 400000; '$program' plot loss long 2>&1 | grep -q 'long/log.jsonl:1:'"

check "no such kind" rejects 2 "unknown kind of plot \"los\"; did you mean \"loss\"" plot los a
check "no such run" rejects 1 "nowhere" report nowhere
run train latent data.n_train=16 data.n_validation=1 data.n_test=1 train.batch=4 train.steps=8 -o one
run report one -o one.html
check "one pair for validation: the probe is of training" grep -q '"split":"train"' one/log.jsonl
check "... and reported" [ "$code" = 0 ]
check "a run without snapshots" rejects 1 "none: no snapshot" report none
cp -r a cut
head -c 20000 a/log.jsonl >cut/log.jsonl
printf '{"kind":"snapshot","step":3}\n' >>cut/log.jsonl
check "a damaged line is named" rejects 1 "cut/log.jsonl:" report cut
check "a folder that is not there" rejects 1 "no/where.html" report a -o no/where.html
check "nor for a picture" rejects 1 "no/where.svg" plot loss a -o no/where.svg
check "nothing half written is left" [ -z "$(find . -name '*.tmp')" ]

done_testing
