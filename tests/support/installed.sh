#!/bin/sh
# What `make install` wrote: installed.sh PROGRAM LIBDIR, with pkg-config pointed at it; `make installcheck` calls it.
# models/first.c builds against it in C, a few lines in C++, shared and static; manual pages and completions are
# right in form.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/system.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)
libdir=$2
data=$libdir/../share
cflags=$(pkg-config --cflags contrast)
libs=$(pkg-config --libs contrast)
static=$(pkg-config --static --libs contrast | sed 's/-lcontrast/-l:libcontrast.a/')
[ "$(uname)" = Darwin ] && static="$libdir/libcontrast.a -lm"
CC=${CC:-cc}
CXX=${CXX:-c++}

cat >"$scratch/some.cpp" <<'CPP'
#include <contrast/contrast.h>
#include <cstdio>
int main()
{
    int n = 0;
    ct_loss_all(&n);
    std::printf("%d losses\n", n);
    return n > 10 ? 0 : 1;
}
CPP
build() {
    # shellcheck disable=SC2086 # flags
    $1 -O1 -o "$scratch/$2" "$3" $cflags $4 >"$scratch/log" 2>&1 || { cat "$scratch/log"; return 1; }
}
for kind in shared static; do
    [ $kind = shared ] && with=$libs || with=$static
    check "C, $kind" build "$CC" "c-$kind" "$root/models/first.c" "$with"
    check "C++, $kind" build "$CXX" "cpp-$kind" "$scratch/some.cpp" "$with"
    LD_LIBRARY_PATH=$libdir "$scratch/c-$kind" collapse >"$scratch/out"
    check "... which stays at ln 7" grep -q '^step 1000   loss 1.9459' "$scratch/out"
    check "... and in C++ runs" env LD_LIBRARY_PATH="$libdir" "$scratch/cpp-$kind"
done

program_here=$program
check "the program runs" "$program_here" --version
if [ "$(uname)" != Darwin ]; then
    nm -D --defined-only "$libdir/libcontrast.so" | awk '{ print $3 }' >"$scratch/names"
    check "the library shows many names" [ "$(wc -l <"$scratch/names")" -gt 100 ]
    check "... and none but ct_*" sh -c "! grep -v '^ct_' '$scratch/names'"
fi
for page in man1/contrast.1 man5/contrast-recipe.5 man3/libcontrast.3; do
    check "$page is there" [ "$(wc -l <"$data/man/$page")" -gt 20 ]
    command -v mandoc >/dev/null || continue
    check "mandoc finds nothing in $page" sh -c "mandoc -Tlint '$data/man/$page' && [ -z \"\$(mandoc -Tlint '$data/man/$page')\" ]"
done
"$program" help | sed -n 's/^  \([a-z]*\)  *[a-z].*/\1/p' | grep -v contrast >"$scratch/commands"
check "help lists the commands" [ "$(wc -l <"$scratch/commands")" -gt 15 ]
bash=$data/bash-completion/completions/contrast
while read -r command; do
    check "the manual has $command" grep -q "^.SS contrast $command" "$data/man/man1/contrast.1"
    check "bash completes after $command" grep -q " $command') words=" "$bash"
done <"$scratch/commands"

# offers WORDS...: what bash offers for the last word.
offers() {
    bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _contrast; echo "${COMPREPLY[@]}"' "$bash" "$@"
}
if command -v bash >/dev/null; then
    check "bash completes a command" [ "$(offers contrast dia)" = diagnose ]
    check "... an option" [ "$(offers contrast train --wei)" = --weights ]
    check "... a recipe" [ "$(offers contrast train colla)" = collapse ]
fi
command -v zsh >/dev/null && check "zsh reads its completions" zsh -n "$data/zsh/site-functions/_contrast"
command -v fish >/dev/null && check "fish reads its completions" fish -n "$data/fish/vendor_completions.d/contrast.fish"
done_testing
