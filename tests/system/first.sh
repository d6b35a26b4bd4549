#!/bin/sh
# The program of one page, models/first.c: it learns, and with one word changed it stays at ln 7.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)
program=$(dirname "$program")/first
cd "$scratch" || exit 1

# loss LINE: the loss that line LINE of the output shows; the last for "$".
loss() {
    sed -n "$1s/.*loss \([0-9.]*\) .*/\1/p" out
}

run
check "it ends well" [ "$code" = 0 ]
check "it shows a few steps" [ "$(grep -c '^step ' out)" = 6 ]
check "it begins near ln 7" holds "$(loss 1) > 1.5 && $(loss 1) < 3"
check "it learns" holds "$(loss '$') < 0.1"
mv out again
run
check "twice the same" cmp -s out again

run collapse
check "collapse: it ends well" [ "$code" = 0 ]
for line in 1 2 3 4 5 6; do
    check "collapse: line $line is at ln 7" holds "$(loss $line) - 1.9459 < 0.0005 && 1.9459 - $(loss $line) < 0.0005"
done

check "a word that it does not know" rejects 2 "usage: first [collapse]" colapse

lines=$(wc -l <"$root/models/first.c")
check "models/first.c is one page" [ "$lines" -le 100 ]
check "... on public headers alone" [ "$(grep '#include "' "$root/models/first.c" | grep -cv '"contrast/')" = 0 ]
done_testing
