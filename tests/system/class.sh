#!/bin/sh
# contrast class: a recipe per student, the answers, and the runs that come back.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"
cd "$scratch" || exit 1

began=$(date +%s)
run class -n 16 -o class --report answers.html
took=$(($(date +%s) - began))
check "a class of 16 ends with 0" [ "$code" = 0 ]
check "in under 90 s (took $took)" [ "$took" -lt 90 ]
check "a recipe for each student" [ "$(find class -name 'student-*.ini' | wc -l)" = 16 ]
check "a row for each" [ "$(grep -c '^  student-[0-9]* .*  [0-9a-f]\{16\}$' out)" = 16 ]
check "16 hashes" [ "$(sed -n 's/.* \([0-9a-f]\{16\}\)$/\1/p' out | sort -u | wc -l)" = 16 ]
check "the question's loss stays where it is" grep -q '^  student-01  collapse, the question.s loss, seed 1 * plateau ' out
check "the fixes do not" grep -q '^  student-07  collapse, all fixes, seed 1 * healthy ' out
check "the first setting again has another seed" grep -q "^  student-16  collapse, the question's loss, seed 2 " out
check "the page has the hashes" grep -qF "$(sed -n 's/^  student-16 .* \([0-9a-f]*\)$/\1/p' out)" answers.html
cp out sheet
run class -n 16 -o class
check "the same command prints the same answers" cmp -s out sheet

# hash_of STUDENT: what the sheet says.
hash_of() { sed -n "s/^  student-$1 .* \([0-9a-f]*\)\$/\1/p" sheet; }
for student in 02 09 11; do
    run train "class/student-$student.ini" -q -o "sent/$student"
    check "student $student trains" [ "$code" = 0 ]
    check "... to the hash of the sheet" [ "$("$program" hash "sent/$student" | cut -c1-16)" = "$(hash_of $student)" ]
done
run class sent/* -o class --report class.html
check "runs that are right end with 0" [ "$code" = 0 ]
check "... each has its student" [ "$(grep -c '^  student-\([0-9]*\)  .*  right  *sent/\1$' out)" = 3 ]
check "... and there are three" grep -q '^Right hashes: 3 of 3\.$' out
run class sent/* sent/* -o class --report six.html
check "a title names four of six runs" grep -q '^<h1>Class: sent/[0-9]*, sent/[0-9]*, sent/[0-9]*, sent/[0-9]* and 2 more</h1>$' six.html
check "... in a page too" [ "$(grep -c 'student-02' class.html)" -ge 1 ]

# The same recipe, begun from other weights: only its hash gives it away.
run train class/student-02.ini --weights sent/02/latest.safetensors -q -o sent/wrong
run train class/student-03.ini train.seed=9 train.steps=5 -q -o sent/other
run class sent/* nowhere -o class --json
check "others end with 3" [ "$code" = 3 ]
check "a run with another recipe" grep -q '"student":"",[^}]*"verdict":"of no student.s recipe","run":"sent/other"' out
check "a run with the recipe and another hash" grep -q '"student":"student-02",[^}]*"verdict":"wrong","run":"sent/wrong"' out
check "a folder without a run hides no other" grep -q '"verdict":"not readable","run":"nowhere"' out
check "... and says why" grep -q 'nowhere: No such file' err
check "three are right still" [ "$(grep -o '"verdict":"right"' out | wc -l)" = 3 ]
check "no folder" rejects 2 "-o DIR is missing" class
check "a folder of no class" rejects 2 "sent holds no class" class sent/02 -o sent
mkdir "it's mine"
run class sent/02 -o "it's mine"
check "... and what makes one can be typed" grep -qF ": $program class -o 'it'\\''s mine' makes one" err
check "no students" rejects 2 "students" class -n 0 -o none
done_testing
