#!/bin/sh
# Three people's ways, each in an empty folder: a teacher, a practitioner, a student. A step types what README.md says or
# what the step before printed ("next: ..."), as it is; so a hint that is stale, or cannot be typed, ends a way.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)
built=$(cd "$(dirname "$program")" && pwd)
mkdir "$scratch/a teacher" "$scratch/practitioner" "$scratch/student" "$scratch/bin"
ln -s "$program" "$scratch/bin/contrast" # after make install
PATH=$scratch/bin:$PATH

# typed LINE: in a shell; what it prints is in out and err, its exit status in $code.
typed() {
    sh -c "${1:-exit 9}" >out 2>err </dev/null
    code=$?
    [ $code = 0 ] && return
    echo "typed: ${1:-nothing}: exit $code" >&2
    head -n 3 err >&2
    return 1
}
# printed PATTERN FILE: what the brackets of a pattern of sed hold, in the first line that fits.
printed() {
    case $1 in ^*) before= ;; *) before='.*' ;; esac
    sed -n "s!$before$1.*!\1!p" "$2" | head -n 1
}
# A line of README.md's commands, without its comment.
readme() { printed "^\(build.contrast $1[^#]*\)" "$root/README.md"; }
hash_of() { contrast hash "$1" | cut -c1-16; }
until_true() {
    for _ in $(seq 1 300); do "$@" && return; sleep 0.1; done
    return 1
}

# ---- a teacher: the story, a lesson that asks, a page, a class ----

cd "$scratch/a teacher" || exit 1
check "teacher: the demo" typed "contrast demo"
cp out demo
check "... its row with all fixes, again" typed "$(printed '  \(contrast train collapse .*optim.name=adamw.*batch=64\)' demo) -q"
check "... and the command after that" typed "$(printed 'next: \(.*\)' out)"
check "... which names a number" grep -q '^  recall@1 ' out
check "... the first thing to do next" typed "$(printed '^Next: \(.*\)    then' demo) train.steps=20 data.n_train=512"
check "... and the second" typed "$(printed 'then: \(.*\)    and' demo)"
check "... and the third" typed "$(printed 'and: \(.*\)' demo)"
check "a lesson, as the list says" typed "contrast lesson"
lesson=$(printed '^  \([a-z]*\)  *"Diagonal 1' out)
echo 3 >guess
check "... asks first" typed "contrast lesson $lesson --ask --report '$lesson to show.html' <guess"
check "... and says who was right" grep -q '^Your guess: 3, .* which is right' out
check "... where to go on can be typed" typed "$(grep -A1 '^See also' out | sed -n '2s/^ *contrast demo$/contrast help demo/p;2s/^ *//p' | head -n 1)"
check "... its page has words and a chart" grep -q '<svg' "$lesson to show.html"
contrast playground >out 2>err
check "the playground is there, or says how it is built" grep -q 'open it in a browser\|make playground' out err

check "a class of three" typed "contrast class -n 3 -o 'my class' --report answers.html"
cp out sheet
check "... has an answer for each" [ "$(grep -c '^  student-0[1-3] .* [0-9a-f]\{16\}$' sheet)" = 3 ]
for k in 1 2 3; do # at home: the recipe, and the command in its first line
    mkdir -p "home $k"
    cp "my class/student-0$k.ini" "home $k"
    cd "home $k" || exit 1
    check "student $k trains" typed "$(printed '^# .*: \(contrast train .*\)' "student-0$k.ini")"
    check "... and looks" typed "$(printed 'next: \(.*\)' out)"
    check "... their hash is on the sheet" grep -q "student-0$k .* $(hash_of "runs/student-0$k")$" ../sheet
    cd ..
done
check "the runs come back" typed "contrast class home*/runs/* -o 'my class' --report class.html"
check "... all right" grep -q '^Right hashes: 3 of 3\.$' out
check "... the page has each hash" [ "$(grep -oF "$(sed -n 's/^  student.* \([0-9a-f]*\)$/\1/p' sheet)" class.html | sort -u | wc -l)" = 3 ]

# ---- a practitioner: arrays that collapsed, then pairs of their own ----

cd "$scratch/practitioner" || exit 1
# equal FILE SIGN: 40 rows of 4 floats, all 1 (or -1) but for the last bits
equal() {
    { printf '\223NUMPY\001\000\166\000'
      printf "%-117s\n" "{'descr': '<f4', 'fortran_order': False, 'shape': (40, 4), }"
      for i in $(seq 1 160); do printf "\\$(printf %o $((i * i % 251)))\\000\\200$2"; done; } >"$1"
}
equal A.npy '\077'
equal B.npy '\277'
check "practitioner: a loss alone" typed "contrast diagnose --loss 4.159 --batch 64"
check "... asks for the arrays" typed "$(printed '^ *\(contrast diagnose A.npy B.npy .*\)' out)"
check "... which are collapsed" grep -q '^collapsed: ' out
check "... so README says it too" typed "contrast $(printed '`build.contrast \(diagnose A.npy [^`]*\)`' "$root/README.md")"
check "... with what to try first" grep -q '^try first: ' out

awk 'BEGIN { split("red green blue grey pink teal", name, " ")
    for (i = 0; i < 120; i++) {
        print "a " name[i % 6 + 1] " patch" > "captions.txt"
        for (k = 0; k < 12; k++) printf "%d%s", (i % 6 + 1) * (k + 3) * 7 % 23 * 9 + i * k % 7, k < 11 ? "," : "\n" > "x.csv"
    } }'
sed -n '/^```ini/,/^```$/p' "$root/README.md" | sed '/^```/d; s/x\.npy/x.csv/' >my.ini
check "a recipe as README has it" [ "$(grep -c = my.ini)" = 3 ]
check "... is checked in seconds" typed "contrast check my.ini train.batch=32 train.steps=60"
contrast train my.ini -o "runs/my own" train.batch=32 --slow >out 2>err </dev/null &
trainer=$!
until_true [ -s "runs/my own/log.jsonl" ]
kill -INT $trainer
wait $trainer
check "... trains, until Ctrl-C" [ $? = 130 ]
check "... goes on as it says" typed "$(printed 'next: \(.*\)' out)"
check "... is measured" typed "$(printed 'next: \(.*\)' out)"
check "... and has learned" holds "$(printed '^  recall@1, any of the group \([0-9.]*\),.*' out) > 0.5"
check "it finds a caption's line" typed "contrast search 'runs/my own' 'a teal patch' -k 1"
check "... and a text's embedding" typed "echo 'a red patch' | $(printed '| build.\(contrast embed runs.first [^#]*\)' "$root/README.md" | sed "s:runs/first:'runs/my own':")"
check "... goes to PyTorch" typed "$(printed '`build.\(contrast export [^`]*\)`' "$root/README.md" | sed "s:runs/first:'runs/my own':")"
check "... comes back" typed "contrast import $(printed '^\(.*\)\.py: written' out).safetensors -o runs/back"
check "... to be measured" typed "$(printed 'next: \(.*\)' out)"
check "... the same" [ "$(hash_of runs/back)" = "$(hash_of 'runs/my own')" ]
check "... and shown" typed "contrast report 'runs/my own' runs/back -o runs/report.html"

contrast diagnose A.npy B.npy --watch >watched 2>err </dev/null &
watcher=$!
check "arrays are watched" until_true grep -q '^ *[0-9.]* s  collapsed; ' watched
cp x.csv A.npy && cp x.csv B.npy # another program saves again: a file is what is in it
# shellcheck disable=SC2317 # until_true calls it
two_lines() { [ "$(wc -l <watched)" = 2 ]; }
check "... and a change is a line" until_true two_lines
check "... with other numbers" [ "$(sed 's/.* s  //' watched | sort -u | wc -l)" = 2 ]
kill $watcher
wait $watcher

# ---- a student: the question's collapse, the temperature, a fellow's hash, a program of one page ----

cd "$scratch/student" || exit 1
ln -s "$built" build
cp -r "$root/include" .
mkdir fellow
check "student: the collapse" typed "$(readme 'train collapse -o')"
check "... stays at ln 7" grep -q '^step 2000/2000 loss 1.94[56]' err
check "... and is measured" typed "$(printed 'next: \(.*\)' out)"
check "... is explained" typed "$(readme 'diagnose runs/stuck')"
check "... and what to try first is tried" typed "$(printed '^ *\(build.contrast train runs.*\)' out)"
check "... which leaves ln N" holds "$(printed '^step 2000.2000 loss \([0-9.]*\).*' err) < 2"
check "... and is measured" typed "$(printed 'next: \(.*\)' out)"
check "... it retrieves" holds "$(printed '^  recall@1 \([0-9.]*\),.*' out) > 0.5"
check "a temperature alone, as the demo says" typed "$(printed '  \(contrast train collapse .*infonce loss.temperature=0.07\)' "$scratch/a teacher/demo") -o warm"
check "... leaves ln 7" holds "$(printed '^step 2000.2000 loss \([0-9.]*\).*' err) < 0.95 * log(7)"
check "a fellow, with one thread" typed "cd fellow && $(printed '  \(contrast train collapse .*infonce loss.temperature=0.07\)' "$scratch/a teacher/demo") --threads 1 -o warm"
check "... has the same hash" [ "$(hash_of warm)" = "$(hash_of fellow/warm)" ]
check "... and, with another seed, another" typed "contrast train warm/recipe.ini train.seed=2 train.steps=20 -q -o other"
check "... which differs" [ "$(hash_of warm)" != "$(hash_of other)" ]

sed 's/TAU = 0.1,/TAU = 1,/' "$root/models/first.c" >mine.c
check "a variant of first.c" [ "$(diff mine.c "$root/models/first.c" | grep -c '^[<>]')" = 2 ]
check "... is built as models/README.md says" typed "$(printed '`\(cc .* mine.c [^`]*\)`' "$root/models/README.md")"
check "... runs" typed ./mine
check "... and has another floor" sh -c "! grep -q 'floor 0.00005' out && grep -q 'floor 1.0' out"
done_testing
