#!/bin/sh
# Words that are not plain English in the place where we used to put them, in what users read: the
# pages in Markdown, help, lessons, recipes, pages of results, and the strings of the C files.
# `prose.sh DIRECTORY` checks another tree.
cd "${1:-$(dirname "$0")/../..}" || exit 1

# What to write instead stands after the tab.
patterns='beside	compared with, next to
behind	after
anew	again
(is|are) worth	the value is
go(es)? on	continue
tells	says, shows
carries	has, supports
stands	is
lies	is
one [a-z]+ to an? 	one per
[Ww]ho outgrows	if you outgrow
there is no command	unknown command'

{
    find README.md src models datasets tests \( -name '*.md' -o -name '*.txt' -o -name '*.ini' -o -name '*.html' \) \
        ! -path '*/fuzz/*' -exec grep -Hn . {} + 2>/dev/null
    # The strings of C, without names of keys, files and formats.
    find src models datasets -name '*.[ch]' -exec grep -Hno '"[^"]* [^"]*"' {} + 2>/dev/null
} | awk -v patterns="$patterns" '
BEGIN {
    n = split(patterns, line, "\n")
    for (i = 1; i <= n; i++) { split(line[i], part, "\t"); pattern[i] = part[1]; instead[i] = part[2] }
}
{
    text = $0
    sub(/^[^:]*:[0-9]*:/, "", text)
    place = substr($0, 1, length($0) - length(text))
    gsub(/`[^`]*`/, "", text)
    for (i = 1; i <= n; i++)
        if (match(" " text " ", "[^-a-zA-Z_](" pattern[i] ")[^-a-zA-Z_]")) {
            printf "%s \"%s\": write %s\n", place, substr(text, RSTART, RLENGTH - 2), instead[i]
            bad++
        }
}
END {
    if (!bad) print "prose: no listed phrase in what users read"
    exit bad > 0
}'
