#!/bin/sh
# The figures that the recipes are there for: recall on shapes, prompt accuracy
# on Fashion-MNIST (when its files can be had), each within its time.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)

run train "$root/models/recipes/shapes.ini" -o "$scratch/shapes" -q --json
check "shapes trains" [ "$code" = 0 ]
check "in under 30 s ($(first seconds "$scratch/out"))" holds "$(first seconds "$scratch/out") < 30"
grep '"split":"test"' "$scratch/shapes/log.jsonl" | sed 's/.*"recall_at_1":\[\([^]]*\)\].*/\1/' | tr ',' '\n' >"$scratch/recall"
check "1,000 test pairs" grep -q '"split":"test",.*"rows":1000,' "$scratch/shapes/log.jsonl"
check "recall@1 both ways" [ "$(wc -l <"$scratch/recall")" = 2 ]
while read -r at1; do
    check "recall@1 $at1 >= 0.90" holds "$at1 >= 0.90"
done <"$scratch/recall"
check "the composition split is reported beside it" grep -q '"split":"composition"' "$scratch/shapes/log.jsonl"

if sh "$root/datasets/fashion-mnist.sh" "" "$scratch/fashion" >"$scratch/bring" 2>&1; then
    run train "$root/models/recipes/fashion-mnist.ini" "data.dir=$scratch/fashion" -o "$scratch/mnist" -q --json
    check "fashion-mnist trains" [ "$code" = 0 ]
    check "in under 90 s ($(first seconds "$scratch/out"))" holds "$(first seconds "$scratch/out") < 90"
    run eval "$scratch/mnist" --json
    check "10,000 test images" grep -q '"split":"test",.*"rows":10000,' "$scratch/out"
    check "prompt accuracy $(first prompt_accuracy "$scratch/out") >= 0.89" \
        holds "$(first prompt_accuracy "$scratch/out") >= 0.89"
else
    echo "skipped fashion-mnist: $(tail -n 1 "$scratch/bring")" >&2
fi
done_testing
