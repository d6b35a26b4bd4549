#!/bin/sh
# Pairs of one's own through the program: trained, measured, larger than memory; and a
# line for every mistake.
#
#     tests/system/own-data.sh [PROGRAM]      ROWS=700000 pictures of 3,072 bytes: 2 GB
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"
rows=${ROWS:-700000}

# npy FILE TYPE SHAPE: a header, padded to 128 bytes; the values follow on stdin.
npy() {
    { printf '\223NUMPY\001\000\166\000'
      printf "%-117s\n" "{'descr': '$2', 'fortran_order': False, 'shape': $3, }"
      cat; } >"$1"
}

# A digit drawn as 8 x 8 pixels of noise around its own pattern, and its name.
awk 'BEGIN {
    srand(1); split("zero one two three four five six seven eight nine", name, " ")
    for (k = 0; k < 10; k++) for (p = 0; p < 64; p++) pattern[k, p] = int(rand() * 200)
    for (i = 0; i < 600; i++) {
        k = i % 10
        print "a picture of " name[k + 1] > "'"$scratch"'/captions.txt"
        for (p = 0; p < 64; p++) printf "\\%03o", pattern[k, p] + int(rand() * 50)
    }
}' >"$scratch/octal"
printf "$(cat "$scratch/octal")" | npy "$scratch/x.npy" '|u1' '(600, 8, 8)'
cat >"$scratch/own.ini" <<END
[data]
kind = pairs
image = $scratch/x.npy
text = $scratch/captions.txt
[image]
layers = 32,16
[text]
layers = 16
buckets = 256
bag_dim = 16
[train]
batch = 32
steps = 200
END
run train "$scratch/own.ini" -o "$scratch/run" -q
check "pairs of one's own are trained on" [ "$code" = 0 ]
run train "$scratch/own.ini" train.steps=1 -o "$scratch/again"
# 32 pairs of 10 captions: about ln 3.2
check "... whose floor is that of a batch with repeats" holds "$(sed -n 's/^step 1.*floor \([0-9.]*\)).*/\1/p' "$scratch/err") > 1"
check "... which says how many captions differ" grep -q '^data: 600 pairs, 10 distinct captions$' "$scratch/err"
sed "s:$scratch/::" "$scratch/own.ini" >"$scratch/relative.ini"
mkdir "$scratch/elsewhere"
(cd "$scratch" && "$program" train /dev/stdin train.steps=1 -q -o input <relative.ini >/dev/null 2>&1)
check "a recipe from standard input sees its data from the working directory" [ -f "$scratch/input/latest.safetensors" ]
(cd "$scratch/elsewhere" && "$program" train /dev/stdin train.steps=1 -q -o input <../relative.ini >/dev/null 2>"$scratch/err")
check "... and from nowhere else" grep -q '^contrast: error: x.npy: No such file' "$scratch/err"
run check "$scratch/own.ini" train.steps=1
check "... as check does" grep -q '^data: 600 pairs, 10 distinct captions$' "$scratch/out"
run eval "$scratch/run"
check "... and eval" grep -q '^data: 600 pairs, 10 distinct captions$' "$scratch/out"
run eval "$scratch/run" --json
check "... and measured" [ "$code" = 0 ]
check "... with success: recall@1 $(first recall_at_1 "$scratch/out")" holds "$(first recall_at_1 "$scratch/out") > 0.9"

# What is found has a place; a number is an item's, a text says something.
run search "$scratch/run" "a picture of two" -k 1
check "search names the row of what it finds" grep -q "x\.npy\[[0-9]*2\]" "$scratch/out"
run search "$scratch/run" 0 -k 1
check "... and the line" grep -q "captions\.txt:[0-9]*$" "$scratch/out"
check "a number beyond the split" rejects 2 "search: 60: expected the number of an item, 0 to 59, or a text" search "$scratch/run" 60
check "a query of no words" rejects 2 "there is nothing in it that the tower reads" search "$scratch/run" '!!!'
check "an empty query" rejects 2 "found an empty argument" search "$scratch/run" ''

# The same pictures under gzip, as the text of a table, as PGM and PNG in a .csv: the same run.
gzip -c "$scratch/x.npy" >"$scratch/x.packed"
run train "$scratch/own.ini" data.image="$scratch/x.packed" -o "$scratch/packed" -q
check "gzip under any name" [ "$("$program" hash "$scratch/packed" | cut -c1-16)" = "$("$program" hash "$scratch/run" | cut -c1-16)" ]
tail -c 38400 "$scratch/x.npy" | od -An -v -tu1 -w64 | sed 's/^ *//; s/  */,/g' >"$scratch/x.csv"
check "pictures are no embeddings" rejects 1 "x.npy: has the shape (600, 8, 8), expected (n, d): in Python: np.save(" \
    diagnose "$scratch/x.npy"
tail -c 38400 "$scratch/x.npy" | npy "$scratch/flat.npy" '|u1' '(600, 64)'
run diagnose "$scratch/x.csv" --json
sed 's/x\.csv/flat.npy/g' "$scratch/out" >"$scratch/of-text"
run diagnose "$scratch/flat.npy" --json
check "a table of numbers is the array" cmp "$scratch/of-text" "$scratch/out"
printf '\033[1m"' >"$scratch/odd.txt"
check "what is no array" rejects 1 "odd.txt: has no row of numbers" diagnose "$scratch/odd.txt"
printf 'P2 8 8 255\n%s\n' "$(head -1 "$scratch/x.csv" | tr ',' '\n')" >"$scratch/a, b.pgm"
printf '%s\n' '"a, b.pgm","a picture of ""zero"""' '"a, b.pgm","a picture of one"' >"$scratch/t.csv"
run embed "$scratch/run" --images "$scratch/t.csv" -o "$scratch/csv.npy"
check "pictures of a .csv with quotes" grep -q "2 unit rows of" "$scratch/out"
printf '\377\330\377\340' >"$scratch/a, b.pgm"
check "... of which JPEG has a name" rejects 1 "t.csv:1: $scratch/a, b.pgm: is JPEG: in Python:" embed "$scratch/run" --images "$scratch/t.csv" -o "$scratch/csv.npy"
printf 'caf\303\251 two\ncafe\314\201 two\n' >"$scratch/nfd.txt"
run embed "$scratch/run" --texts "$scratch/nfd.txt" -o "$scratch/nfd.npy"
check "an accent is the same letter in one piece and in two" [ "$(tail -c 128 "$scratch/nfd.npy" | head -c 64 | od -An -tx1)" = "$(tail -c 64 "$scratch/nfd.npy" | od -An -tx1)" ]

bad() { sed "s|^$1 = .*|$1 = $2|" "$scratch/own.ini" >"$scratch/bad.ini"; }
head -n 599 "$scratch/captions.txt" >"$scratch/short.txt"
bad text "$scratch/short.txt"
check "counts that differ" rejects 1 "short.txt: 599 items; expected one for each of the 600" train "$scratch/bad.ini" -o "$scratch/no"
sed '17s/.*//' "$scratch/captions.txt" >"$scratch/empty.txt"
bad text "$scratch/empty.txt"
check "an empty caption" rejects 1 "empty.txt:17: is empty" train "$scratch/bad.ini" -o "$scratch/no"
for end in '' '\r'; do
    awk "BEGIN { for (i = 0; i < 4000000; i++) printf \"$end\n\" }" >"$scratch/nothing.txt"
    bad text "$scratch/nothing.txt"
# shellcheck disable=SC3045 # every sh here has it
    check "... nothing but empty ones takes the file's size" [ "$(ulimit -v 25000; "$program" train "$scratch/bad.ini" -o "$scratch/no" \
        --threads 1 2>&1)" = "contrast: error: $scratch/nothing.txt:1: is empty, expected something for each pair" ]
done
sed '1i caption' "$scratch/captions.txt" >"$scratch/header.txt"
bad text "$scratch/header.txt"
check "a header line" rejects 1 "header.txt: 601 items; expected one for each of the 600 of $scratch/x.npy; is line 1 a header?" train "$scratch/bad.ini" -o "$scratch/no"
sed 's/.*/a photo/' "$scratch/captions.txt" >"$scratch/same.txt"
bad text "$scratch/same.txt"
check "one caption for all" rejects 1 "same.txt: all 600 captions are 'a photo'; expected some that differ" train "$scratch/bad.ini" -o "$scratch/no"
check "a share that leaves nothing" rejects 2 "data.validation + data.test" train "$scratch/own.ini" data.validation=0.9 data.test=0.9 -o "$scratch/no"
check "nothing was written" [ ! -e "$scratch/no" ]

# Unifont's letters, from a font of five: a narrow one, its twin, a wide one, one of another script, one without a name.
unifont=$(dirname "$0")/../../datasets/unifont.sh
mkdir "$scratch/font"
printf '%s\n' '0041;LATIN CAPITAL LETTER A;Lu' '0410;CYRILLIC CAPITAL LETTER A;Lu' '0416;CYRILLIC CAPITAL LETTER ZHE;Lu' \
    '05D0;HEBREW LETTER ALEF;Lo' >"$scratch/font/UnicodeData.txt"
check "Unifont is not there" sh -c "! sh '$unifont' '$scratch/font' '$scratch/glyphs' 2>'$scratch/err'"
check "... and it says what to type" grep -q 'apt-get install unifont unicode-data' "$scratch/err"
narrow=0000000018242442427E424242420000
wide=8001000000000000000000000000000000000000000000000000000000000003
printf '%s\n' "0041:$narrow" "0410:$narrow" "0416:$wide" "05D0:$wide" "E000:$wide" >"$scratch/font/unifont.hex"
check "a font of five" sh "$unifont" "$scratch/font" "$scratch/glyphs" >"$scratch/out"
check "... has two letters of three scripts that differ" grep -q '^unifont: 2 glyphs' "$scratch/out"
check "... their names" [ "$(tr '\n' ';' <"$scratch/glyphs/names.txt")" = "latin capital letter a;cyrillic capital letter zhe;" ]
check "... 128 bytes and 256 a glyph" [ "$(wc -c <"$scratch/glyphs/glyphs.npy")" = 640 ]
pixels() { dd if="$scratch/glyphs/glyphs.npy" bs=1 skip="$1" count=16 2>/dev/null | od -An -v -tx1 | tr -d ' \n'; }
check "... row 4 of A in the middle: 0x18" [ "$(pixels $((128 + 64)))" = 00000000000000ffff00000000000000 ]
check "... row 0 of Zhe: 0x8001" [ "$(pixels $((128 + 256)))" = ff0000000000000000000000000000ff ]
check "... row 15: 0x0003" [ "$(pixels $((128 + 256 + 240)))" = 0000000000000000000000000000ffff ]

# Larger than memory: a file with a hole takes no room on the disk.
printf '' | npy "$scratch/large.npy" '|u1' "($rows, 32, 32, 3)"
dd if=/dev/urandom of="$scratch/large.npy" bs=1048576 count=64 seek=1 conv=notrunc 2>/dev/null
dd if=/dev/zero of="$scratch/large.npy" bs=1 count=0 seek=$((rows * 3072 + 128)) 2>/dev/null
awk "BEGIN { for (i = 0; i < $rows; i++) print \"picture of kind \" i % 1000 }" >"$scratch/large.txt"
"$program" train "$scratch/own.ini" data.image="$scratch/large.npy" data.text="$scratch/large.txt" train.batch=256 \
    train.steps=100 data.validation=0.001 data.test=0.001 -o "$scratch/large" -q >"$scratch/out" 2>"$scratch/err" &
pid=$!
peak_of $pid
wait $pid
check "$((rows * 3072 / 1048576)) MB train: $(cat "$scratch/err")" [ $? = 0 ]
echo "own-data: $((rows * 3072 / 1048576)) MB of pictures trained with $((peak / 1024)) MB resident"
check "... under 300 MB resident" [ "$peak" -lt 307200 ]
done_testing
