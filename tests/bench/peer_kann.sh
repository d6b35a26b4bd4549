#!/bin/sh
# peer_kann.sh KANN PROGRAM -- build PROGRAM, the training step in KANN, from the folder KANN with its
# source (https://github.com/attractivechaos/kann). BLAS holds flags for a CBLAS; -lopenblas is tried.
set -eu
kann=$1 program=$2 here=$(dirname "$0")
for file in kann.c kann.h kautodiff.c kautodiff.h; do
  [ -r "$kann/$file" ] || { echo "peer_kann.sh: $kann has no $file" >&2; exit 1; }
done
build() { "$CC" -O3 -march=native -w -I"$kann" "$@" -lm -lpthread; }
CC=${CC:-cc} CC=${CC#ccache }
set -- "$here/peer_kann.c" "$kann/kann.c" "$kann/kautodiff.c" -o "$program"
# shellcheck disable=SC2086 # flags
if build -DHAVE_CBLAS "$@" ${BLAS:--lopenblas} 2>/dev/null; then
  echo "KANN with BLAS"
else
  build "$@"
  echo "KANN with its own loops, no BLAS found"
fi
