#!/bin/sh
# The commands of README.md and of the pages it leads to, in their order, in a copy of the tree; then what it shows of
# models/first.c.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir "$scratch/copy"
(cd "$root" && tar -cf - Makefile README.md src include models tests datasets/*.[ch] datasets/*.sh) | tar -xf - -C "$scratch/copy"
cd "$scratch/copy" || exit 1

pages="README.md models/recipes/README.md src/cli/README.md src/lab/lessons/README.md"
# Text between ```LANGUAGE and ```.
# shellcheck disable=SC2086 # a list of files
block() {
    awk -v fence="\`\`\`$1" '$0 == fence { inside = 1; next } $0 == "```" { inside = 0 } inside' $pages
}
block sh >commands
check "README.md has under 9 KB" [ "$(wc -c <README.md)" -lt 9000 ]
check "the pages have commands" [ "$(wc -l <commands)" -ge 24 ]
while read -r line; do
    case $line in
    *fashion*) command -v dpkg >/dev/null && dpkg -s dataset-fashion-mnist >/dev/null 2>&1 || continue ;;
    python* | torchrun* | *trained.safetensors*) continue ;; # handover.sh tries them where PyTorch is
    esac
    ends=0
    case $line in
    *--watch*) line="timeout --preserve-status 3 $line" ends=143 ;; # it has no end of its own
    esac
    sh -c "$line" >"$scratch/out" 2>&1 </dev/null
    check "README: $line" [ $? = $ends ]
done <commands
# What .gitignore names, and pictures that are made again to the byte.
find . -type f -newer commands ! -path './build/*' ! -path './runs/*' ! -path './datasets/fashion-mnist/*' \
    ! -path './datasets/unifont/*' ! -path './src/show/pictures/*' >left
check "they leave nothing untracked" [ "$(grep -vcx ./left left)" = 0 ]

for picture in src/show/pictures/*.svg; do
    check "README's commands make $picture again, to the byte" cmp -s "$picture" "$root/$picture"
    check "$picture is small" [ "$(wc -c <"$picture")" -lt 60000 ]
done

# shellcheck disable=SC2086
grep -ohE '(tests|src|models|datasets|include)/[-a-z_/.]*[a-z_]' $pages tests/bench/README.md | sort -u >paths
check "README names parts of the tree" [ "$(wc -l <paths)" -ge 20 ]
while read -r path; do
    [ -e "$root/$path" ] || check "README: $path is there" false
done <paths

block text >said
sed -n 's/^\$ //p' said >said.command
sh "$PWD/said.command" >said.out 2>&1
check "README shows what a loss alone says" [ "$(wc -l <said)" -ge 5 ]
check "... as it is" sh -c 'tail -n +2 said | cmp -s - said.out'

sed -n 's/.*`\(build.contrast diagnose A.npy [^`]*\)`.*/\1/p' README.md >arrays
printf '%s\n' red blue green star ring heart | build/contrast embed runs/first --texts - -o A.npy >/dev/null && cp A.npy B.npy
check "README diagnoses two arrays" [ "$(wc -l <arrays)" -eq 1 ]
check "... by a command that works" sh -c "sh arrays >/dev/null"

block c >step.c
check "README shows a step of models/first.c" [ "$(wc -l <step.c)" -ge 5 ]
check "... as it is" [ "$(grep -cFx -f step.c models/first.c)" -eq "$(wc -l <step.c)" ]
{ build/first && build/first collapse; } >first.out
grep '^step ' README.md >shown
check "... and what it prints" [ "$(wc -l <shown)" -ge 4 ]
check "... as it is" [ "$(grep -cFx -f first.out shown)" -eq "$(wc -l <shown)" ]
done_testing
