#!/bin/sh
# The lessons: those that have no chance in them must pass. `lessons.sh PROGRAM all` gives
# them all, with the time they take.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"

run lesson
check "a list of lessons" grep -q "^  floor  *\"Diagonal 1" "$scratch/out"
for lesson in floor gap false-negatives cone information; do
    run lesson "$lesson"
    check "$lesson passes" [ "$code" = 0 ]
    check "$lesson says so" grep -q "^$lesson: pass" "$scratch/out"
    check "$lesson differs nowhere" sh -c "! grep -q '  differs$' '$scratch/out'"
done
run lesson floor gap --json
check "a line of JSON a lesson" [ "$(grep -c '"verdict":"pass","seconds"' "$scratch/out")" = 2 ]
check "how far off a row may be is no measure of embeddings" sh -c "grep -q '\"allowed_error\":' '$scratch/out' && ! grep -q '\"tolerance\":' '$scratch/out'"
check "an unknown lesson names the nearest" rejects 2 "did you mean \"escape\"" lesson escpe

if [ "$2" = all ]; then
    began=$(date +%s)
    run lesson all
    cat "$scratch/out"
    took=$(($(date +%s) - began))
    echo "all lessons: $took s"
    check "all lessons in under 15 minutes" [ "$took" -lt 900 ]
    check "only temperature may differ, in one row, as its text says" [ "$(grep -c '  differs$' "$scratch/out")" -le 1 ]
fi
done_testing
