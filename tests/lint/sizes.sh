#!/bin/sh
# Small on purpose: no C file over 500 lines, no row of the budget table in
# src/README.md over its lines. A row counts the .c and .h files of the folders and
# headers it names; every C file that is not a test is counted by one row, and
# again by rows that say "counted again". `sizes.sh DIRECTORY` checks another tree.
cd "${1:-$(dirname "$0")/../..}" || exit 1

find src include models datasets tests -name '*.[ch]' 2>/dev/null | sort | awk '
function count(path,    n, text) {
    while ((getline text < path) > 0) n++
    close(path)
    return n + 0
}

# "a/{x,y}.h" and "dir/" of a cell become prefixes of paths.
function add_prefix(row, word,    head, tail, part, n) {
    if (match(word, /\{.*\}/) == 0) { prefix[row, ++n_prefix[row]] = word; return }
    head = substr(word, 1, RSTART - 1)
    tail = substr(word, RSTART + RLENGTH)
    for (n = split(substr(word, RSTART + 1, RLENGTH - 2), part, ","); n > 0; n--) add_prefix(row, head part[n] tail)
}

function read_table(    file, row, cell, n, word, in_table) {
    file = "src/README.md"
    while ((getline row < file) > 0) {
        n = split(row, cell, "|")
        gsub(/^ *| *$/, "", cell[2])
        if (cell[2] == "budget") { in_table = 1; continue }
        if (n < 2) in_table = 0
        if (!in_table || row ~ /---/) continue
        name[++n_rows] = cell[2]
        gsub(/[ ,]/, "", cell[4])
        budget[n_rows] = cell[4] + 0
        gsub(/`/, "", cell[3])
        for (n = split(cell[3], word, " "); n > 0; n--) add_prefix(n_rows, word[n])
    }
}

function covers(row, path,    i) {
    for (i = 1; i <= n_prefix[row]; i++) if (index(path, prefix[row, i]) == 1) return 1
    return 0
}

function print_row(what, used, limit) {
    printf "%-20s %6d %7d  %3d%%\n", what, used, limit, 100 * used / limit
    if (used > limit) {
        printf "%s: %d lines, budget %d; make it smaller, or lower another row by as much and say why\n", what, used, limit
        bad = 1
    }
}

BEGIN { read_table() }
{
    n = count($0)
    if (n > 500) { printf "%s: %d lines, at most 500; a file holds one idea\n", $0, n; bad = 1 }
    rows = 0
    for (i = 1; i <= n_rows; i++) if (covers(i, $0)) { used[i] += n; rows += name[i] !~ /counted again/ }
    if (rows != 1 && $0 !~ /^tests\//) { printf "%s: counted by %d rows of the budget table, not by one\n", $0, rows; bad = 1 }
}
END {
    if (n_rows == 0) { print "src/README.md: no budget table"; exit 1 }
    printf "%-20s %6s %7s\n", "", "lines", "budget"
    for (i = 1; i <= n_rows; i++) {
        print_row(name[i], used[i], budget[i])
        if (name[i] !~ /counted again/) { all += used[i]; all_budget += budget[i] }
    }
    print_row("all", all, all_budget)
    exit bad
}'
