/* avx2.c -- the kernels for AVX2 and FMA (Intel since Haswell 2013, AMD since Zen). */
#include "kernels/isa.h"
#ifdef K_HAVE_X86
#define K_ISA      k_isa_avx2
#define K_ISA_NAME "avx2"
#include "kernels/body.h"
#endif
