#!/bin/sh
# Habits that no compiler checks, in every C file that is not a test:
#
#   no cycle      what a.c and a.h include never leads back to a
#   no hidden state   no variable inside a function is static, unless const
#   width         no line has more than 100 columns, where the formatter is off too
#   comments      at least 15 of 100 lines that are not blank hold one
#
# `habits.sh DIRECTORY` checks another tree.
cd "${1:-$(dirname "$0")/../..}" || exit 1
status=0
files=$(find src include models datasets -name '*.[ch]' 2>/dev/null | sort)

# "a b" for each module a whose files include one of b's; tsort names a cycle.
# shellcheck disable=SC2086 # a list of files
edges=$(awk '
function module(path) { sub(/\.[ch]$/, "", path); return path }
{ own[FILENAME] = 1 }
/^#include "/ { split($0, part, "\""); header[++n] = part[2]; from[n] = FILENAME }
END {
    for (i = 1; i <= n; i++) {
        folder = from[i]
        sub(/[^\/]*$/, "", folder)
        to = ("src/" header[i]) in own ? "src/" header[i] : ("include/" header[i]) in own ? "include/" header[i] : folder header[i]
        if (module(to) != module(from[i])) print module(from[i]), module(to)
    }
}' $files)
if ! cycle=$(echo "$edges" | tsort 2>&1 >/dev/null) || [ -n "$cycle" ]; then
    echo "$cycle" | sed 's/^tsort: /habits: a cycle of includes: /'
    status=1
fi

# In bytes, less those that go on with a character of UTF-8.
# shellcheck disable=SC2086 # a list of files
LC_ALL=C awk '
FNR == 1 { inside = 0 }
{ columns = $0; gsub(/[\200-\277]/, "", columns) }
length(columns) > 100 { printf "%s:%d: %d columns, expected 100 at most\n", FILENAME, FNR, length(columns); bad = 1 }
/^[ \t]+static / && !/const/ && !/\)$/ { printf "%s:%d: a static variable inside a function is hidden state\n", FILENAME, FNR; bad = 1 }
/^[ \t]*$/ { next }
{
    lines++
    code = $0
    gsub(/"([^"\\]|\\.)*"/, "", code)
    if (inside || code ~ /\/\*/) comments++
    if (code ~ /\/\*/) inside = 1
    if (code ~ /\*\//) inside = 0
}
END {
    share = 100 * comments / lines
    if (share < 15) { printf "habits: %.1f of 100 lines hold a comment, expected 15: say why\n", share; bad = 1 }
    if (!bad) printf "habits: %.1f of 100 lines hold a comment\n", share
    exit bad
}' $files || status=1
[ $status = 0 ] && echo "habits: no cycle of includes, no hidden state"
exit $status
