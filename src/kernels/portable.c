/* portable.c -- the kernels in plain C, for the processor that the compiler aims
 * at by default. On 64-bit ARM that already means NEON and fma. */
#define K_ISA      k_isa_portable
#define K_ISA_NAME "portable"
#include "kernels/body.h"
