#!/bin/sh
# What the linker sees. Names that the library shows begin with ct_ or the prefix of
# their layer (src/README.md), and no layer calls what it must not: see `calls`.
# models/first.c is a program of its own.
# `symbols.sh OBJECTS DIRECTORY` checks other objects than build/release, another tree.
cd "${2:-$(dirname "$0")/../..}" || exit 1
objects=${1:-build/release}

# why: who may; what nobody else may call. libm rounds differently from system to
# system, except where IEEE leaves no choice (sqrt, floor, fma, ...).
calls='
numbers must not depend on libm: ; exp exp2 exp10 expm1 log log2 log10 log1p pow cbrt hypot sin cos tan sincos asin acos atan atan2 sinh cosh tanh asinh acosh atanh erf erfc tgamma lgamma
random numbers come from contrast/random.h: ; rand rand_r srand random srandom drand48 lrand48 arc4random getrandom
text must not depend on a locale: ; setlocale newlocale uselocale
CT_ASSERT is on in every build: ; __assert_fail __assert_rtn __assert
memory comes from platform/memory.h: platform ; malloc calloc realloc aligned_alloc posix_memalign free strdup strndup
the clock is platform/machine.h: platform ; clock_gettime clock time gettimeofday
files are platform/file.h: platform ; open openat fopen fdopen freopen creat rename remove unlink mkdir opendir
the environment is read at the top: lab cli ; getenv setenv putenv
the library does not print: platform show cli ; printf vprintf puts putchar stdout stderr __stdoutp __stderrp perror
the library does not exit: platform cli ; exit _exit _Exit quick_exit abort system
'

find src models datasets -name '*.c' ! -path models/first.c | sort | while read -r source; do
    object=$objects/${source%.c}.o
    if [ -f "$object" ]; then
        echo "file $source"
        ${NM:-nm} -g -P "$object"
    else
        echo "missing $object"
    fi
done | awk -v calls="$calls" -v darwin="$([ "$(uname)" = Darwin ] && echo yes)" '
function fail(text) { print source ": " text; bad = 1 }

function read_table(    row, cell, n, in_table) {
    while ((getline row < "src/README.md") > 0) {
        n = split(row, cell, "|")
        if (cell[2] ~ /^ *layer *$/) in_table = 1
        else if (n < 2) in_table = 0
        gsub(/[ `]/, "", cell[2])
        gsub(/[ `]/, "", cell[3])
        gsub(/^ *| *$|`/, "", cell[6])
        if (in_table) { layer_in[cell[3]] = cell[2]; prefix[cell[2]] = cell[6] }
    }
}

function read_calls(    rule, part, who, what, n, i, j) {
    n = split(calls, rule, "\n")
    for (i = 1; i <= n; i++) {
        if (split(rule[i], part, /[:;]/) < 3) continue
        split(part[3], what, " ")
        for (j in what) { reason[what[j]] = part[1]; who_may[what[j]] = " " part[2] " " }
    }
}

function defined(name,    own, n) {
    n_defined++
    if (layer == "cli" || name ~ /^(ct_|CT_)/) return # nobody links the program
    for (n = split(prefix[layer], own, " "); n > 0; n--)
        if (index(name, own[n]) == 1) return
    fail("external name " name " should begin with ct_" (prefix[layer] != "" ? " or " prefix[layer] : "") ", or be static")
}

function called(name,    plain) {
    sub(/@.*/, "", name)
    plain = name
    if (plain ~ /^__.*_chk$/) { sub(/^__/, "", plain); sub(/_chk$/, "", plain) }
    if (!(plain in reason) && plain ~ /[fl]$/) { # expf, expl
        if (reason[substr(plain, 1, length(plain) - 1)] ~ /libm/) sub(/.$/, "", plain)
    }
    if (plain in reason && index(who_may[plain], " " layer " ") == 0) fail("layer " layer " calls " name ": " reason[plain])
}

BEGIN { read_table(); read_calls() }
$1 == "missing" { print $2 ": not built; run make first"; bad = 1; next }
$1 == "file" {
    source = $2
    layer = ""
    for (folder in layer_in) if (index(source, folder) == 1) layer = layer_in[folder]
    next
}
NF >= 2 {
    if (darwin) sub(/^_/, "", $1)
    if ($2 == "U") called($1)
    else if ($2 !~ /^[vVwW]$/) defined($1)
}
END {
    if (n_defined == 0) { print "symbols: no external name found"; bad = 1 }
    if (!bad) print "symbols: " n_defined " external names, none astray; no forbidden call"
    exit bad
}'
