/* avx512.c -- the kernels for AVX-512 (Intel servers since Skylake, AMD since Zen 4). */
#include "kernels/isa.h"
#ifdef K_HAVE_X86
#define K_ISA      k_isa_avx512
#define K_ISA_NAME "avx512"
#include "kernels/body.h"
#endif
