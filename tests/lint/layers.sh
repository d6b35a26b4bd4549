#!/bin/sh
# Check every #include of src, models, datasets and include/contrast against the
# layer table in src/README.md. `layers.sh DIRECTORY` checks another tree (test.sh).
#
# A quoted header is either contrast/NAME.h, which belongs to the layer that lists
# it; or LAYER/NAME.h, private to src; or NAME.h, beside the file that includes it;
# or PATH.css.h and the like, which the Makefile makes of the file PATH.css.
# Of <headers>, those of C are free, a processor's belong to kernels and the rest
# to platform.
cd "${1:-$(dirname "$0")/../..}" || exit 1

find src models datasets include/contrast -name '*.[ch]' 2>/dev/null | sort | awk '
function fail(text) { printf "%s:%d: %s\n", file, line, text; bad = 1 }
function forbid(what) { fail("layer " layer " may not include " what " (" header ")") }

# The table: | layer | folder | may include | public headers | prefix | holds |
function read_table(    cell, n, i, name) {
    file = "src/README.md"
    while ((getline row < file) > 0) {
        line++
        n = split(row, cell, "|")
        if (cell[2] ~ /^ *layer *$/) in_table = 1
        else if (n < 2) in_table = 0
        if (!in_table || row ~ /---/ || cell[2] ~ /^ *layer *$/) continue
        gsub(/[ `]/, "", cell[2])
        gsub(/[ `]/, "", cell[3])
        n_layers++
        layer_in[cell[3]] = cell[2]
        may[cell[2], cell[2]] = 1
        n = split(cell[4], name, " ")
        for (i = 1; i <= n; i++) {
            if (!((name[i], name[i]) in may)) fail("layer " cell[2] " names " name[i] ", which is not above it")
            may[cell[2], name[i]] = 1
        }
        n = split(cell[5], name, " ")
        for (i = 1; i <= n; i++) owner[name[i]] = cell[2]
    }
    if (n_layers == 0) fail("no layer table")
    n = split("assert complex ctype errno fenv float inttypes limits locale math setjmp signal stdalign stdarg " \
              "stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time wchar wctype", name, " ")
    for (i = 1; i <= n; i++) of_c[name[i] ".h"] = 1
}

function basename_of(path) { sub(/.*\//, "", path); sub(/\.h$/, "", path); return path }

function layer_of(path,    folder) {
    if (path ~ /^include\/contrast\//) return owner[basename_of(path)]
    for (folder in layer_in) if (index(path, folder) == 1) return layer_in[folder]
    return ""
}

function check_system() {
    if (header ~ /^contrast\// || ("src/" header) in own_file) fail("write \"" header "\": quotes are for our headers")
    else if (header ~ /^(immintrin|arm_neon|wasm_simd128)\.h$/) { if (layer != "kernels") forbid("a processor") }
    else if (!(header in of_c) && layer != "platform") forbid("an operating system")
}

function check_quoted(    to) {
    if (header ~ /\.(ini|py|css|js|html)\.h$/) {
        to = layer_of(header)
        if (to == "") to = "a folder that is no layer"
    } else if (header ~ /^contrast\/[a-z0-9_]+\.h$/) {
        to = owner[basename_of(header)]
        if (to == "") to = "a header that no layer lists"
    } else if (header ~ /\//) {
        to = layer_of("src/" header)
        if (to == "") to = "a folder that is no layer"
        else if (file !~ /^src\//) to = "the private part of " to
    } else {
        to = file
        sub(/[^\/]*$/, header, to)
        to = to in own_file && file !~ /^include\// ? layer : "a header that is not beside it"
    }
    if (!((layer, to) in may)) forbid(to)
}

BEGIN { read_table() }
{ own_file[$0] = 1; files[NR] = $0 }
END {
    for (i = 1; i <= NR; i++) {
        file = files[i]
        line = 0
        layer = layer_of(file)
        if (layer == "") { fail("belongs to no layer of src/README.md"); continue }
        while ((getline text < file) > 0) {
            line++
            if (text !~ /^[ \t]*#[ \t]*include/) continue
            n_includes++
            header = text
            if (match(text, /"[^"]*"/)) { header = substr(text, RSTART + 1, RLENGTH - 2); check_quoted() }
            else if (match(text, /<[^>]*>/)) { header = substr(text, RSTART + 1, RLENGTH - 2); check_system() }
            else fail("an #include through a macro cannot be checked")
        }
        close(file)
    }
    if (!bad) printf "layers: %d includes in %d files keep to the table\n", n_includes, NR
    exit bad
}'
