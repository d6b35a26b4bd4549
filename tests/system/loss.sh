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
check "... all equal is ln 2" holds "$(first all_equal out) - 0.6931471806 < 1e-9 && $(first all_equal out) > 0.6931"
check "... of arrays (2, 2), by the keys that a measure has" holds "$(first rows out) == 2 && $(first columns out) == 2"
check "... floor ln(1 + e^-2)" holds "$(first floor out) - 0.1269280110 < 1e-9 && $(first floor out) > 0.1269"
check "... means of the cosines" holds "$(first diagonal_mean out) == 1 && $(first off_diagonal_mean out) == 0"
check "... gradients of both sides" [ -s grad/a.npy ] && [ -s grad/b.npy ]
run loss grad/a.npy grad/b.npy
check "... which can be read again" [ "$code" = 0 ]
check "... a picture of four cells" [ "$(grep -o 'h1v1h-1z' map.svg | wc -l)" = 4 ]
check "... with its numbers, names and scale" [ "$(sed -n 's/.*<text.*>\(.*\)<\/text>/\1/p' map.svg | tr '\n' ' ')" = "0 0 row of B row of A cosine -1 0 1 " ]
run loss equal.npy equal.npy --json
check "all equal: ln 2, no gradient" holds "$(first loss out) - 0.6931471806 < 1e-7 && $(first gradient_norm out) < 1e-6"
for name in question npair infonce clip ntxent siglip dcl unicl supcon triplet hard-negative align-uniform spectral \
    barlow vicreg positives; do
    run loss a.npy b.npy --loss $name --json
    check "--loss $name" [ "$code" = 0 ]
done
run loss a.npy b.npy --explain --heatmap -
check "--explain works out both rows" [ "$(grep -c 'row [01]:' "$scratch/out")" = 2 ]
run loss a.npy b.npy --explain --loss siglip
check "... each row of all pairs once" [ "$(grep -c '  row [01]: ' out)" = 2 ]

printf '%s\n' "$one" "$two" "$two" "$one" "$one" "$zero" | npy c.npy 3 2
printf '%s\n' "$two" "$one" "$one" "$zero" "$zero" "$one" | npy d.npy 3 2
{
    printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }"
    printf '\007\000\000\000\001\000\000\000\007\000\000\000'
} >groups.npy
for settings in question infonce clip ntxent dcl "dcl loss.in_modal=true" unicl supcon "siglip loss.bias=-1" "clip loss.dot=true" \
    "ntxent loss.mask_groups=true" "supcon loss.mask_groups=true" "siglip loss.mask_groups=true"; do
    # shellcheck disable=SC2086 # two arguments
    run loss c.npy d.npy --groups groups.npy --explain --loss $settings
    check "--explain of $settings comes to the loss" holds "$(sed -n 's/^  is //p' out) - $(sed -n 's/^  loss //p' out) < 1e-5 &&
        $(sed -n 's/^  is //p' out) - $(sed -n 's/^  loss //p' out) > -1e-5"
done
run loss a.npy b.npy --json loss.name=triplet loss.margin=2.5 loss.mining=hardest
check "a margin: 0 - 2 + 2.5" holds "$(first loss out) > 0.4999999 && $(first loss out) < 0.5000001"
run loss a.npy b.npy --json --loss siglip loss.bias=-10 loss.temperature=0.1
check "a bias: ln 2 + ln(1 + e^-10)" holds "$(first loss out) > 0.693192 && $(first loss out) < 0.693193"

check "arrays of two sizes" rejects 1 "a.npy is (2, 2), c.npy is (3, 2): expected row i of one paired with row i of the other" loss a.npy c.npy
check "one array" rejects 2 "loss: expected A.npy B.npy" loss a.npy
check "unknown loss" rejects 2 "unknown loss \"clop\"; did you mean \"clip\"" loss a.npy b.npy --loss clop
check "temperature of a loss without" rejects 2 "has none" loss a.npy b.npy --temperature 1
check "--json and --explain" rejects 2 "not with --explain" loss a.npy b.npy --json --explain
check "--explain of another loss" rejects 2 "not of triplet" loss a.npy b.npy --loss triplet --explain
check "an argument that is no setting" rejects 2 "expected A.npy, B.npy and then loss.KEY=VALUE" loss a.npy b.npy train.batch=3
check "a key that there is not" rejects 2 "did you mean" loss a.npy b.npy loss.margni=1
check "a mask without groups" rejects 2 "needs --groups" loss a.npy b.npy --loss clip loss.mask_groups=true
check "--json and a drawing" rejects 2 "not with --explain or --heatmap -" loss a.npy b.npy --json --heatmap -
run loss a.npy b.npy --gradients a.npy
check "gradients where a file is" [ "$code $(cat err)" = "1 contrast: error: a.npy: cannot make the folder: File exists" ]
nan='\000\000\300\177'
printf '%s\n' "$one" "$zero" "$zero" "$nan" | npy nan.npy 2 2
check "a row that is no number" rejects 3 "nan.npy: row 1 (rows count from 0) holds a NaN or an infinity" loss a.npy nan.npy
printf '%s\n' "$one" "$two" | npy single.npy 1 2
run loss single.npy single.npy --json
check "one pair has no others: a loss of 0, no mean of them" [ "$code $(first loss out)$(first off_diagonal_mean out)" = "0 0" ]
i=0
while [ $((i += 1)) -le 600 ]; do printf '%s\n' "$one"; done | npy column.npy 600 1
run loss column.npy column.npy
check "more pairs than dimensions are told of" grep -q "with 1 dimension for 600 pairs the best may lie above the floor" out
check "... too many to explain" rejects 2 "--explain: 600 rows, at most" loss column.npy column.npy --explain
check "... or to draw" rejects 2 "--heatmap map.svg: 600 rows, at most" loss column.npy column.npy --heatmap map.svg
check "missing file" rejects 1 "nowhere.npy" loss nowhere.npy b.npy
head -c 140 a.npy >cut.npy
check "truncated file" rejects 1 "cut.npy" loss cut.npy b.npy
done_testing
