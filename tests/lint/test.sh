#!/bin/sh
# The linters lint: each of these planted violations must be caught, with the
# place and the reason, and a clean tree must pass.
cd "$(dirname "$0")" || exit 1
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT
caught=0 missed=0

# A fresh small tree: the real tables, three real headers, four clean files.
fresh() {
    rm -rf "$tree"
    mkdir -p "$tree/include/contrast" "$tree/tests" "$tree/models" "$tree/datasets"
    for header in arena random status; do cp "../../include/contrast/$header.h" "$tree/include/contrast"; done
    for layer in platform kernels engine losses; do mkdir -p "$tree/src/$layer"; done
    cp ../../src/README.md "$tree/src"
    echo '#include <unistd.h>' >"$tree/src/platform/file.c"
    echo '#include "contrast/arena.h"' >"$tree/src/kernels/kernels.h"
    printf '#include "kernels/kernels.h"\nint ct_x(void);\nint ct_x(void) { return 1; }\n' >"$tree/src/engine/x.c"
    echo '#include "contrast/arena.h"' >"$tree/models/tower.c"
}

# expect LINTER MESSAGE: it must fail and say MESSAGE (a basic regular expression).
expect() {
    if output=$(sh "./$1.sh" $objects "$tree" 2>&1); then
        echo "test.sh: $1 passed a tree in which it should find: $2"
        missed=$((missed + 1))
    elif ! echo "$output" | grep -q "$2"; then
        echo "test.sh: $1 failed, but did not say: $2"
        echo "$output"
        missed=$((missed + 1))
    else
        caught=$((caught + 1))
    fi
    fresh
}

# passes LINTER: on the clean tree.
passes() {
    if ! output=$(sh "./$1.sh" $objects "$tree" 2>&1); then
        echo "test.sh: $1 fails on a clean tree:"
        echo "$output"
        missed=$((missed + 1))
    fi
}

objects=
fresh
passes layers
echo '#include "losses/softmax.h"' >>"$tree/src/engine/x.c"
expect layers '^src/engine/x.c:4: layer engine may not include losses (losses/softmax.h)$'
echo '#include "contrast/loss.h"' >>"$tree/src/engine/x.c"
expect layers '^src/engine/x.c:4: layer engine may not include losses (contrast/loss.h)$'
echo '#include "contrast/ops.h"' >"$tree/include/contrast/arena.h"
expect layers '^include/contrast/arena.h:1: layer platform may not include engine (contrast/ops.h)$'
echo '#include "kernels/kernels.h"' >"$tree/models/tower.c"
expect layers '^models/tower.c:1: layer models may not include the private part of kernels'
echo '#include "contrast/data.h"' >>"$tree/models/tower.c"
expect layers '^models/tower.c:2: layer models may not include data '
echo '#include "contrast/nn.h"' >"$tree/datasets/shapes.c"
expect layers '^datasets/shapes.c:1: layer datasets may not include engine '
echo '#include "models/two_tower.py.h"' >>"$tree/src/engine/x.c"
expect layers '^src/engine/x.c:4: layer engine may not include models (models/two_tower.py.h)$'
echo '# include  "../losses/softmax.h"' >>"$tree/src/engine/x.c"
expect layers '^src/engine/x.c:4: layer engine may not include a folder that is no layer'
echo '#include <contrast/loss.h>' >>"$tree/src/engine/x.c"
expect layers '^src/engine/x.c:4: write "contrast/loss.h"'
echo '#include <pthread.h>' >>"$tree/src/engine/x.c"
expect layers '^src/engine/x.c:4: layer engine may not include an operating system (pthread.h)$'
echo '#include <immintrin.h>' >>"$tree/src/engine/x.c"
expect layers '^src/engine/x.c:4: layer engine may not include a processor (immintrin.h)$'
echo '#include HEADER' >>"$tree/src/engine/x.c"
expect layers '^src/engine/x.c:4: an #include through a macro'
echo >"$tree/include/contrast/orphan.h"
expect layers '^include/contrast/orphan.h:.* belongs to no layer'
mkdir "$tree/src/extra" && echo >"$tree/src/extra/x.c"
expect layers '^src/extra/x.c:.* belongs to no layer'
sed -i.old 's/| `src\/kernels\/` | platform |/| `src\/kernels\/` | platform loss |/' "$tree/src/README.md"
expect layers '^src/README.md:.*layer kernels names loss, which is not above it'
echo >"$tree/src/README.md"
expect layers 'no layer table'

passes sizes
awk 'BEGIN { for (i = 0; i < 501; i++) print "" }' >"$tree/tests/long.c"
expect sizes '^tests/long.c: 501 lines, at most 500'
for half in 1 2; do awk 'BEGIN { for (i = 0; i < 201; i++) print "" }' >"$tree/models/$half.c"; done
expect sizes '^models: 403 lines, budget [0-9]*'
sed -i.old 's/^| losses |.*//' "$tree/src/README.md"
echo >"$tree/src/losses/x.c"
expect sizes '^src/losses/x.c: counted by 0 rows'
sed -i.old 's/^| budget |/| lines |/' "$tree/src/README.md"
expect sizes 'no budget table'

comment='/* a sentence about it */'
for file in platform/file.c kernels/kernels.h engine/x.c; do echo "$comment" >>"$tree/src/$file"; done
passes habits
echo '#include "engine/x.h"' >>"$tree/src/engine/y.h"
printf '%s\n#include "engine/y.h"\n' "$comment" >"$tree/src/engine/x.h"
expect habits '^habits: a cycle of includes: src/engine/[xy]$'
printf '%s\nint *ct_n(void)\n{\n    static int n;\n    return &n;\n}\n' "$comment" >>"$tree/src/engine/x.c"
expect habits '^src/engine/x.c:[0-9]*: a static variable inside a function'
printf '/* %098d */\n' 0 >>"$tree/src/engine/x.c"
expect habits '^src/engine/x.c:[0-9]*: 104 columns, expected 100 at most'
awk 'BEGIN { for (i = 0; i < 500; i++) print "int ct_x" i "(void);" }' >"$tree/src/engine/y.h"
expect habits 'of 100 lines hold a comment, expected 15'

passes prose
echo 'Training goes on.' >"$tree/models/README.md"
expect prose '^models/README.md:1: "goes on": write continue$'
echo 'char *ct_s = "a loss beside its floor";' >>"$tree/models/tower.c"
expect prose '^models/tower.c:2: "beside"'

passes headers
plant() { echo "$1" >>"$tree/include/contrast/random.h"; }
plant 'enum ct_a { CT_B, STRAY = 3 };' && expect headers 'random.h:[0-9]*: public name STRAY '
plant '#define STRAY 1' && expect headers 'public name STRAY '
plant 'int stray(int (*ct_f)(void));' && expect headers 'public name stray '
plant 'typedef struct { int inner; } stray;' && expect headers 'public name stray '
plant 'typedef void (*stray)(int);' && expect headers 'public name stray '
plant 'struct stray { int inner; };' && expect headers 'public name stray '
plant 'extern int *stray[3];' && expect headers 'public name stray '
plant 'int ct_twice(void) { return 1; }' && expect headers 'random.h: not clean in C11'
plant 'void ct_new(int new);' && expect headers 'random.h: not clean in C++11'
plant 'int64_t ct_x(FILE *f);' && expect headers 'random.h: not clean in C11'

# Objects of the planted tree, compiled here.
objects=$tree/objects
compiled() {
    mkdir -p "$objects/src/platform" "$objects/src/engine" "$objects/models"
    for file in src/platform/file src/engine/x models/tower; do
        ${CC:-cc} -w -fno-builtin -Wno-implicit-function-declaration -I"$tree/include" -I"$tree/src" \
            -c -o "$objects/$file.o" "$tree/$file.c" || missed=$((missed + 1))
    done
}
fresh && compiled
passes symbols
bad_code() { fresh && echo "$1" >>"$tree/src/engine/x.c" && compiled; }
bad_code 'int stray;' && expect symbols '^src/engine/x.c: external name stray should begin with ct_ or op_ nn_ optim_'
bad_code 'double expf(double); double ct_y(double x) { return expf(x); }'
expect symbols '^src/engine/x.c: layer engine calls expf: numbers must not depend on libm'
bad_code 'void *malloc(unsigned long); void *ct_y(void) { return malloc(1); }'
expect symbols 'layer engine calls malloc: memory comes from'
bad_code 'int printf(const char *, ...); void ct_y(void) { printf("%d", 1); }'
expect symbols 'layer engine calls printf: the library does not print'
bad_code 'static double sqrt(double x) { return x; } double ct_y(double x) { return sqrt(x); }'
passes symbols
fresh
expect symbols 'src/engine/x.o: not built'

[ $missed = 0 ] && echo "lint tests: $caught planted violations caught"
[ $missed = 0 ]
