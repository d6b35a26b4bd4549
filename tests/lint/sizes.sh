#!/bin/sh
# Small on purpose: no C file over 600 lines, no layer over its line budget.
# Both tables are in src/README.md; the lines of .c and .h in a layer's folder
# count (public headers do not). `sizes.sh DIRECTORY` checks another tree.
cd "${1:-$(dirname "$0")/../..}" || exit 1

find src include models datasets tests -name '*.[ch]' 2>/dev/null | sort | awk '
function count(path,    n, text) {
    while ((getline text < path) > 0) n++
    close(path)
    return n + 0
}

function layer_of(path,    layer) {
    for (layer in folder) if (index(path, folder[layer]) == 1) return layer
    return ""
}

function read_tables(    file, row, cell, n, head) {
    file = "src/README.md"
    while ((getline row < file) > 0) {
        n = split(row, cell, "|")
        if (n < 2) { head = ""; continue }
        gsub(/[ `,]/, "", cell[2])
        gsub(/[ `,]/, "", cell[3])
        if (head == "") head = cell[2]
        else if (row ~ /---/) continue
        else if (head == "layer") folder[cell[2]] = cell[3]
        else if (head == "budget") { order[++n_rows] = cell[2]; budget[cell[2]] = cell[3] + 0 }
    }
}

function print_row(name, used, limit) {
    printf "%-16s %6d %7d  %3d%%\n", name, used, limit, 100 * used / limit
    if (used > limit) {
        printf "%s: %d lines, budget %d; make it smaller, or raise the number in src/README.md and say why\n", name, used, limit
        bad = 1
    }
}

BEGIN { read_tables() }
{
    n = count($0)
    if (n > 600) { printf "%s: %d lines, at most 600; a file holds one idea\n", $0, n; bad = 1 }
    if ((layer = layer_of($0)) != "") used[layer] += n
}
END {
    if (n_rows == 0) { print "src/README.md: no budget table"; exit 1 }
    printf "%-16s %6s %7s\n", "layer", "lines", "budget"
    for (i = 1; i <= n_rows; i++) {
        n = split(order[i], name, "+")
        lines = 0
        for (k = 1; k <= n; k++) {
            if (!(name[k] in folder)) { printf "src/README.md: budget for %s, which is no layer or has one already\n", name[k]; bad = 1 }
            lines += used[name[k]]
            delete folder[name[k]]
        }
        print_row(order[i], lines, budget[order[i]])
        all += lines
        all_budget += budget[order[i]]
    }
    print_row("all", all, all_budget)
    for (layer in folder) { printf "src/README.md: layer %s has no budget\n", layer; bad = 1 }
    exit bad
}'
