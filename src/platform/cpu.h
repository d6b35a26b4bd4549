/* cpu.h -- what this machine has. Private. */
#ifndef PLATFORM_CPU_H
#define PLATFORM_CPU_H

#include <stdbool.h>
#include <stdio.h>

bool ct_cpu_has_avx2(void);   /* AVX2 and FMA                */
bool ct_cpu_has_avx512(void); /* AVX-512 F, VL, DQ and BW    */

/* Processors that this process may use, at least 1. */
int ct_cpu_count(void);

/* Does somebody watch what is written here? */
bool ct_is_terminal(FILE *f);

#endif
