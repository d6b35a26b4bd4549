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
check "what to see also is a line to copy" grep -q "^  $program train latent$" "$scratch/out"
run lesson floor gap --json
check "a line of JSON a lesson" [ "$(grep -c '"verdict":"pass","seconds"' "$scratch/out")" = 2 ]
check "how far off a row may be is no measure of embeddings" sh -c "grep -q '\"allowed_error\":' '$scratch/out' && ! grep -q '\"tolerance\":' '$scratch/out'"
# asked ANSWER: the lesson false-negatives, with that line as the guess.
asked() { printf '%b' "$1" | "$program" lesson false-negatives --ask >"$scratch/out" 2>"$scratch/err"; }
check "a question with three answers" asked '3\n'
check "... comes before the measurements" sh -c "sed '/^  - 3: /q' '$scratch/out' | grep -c '^  - [1-3]: ' | grep -qx 3 && ! sed '/^  - 3: /q' '$scratch/out' | grep -q measured"
check "... and before the text" sh -c "! sed '/^  - 3: /q' '$scratch/out' | grep -q 'Rows of a batch that say'"
check "a right guess" grep -q '^Your guess: 3, .* which is right$' "$scratch/out"
check "... and why" sh -c "tr '\n' ' ' <'$scratch/out' | grep -q 'Right: 3, .*Equal rows cannot be told apart'"
check "a wrong guess is no failure" asked '1\n'
check "... is called so" grep -q '^Your guess: 1, .* which is not right$' "$scratch/out"
for line in '' '\n' 'b\n' '4\n' '-1\n'; do
    check "no guess: '$line'" asked "$line"
    check "... is none" sh -c "! grep -q '^Your guess: ' '$scratch/out' && grep -q '^Right: 3' '$scratch/out'"
done
run lesson false-negatives
check "without --ask nothing is asked" sh -c "! grep -q -e '^  - 1: ' -e '^Right: ' '$scratch/out'"
check "which lesson?" rejects 2 "--ask needs the name of a lesson" lesson --ask
check "a program is not asked" rejects 2 "leave out --json" lesson false-negatives --ask --json
run lesson false-negatives --json
check "a program reads the question" grep -q '"answers":\["yes, with a small temperature",.*"right_answer":3,' "$scratch/out"
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
