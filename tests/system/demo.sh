#!/bin/sh
# The demo: the question's figures to four decimals, the story's parts, the time.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)
start=$(date +%s)
run demo --json
took=$(($(date +%s) - start))
check "demo --json ends with 0" [ "$code" = 0 ]
check "in under 60 s (took $took)" [ "$took" -lt 60 ]
four() { printf '%.4f' "$(first "$1" "$scratch/out")"; }
check "all equal is 1.9459" [ "$(four all_equal)" = 1.9459 ]
check "opposite is 1.9459" [ "$(four opposite)" = 1.9459 ]
check "the best is 1.0538" [ "$(four best)" = 1.0538 ]
check "uniform is about 1.737" holds "$(first uniform "$scratch/out") > 1.730 && $(first uniform "$scratch/out") < 1.744"
check "the gradient at all equal is 0 but for rounding" holds "$(first all_equal_gradient "$scratch/out") < 1e-7"

tr '{' '\n' <"$scratch/out" >"$scratch/lines"
# spread NAME KEY: the median of KEY in the training of that name
spread() {
    sed -n "/\"name\":\"$1\"/,/\"name\"/p" "$scratch/lines" |
        sed -n "/\"$2\":\$/{n;s/\"median\":\([-0-9.e]*\).*/\1/p;}" | head -n 1
}
# escaped NAME
escaped() {
    sed -n "/\"name\":\"$1\"/s/.*\"escaped\":\([0-9]*\).*/\1/p" "$scratch/lines"
}
check "pulling pairs alone collapses" holds "$(spread 'pull pairs only' mean_cosine_image) > 0.95"
check "... and costs retrieval" holds "$(spread 'pull pairs only' recall_at_1_image_to_text) < 0.5 * $(spread 'with negatives' recall_at_1_image_to_text)"
check "the question's loss is held at ln 7" [ "$(escaped 'as in the question')" = 0 ]
check "... to 1e-3" holds "($(spread 'as in the question' training_loss) - 1.9459)^2 < 1e-6"
check "all fixes together leave it" [ "$(escaped 'all together')" = 8 ]
check "... and retrieve" holds "$(spread 'all together' recall_at_1_image_to_text) > 0.7"

cd "$scratch" || exit 1
start=$(date +%s)
run demo --report page.html
took=$(($(date +%s) - start))
check "the story ends with 0" [ "$code" = 0 ]
tr -s ' \n' '  ' <"$scratch/out" >"$scratch/told"
check "why a collapsed run has a recall above chance" grep -q 'Recall asks only for the order of cosines' "$scratch/told"
check "... why two equal sides have a cosine of their own" grep -q 'between the two sides can then be any number' "$scratch/told"
check "... and what else keeps rows apart" grep -q 'batch normalisation .* stopped gradient' "$scratch/told"
check "Adam has a line" grep -q '^  Adam ' "$scratch/out"
row=$(grep '^  Adam ' out | sed 's/^  //;s/   */<\/td><td class=n>/g')
tr -d '\n' <page.html >cells
check "its page tells the same" grep -qF "<tr><td>$row</td></tr>" cells
check "... and all rows of both studies" [ "$(grep -c '^<tr><td>.*</td><td class=n>' page.html)" = 9 ]
check "... and holds both runs' pictures" [ "$(grep -c 'data-run="1" data-kind="matrix"' page.html)" = 1 ]
check "... which are recorded beside it" "$program" hash page-stuck
check "it has four parts" [ "$(grep -c '^[1-4]\. ' "$scratch/out")" = 4 ]
check "plain text has no colour codes" sh -c "! grep -q '$(printf '\033')' '$scratch/out'"
# The same bits everywhere: what README shows of it is what everybody sees.
sed 's/ *$//' "$scratch/out" >"$scratch/story"
sed -n '/^From `build\/contrast demo`/,/^|/p' "$root/README.md" | sed '/^From/d;/^```/d;/^|/d;/^$/d' >"$scratch/shown"
check "README shows 18 lines of it or more" [ "$(wc -l <"$scratch/shown")" -ge 18 ]
check "... with the four headings" [ "$(grep -c '^[1-4]\. ' "$scratch/shown")" = 4 ]
check "... as they are" [ "$(grep -cvxFf "$scratch/story" "$scratch/shown")" = 0 ]
check "it says what to try next" grep -q '^Next: contrast train' "$scratch/out"
check "it says the question's figures" grep -q 'best there is.* 1\.0538; closed form 1\.0538' "$scratch/out"
check "a recorded run is not written over" rejects 2 "page-stuck holds a run already" demo --report page.html
done_testing
