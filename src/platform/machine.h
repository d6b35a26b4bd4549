/* machine.h -- what this machine has: arithmetic, processors, time, terminals. Private. Results
 * must not depend on it. */
#ifndef PLATFORM_MACHINE_H
#define PLATFORM_MACHINE_H

#include <stdbool.h>
#include <stdio.h>

/* NULL, or what is unusual about this thread's floating-point state: small numbers become zero,
 * or results are not rounded to nearest. A host program may have set that; numbers then differ
 * from those of other machines. */
const char *ct_cpu_odd_arithmetic(void);

bool ct_cpu_has_avx2(void);   /* AVX2 and FMA                */
bool ct_cpu_has_avx512(void); /* AVX-512 F, VL, DQ and BW    */

/* Processors that this process may use, at least 1. */
int ct_cpu_count(void);

/* Seconds since some fixed moment, never going back; to wait so many, if they are more than 0,
 * until a signal ends it. */
double ct_clock_s(void);
void ct_clock_wait(double seconds);

/* Does somebody watch what is written here (terminal.c)? The size of that terminal now; false, and
 * nothing changed, if it is none or does not say. */
bool ct_is_terminal(FILE *f);
bool ct_terminal_size(FILE *f, int *columns, int *lines);

#endif
