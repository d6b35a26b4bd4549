#!/bin/sh
# Every public header compiles alone, and twice, in C11 and in C++11 without a
# warning, and declares no name that does not begin with ct_ or CT_.
# `headers.sh DIRECTORY` checks another tree. Uses $CC and $CXX.
cd "${1:-$(dirname "$0")/../..}" || exit 1
exec 2>&1
cc=${CC:-cc} cxx=${CXX:-c++} status=0
strict="-Wall -Wextra -Wpedantic -Werror -Iinclude -fsyntax-only"

# The preprocessor has taken the comments out and says which lines are the
# header's own. Bodies of structs and functions are skipped, of enums read.
stray_names='
function say(name) {
    if (name != "" && name !~ /^(ct_|CT_)/) printf "%s:%d: public name %s does not begin with ct_ or CT_\n", header, line, name
}

function declared(text,    name) { # a declaration without its bodies and its ;
    gsub(/__attribute__ *\(\(.*\)\)/, "", text)
    while (match(text, /(struct|union|enum) +[A-Za-z_0-9]+/)) {
        name = substr(text, RSTART, RLENGTH)
        text = substr(text, 1, RSTART - 1) "tag" substr(text, RSTART + RLENGTH)
        sub(/.* /, "", name)
        say(name)
    }
    gsub(/\[[^]]*\]/, "", text)
    if (text ~ /^[^(]*\( *\*/) { # pointer to a function
        match(text, /\( *\*[^)]*\)/)
        name = substr(text, RSTART, RLENGTH)
        gsub(/[^A-Za-z_0-9]/, "", name)
    } else { # the last word before parameters or value
        sub(/ *[(=].*/, "", text)
        gsub(/^ *| *$/, "", text)
        name = text
        if (!sub(/.*[^A-Za-z_0-9]/, "", name)) name = ""
    }
    say(name)
}

function constants(body,    n, part, i) {
    n = split(body, part, ",")
    for (i = 1; i <= n; i++) {
        sub(/=.*/, "", part[i])
        gsub(/ /, "", part[i])
        say(part[i])
    }
}

function character(c) {
    if (c == "{" && depth++ == 0) {
        body = ""
        text = text "{}"
    } else if (c == "}" && --depth == 0) {
        if (text ~ /(^| )enum( |$)/) constants(body)
        if (text ~ /\) *\{\}$/) { declared(text); text = "" } # a function and its body
    } else if (depth > 0) {
        body = body c
    } else if (c == ";") {
        declared(text)
        text = ""
    } else {
        text = text c
    }
}

/^# [0-9]+ "/ { own = index($3, header) > 0; line = $2 - 1; next }
{ line++ }
own && $1 == "#define" { sub(/\(.*/, "", $2); say($2) }
own && $1 !~ /^#/ {
    gsub(/[ \t]+/, " ")
    n = length($0)
    for (i = 1; i <= n; i++) character(substr($0, i, 1))
    character(" ")
}'

for header in include/contrast/*.h; do
    name=${header#include/}
    twice=$(printf '#include "%s"\n#include "%s"\nint main(void) { return 0; }\n' "$name" "$name")
    # shellcheck disable=SC2086 # lists of words
    {
        echo "$twice" | $cc -x c -std=c11 $strict - || { echo "$header: not clean in C11"; status=1; }
        if command -v "${cxx%% *}" >/dev/null; then
            echo "$twice" | $cxx -x c++ -std=c++11 $strict - || { echo "$header: not clean in C++11"; status=1; }
        elif [ -n "$CI" ]; then
            echo "headers: no C++ compiler ($cxx)"
            exit 1
        fi
        stray=$($cc -E -dD -std=c11 -Iinclude "$header" | awk -v header="$header" "$stray_names")
    }
    [ -n "$stray" ] && { echo "$stray"; status=1; }
done
[ $status = 0 ] && echo "headers: all compile alone in C11 and C++11; every name begins with ct_ or CT_"
exit $status
