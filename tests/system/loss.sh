#!/bin/sh
# contrast loss: two arrays made here, byte by byte, and numbers that can be worked out by hand.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"
cd "$scratch" || exit 1 # the program's output is the file out here

# npy FILE ROWS COLS: float32 values, given as octal bytes on stdin; a header of 128 bytes.
npy() {
    header="{'descr': '<f4', 'fortran_order': False, 'shape': ($2, $3), }"
    printf '\223NUMPY\001\000\166\000%-117s\n' "$header" >"$1"
    while read -r value; do
        # shellcheck disable=SC2059
        printf "$value" >>"$1"
    done
}
zero='\000\000\000\000' one='\000\000\200\077' two='\000\000\000\100'

printf '%s\n' "$one" "$zero" "$zero" "$two" | npy a.npy 2 2
printf '%s\n' "$one" "$zero" "$zero" "$one" | npy b.npy 2 2
printf '%s\n' "$one" "$one" "$one" "$one" | npy equal.npy 2 2

run loss a.npy b.npy --json --gradients grad --heatmap map.svg
check "the question of two orthonormal pairs" [ "$code" = 0 ]
check "... is ln(1 + 1/e)" holds "$(first loss out) - 0.3132616875 < 1e-7 && $(first loss out) - 0.3132616875 > -1e-7"
check "... chance is ln 2" holds "$(first chance out) - 0.6931471806 < 1e-9 && $(first chance out) > 0.6931"
check "... floor ln(1 + e^-2)" holds "$(first floor out) - 0.1269280110 < 1e-9 && $(first floor out) > 0.1269"
check "... means of the cosines" holds "$(first diagonal_mean out) == 1 && $(first off_diagonal_mean out) == 0"
check "... gradients of both sides" [ -s grad/a.npy ] && [ -s grad/b.npy ]
run loss grad/a.npy grad/b.npy
check "... which can be read again" [ "$code" = 0 ]
check "... a picture of four cells" [ "$(grep -c '<rect' map.svg)" = 4 ]
run loss equal.npy equal.npy --json
check "all equal: ln 2, no gradient" holds "$(first loss out) - 0.6931471806 < 1e-7 && $(first gradient_norm out) < 1e-6"
for name in question npair infonce clip ntxent siglip dcl unicl triplet soft-triplet hard-negative align-uniform spectral \
    barlow vicreg cyclip positives; do
    run loss a.npy b.npy --loss $name --json
    check "--loss $name" [ "$code" = 0 ]
done
run loss a.npy b.npy --explain --heatmap -
check "--explain works out both rows" [ "$(grep -c 'row [12]:' "$scratch/out")" = 2 ]

check "one array" rejects 2 "expected A.npy and B.npy" loss a.npy
check "unknown loss" rejects 2 "no such loss" loss a.npy b.npy --loss clop
check "temperature of a loss without" rejects 2 "has none" loss a.npy b.npy --temperature 1
check "--json and --explain" rejects 2 "not with --explain" loss a.npy b.npy --json --explain
check "--explain of another loss" rejects 2 "not of siglip" loss a.npy b.npy --loss siglip --explain
check "missing file" rejects 1 "nowhere.npy" loss nowhere.npy b.npy
head -c 140 a.npy >cut.npy
check "truncated file" rejects 1 "cut.npy" loss cut.npy b.npy
done_testing
