/* cpu.h -- what this machine has. Private. */
#ifndef PLATFORM_CPU_H
#define PLATFORM_CPU_H

#include <stdbool.h>

/* NULL, or what is unusual about this thread's floating-point state: small numbers become zero,
 * or results are not rounded to nearest. A host program may have set that; numbers then differ
 * from those of other machines. */
const char *ct_cpu_odd_arithmetic(void);

bool ct_cpu_has_avx2(void);   /* AVX2 and FMA                */
bool ct_cpu_has_avx512(void); /* AVX-512 F, VL, DQ and BW    */

/* Processors that this process may use, at least 1. */
int ct_cpu_count(void);

#endif
