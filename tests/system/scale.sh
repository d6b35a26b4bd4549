#!/bin/sh
# More rows than memory should hold: all of them are looked at, a sample of them is compared.
#
#     tests/system/scale.sh [PROGRAM]
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"
rows=60000
cd "$scratch" || exit 1

# npy FILE TYPE SHAPE: a header, padded to 128 bytes; the values follow on stdin.
npy() {
    { printf '\223NUMPY\001\000\166\000'
      printf "%-117s\n" "{'descr': '$2', 'fortran_order': ${4:-False}, 'shape': $3, }"
      cat; } >"$1"
}

# Rows of 64 random bytes. In b.npy one of them is missing from row 20,000 on; in c.npy row 59,990 is
# zero and the last row is the first again.
dd if=/dev/urandom of=bytes bs=64 count=$rows 2>/dev/null
npy a.npy '|i1' "($rows, 64)" <bytes
{ head -c 1280000 bytes; tail -c +1280065 bytes; head -c 64 /dev/urandom; } | npy b.npy '|i1' "($rows, 64)"
{ head -c $((59990 * 64)) bytes; head -c 64 /dev/zero; tail -c $((9 * 64)) bytes | head -c $((8 * 64)); head -c 64 bytes; } |
    npy c.npy '|i1' "($rows, 64)"

run diagnose a.npy a.npy --sample 2000 --seed 3 --json
check "a sample of whole runs of 64 rows, and its seed" grep -q '"sample":\[1984,3\]' out
check "all rows" grep -q '"rows":60000' out
check "nothing is said where nobody watches" [ ! -s err ]
variance=$(first total_variance out)
columns=$(first std_sqrt_d out)
uniformity=$(first uniformity out)
run diagnose a.npy a.npy --sample 2000 --seed 3 --json
check "the same seed, the same rows" [ "$(first uniformity out)" = "$uniformity" ]
run diagnose a.npy a.npy --sample 2000 --seed 4 --json
check "another seed, others" [ "$(first uniformity out)" != "$uniformity" ]
check "what is of all rows stays" [ "$(first total_variance out)" = "$variance" ]
check "... with its columns" [ "$(first std_sqrt_d out)" = "$columns" ]
run diagnose a.npy a.npy --sample 2000
check "the sample is on the screen" grep -q "sample and its seed 1984, 0" out
check "... beside recall" grep -q "recall@1 is 1.000 and 1.000 of 1984" out
run diagnose a.npy a.npy --json
check "unless it is given: 32,768 rows" grep -q '"sample":\[32768,0\]' out
run diagnose a.npy a.npy --sample $rows --json
check "all rows are no sample" sh -c '! grep -q \"sample\" out'
check "... and measure the same" holds "($(first total_variance out) - $variance) ^ 2 < 1e-20"

run diagnose a.npy b.npy --sample 4096
check "a dropped row shows in a sample" grep -q "^mispaired" out
check "... and which side lacks it" grep -q "the partner of a row of the first side is the row before" out
from=$(tr '\n' ' ' <out | sed -n 's/.*from row \([0-9]*\) on .*/\1/p')
check "... and about where: row $from" holds "$from > 18000 && $from < 22000"
run diagnose c.npy --sample 2000
check "a zero row outside of the sample is named" grep -q "row 59990 of the side has no length" out
tr -s ' \n' '  ' <out >line
check "a repeated one too" grep -q "59999 different rows among 60000 on the side: row 0 is there 2 times" line
awk "BEGIN { for (i = 0; i < $rows; i++) print int(i / 2) }" >groups.txt
run diagnose a.npy a.npy --groups groups.txt --sample 2000
check "groups of all rows" sh -c "tr -s ' \n' '  ' <out | grep -q '30000 different captions or groups among 60000 rows'"
# Columns that lie together are read as rows.
od -An -v -tu1 -w64 bytes | head -n 300 >text
tr -s ' ' ' ' <text | sed 's/^ //; s/ /,/g' >rows.csv
awk '{ for (k = 1; k <= NF; k++) x[NR, k] = $k } END { for (k = 1; k <= 64; k++) for (i = 1; i <= NR; i++) printf "\\%03o", x[i, k] }' text >octal
printf "$(cat octal)" | npy fortran.npy '|u1' '(300, 64)' True
for file in rows.csv fortran.npy; do
    run diagnose "$file" --sample 128 --json
    cp out "$file.json"
done
check "either order of a file, the same numbers" cmp rows.csv.json fortran.npy.json
# Counts are of the rows that are compared, of which there are fewer than rows.
awk 'BEGIN { srand(7); for (i = 0; i < 1280; i++) for (k = 0; k < 8; k++) {
    x = rand() - 0.5; end = k == 7 ? "\n" : ","
    printf "%g%s", x, end >"x.csv"; printf "%g%s", -x, end >"minus.csv"
    printf "%g%s", i % 4 ? x : rand() - 0.5, end >"most.csv" } }'
awk 'BEGIN { for (i = 0; i < 1280; i++) print i % 4 ? 0 : i }' >most.txt
run diagnose x.csv minus.csv --sample 128
check "a sign shows in a sample" grep -q "^inverted" out
run diagnose x.csv most.csv --groups most.txt --sample 128
check "one large group hides no others in a sample" grep -q "a large group hides" out
# All rows of four ones and twelve zeros, with columns whose numbers have the same sum among them.
awk 'BEGIN { for (i = 0; i < 65536; i++) { row = ""; ones = 0; x = i
    for (b = 0; b < 16; b++) { row = row (b ? "," : "") x % 2; ones += x % 2; x = int(x / 2) }
    if (ones == 4) print row } }' >ones.csv
run diagnose ones.csv --sample 128 --json
check "rows of few values are different" grep -q '"duplicate_rows":\[0\]' out
check "fewer rows than a run" rejects 2 "--sample" diagnose a.npy --sample 63

# 60,000 rows of 768: 1.5 GB if all of them were held as the measures want them.
dd if=/dev/urandom of=bytes bs=76800 count=600 2>/dev/null
npy wide.npy '|i1' "($rows, 768)" <bytes
"$program" diagnose wide.npy wide.npy --sample 2048 --threads 2 >out 2>err &
pid=$!
peak_of $pid
wait $pid
check "60,000 rows of 768 twice: $(cat err)" [ $? = 0 ]
echo "scale: 60,000 rows of 768 twice with $((peak / 1024)) MB resident"
check "... under 200 MB resident" [ "$peak" -lt 204800 ]
done_testing
