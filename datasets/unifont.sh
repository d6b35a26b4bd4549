#!/bin/sh
# Bring Unifont's letters and their names: sh datasets/unifont.sh [FROM [TO]]
#
# Of the Latin, Greek and Cyrillic characters in Debian's packages unifont (16 x 16 bitmaps) and
# unicode-data (names), or of unifont.hex and UnicodeData.txt in folder FROM, makes in TO
# (default: unifont beside this script)
#
#     glyphs.npy  uint8 (N, 16, 16), 0 or 255; a narrow glyph stands in the middle
#     names.txt   "cyrillic small letter i with diaeresis", a line a glyph
#     codes.txt   "0438"
#     split.txt   train, validation or test: seven, one and two of ten, by a hash of the code
#
# Of characters that look the same the first stays: A has a Greek and a Cyrillic twin.
set -eu
export LC_ALL=C

from=${1:-}
to=${2:-$(dirname "$0")/unifont}

say() { printf '%s\n' "unifont: $*"; }

if [ -n "$from" ]; then
    hex=$from/unifont.hex names=$from/UnicodeData.txt
else
    hex=/usr/share/unifont/unifont.hex names=/usr/share/unicode/UnicodeData.txt
fi
for file in "$hex" "$names"; do
    if [ ! -f "$file" ]; then
        if [ "$(id -u)" = 0 ]; then sudo=; else sudo="sudo "; fi
        say "$file is not there. On Debian or Ubuntu type:
    ${sudo}apt-get install unifont unicode-data && sh $0
Elsewhere put unifont.hex (unifoundry.com) and UnicodeData.txt (unicode.org) into a folder and type:
    sh $0 FOLDER" >&2
        exit 1
    fi
done

mkdir -p "$to"
trap 'rm -f "$to"/*.tmp' EXIT
trap 'exit 1' HUP INT TERM

# order code bitmap name, in the order of codes; each bitmap once.
awk -F '[;:]' '
    function value(hex,   i, v) { for (v = i = 0; i++ < length(hex);) v = v * 16 + index("0123456789ABCDEF", substr(hex, i, 1)) - 1; return v }
    FNR == NR { if ($2 ~ /^(LATIN|GREEK|CYRILLIC) /) name[$1] = tolower($2); next }
    ($1 in name) && !seen[$2]++ { printf "%010d %s %s %s\n", value($1) * 2654435761 % 4294967296, $1, $2, name[$1] }
' "$names" "$hex" >"$to/all.tmp"
n=$(wc -l <"$to/all.tmp" | tr -d ' ')
[ "$n" -gt 0 ] || { say "no Latin, Greek or Cyrillic character in $hex and $names" >&2; exit 1; }

# The least hashes are the test split, then validation.
sort "$to/all.tmp" | awk -v n="$n" '{ print $2, NR <= n / 5 ? "test" : NR <= n * 3 / 10 ? "validation" : "train" }' |
    sort >"$to/which.tmp"
sort -k 2,2 "$to/all.tmp" | join -1 2 -2 1 - "$to/which.tmp" >"$to/joined.tmp"
awk '{ print $NF }' "$to/joined.tmp" >"$to/split.txt"
awk '{ print $1 }' "$to/joined.tmp" >"$to/codes.txt"
awk '{ sub(/^[^ ]+ [^ ]+ [^ ]+ /, ""); sub(/ [^ ]+$/, ""); print }' "$to/joined.tmp" >"$to/names.txt"

# Bytes as octal escapes for printf, a glyph a line: 64 digits are 16 rows of 16 pixels, 32 of 8.
{
    printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': ($n, 16, 16), }"
    awk '{
        wide = length($3) == 64; blank = "\\000\\000\\000\\000"; out = ""
        for (row = 0; row < 16; row++) {
            line = ""
            for (i = 1; i <= (wide ? 4 : 2); i++) {
                digit = index("0123456789ABCDEF", substr($3, row * (wide ? 4 : 2) + i, 1)) - 1
                for (bit = 8; bit >= 1; bit /= 2) { line = line (digit >= bit ? "\\377" : "\\000"); digit = digit >= bit ? digit - bit : digit }
            }
            out = out (wide ? line : blank line blank)
        }
        print out
    }' "$to/joined.tmp" | while read -r glyph; do
        # shellcheck disable=SC2059 # the format is the bytes
        printf "$glyph"
    done
} >"$to/glyphs.npy.tmp"
mv "$to/glyphs.npy.tmp" "$to/glyphs.npy"
say "$n glyphs in $to"
