#!/bin/sh
# Make sure that clang can make WebAssembly; `make playground` calls this. If its parts are missing,
# install them on Debian when that needs no password, or say what to type.
cc=${CLANG:-clang}
have_wasm() {
    try=$(mktemp -d) || return
    printf '#include <stdio.h>\nint f(long double x){return printf("%%Lf", x);}\n' >"$try/f.c"
    $cc --target=wasm32-wasi -mexec-model=reactor -Wl,--export=f -o "$try/f.wasm" "$try/f.c" >/dev/null 2>&1
    status=$?
    rm -r "$try"
    return $status
}
have_wasm && exit 0

if ! command -v apt-get >/dev/null; then
    echo "The playground needs clang, lld, wasi-libc and compiler-rt for wasm32. Install them and try again." >&2
    exit 1
fi
version=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p')
install="apt-get install -y --no-install-recommends clang lld wasi-libc libclang-rt-${version:-14}-dev-wasm32"
if [ "$(id -u)" = 0 ]; then as_root=; else as_root=sudo; fi
if [ -z "$as_root" ] || sudo -n true 2>/dev/null; then
    echo "The compiler's parts for WebAssembly are missing; installing them: $as_root $install" >&2
    $as_root apt-get update >&2
    # shellcheck disable=SC2086 # a list of words
    $as_root env DEBIAN_FRONTEND=noninteractive $install >&2 && have_wasm && exit 0
fi
echo "The playground needs the compiler's parts for WebAssembly, which are not installed. Type:" >&2
echo "    $as_root $install" >&2
exit 1
