#!/bin/sh
# Make sure that Check (libcheck.github.io) is installed; `make test` calls this.
# If it is missing, install it with the system's package manager when that needs
# no password, or say what to type.
cc=${CC:-cc}
# shellcheck disable=SC2046 # lists of words
have_check() {
    printf '#include <check.h>\nint main(void){return 0;}\n' |
        $cc -x c $(pkg-config --cflags check 2>/dev/null) -fsyntax-only - 2>/dev/null
}
have_check && exit 0

if command -v apt-get >/dev/null; then
    install="apt-get install -y check pkg-config"
elif command -v dnf >/dev/null; then
    install="dnf install -y check-devel pkgconf-pkg-config"
elif command -v pacman >/dev/null; then
    install="pacman -S --noconfirm check pkgconf"
elif command -v brew >/dev/null; then
    install="brew install check pkg-config"
else
    echo "The tests need Check (libcheck.github.io). Install it and try again." >&2
    exit 1
fi
case $install in
brew*) as_root= ;;
*) if [ "$(id -u)" = 0 ]; then as_root=; else as_root=sudo; fi ;;
esac

if [ -z "$as_root" ] || sudo -n true 2>/dev/null; then
    echo "Check is missing; installing it: $as_root $install" >&2
    # a fresh container has no package lists yet
    case $install in apt-get*) $as_root apt-get update >&2 ;; esac
    $as_root env DEBIAN_FRONTEND=noninteractive $install >&2 && have_check && exit 0
fi
echo "The tests need Check, which is not installed. Type:" >&2
echo "    $as_root $install" >&2
exit 1
