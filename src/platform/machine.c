/* machine.c -- instruction sets, processors, and the monotonic clock of POSIX.
 *
 * __builtin_cpu_supports asks the operating system too (XGETBV): a processor
 * whose wide registers the system does not save counts as one without. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "platform/machine.h"

#ifdef __linux__
#include <sched.h>
#endif
#include <time.h>
#include <unistd.h>

bool ct_cpu_has_avx2(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

bool ct_cpu_has_avx512(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
#else
    return false;
#endif
}

const char *ct_cpu_odd_arithmetic(void)
{
    volatile float least = 0x1p-126f, half = 0.5f, one = 1, less = 0x1p-25f, more = 0x1.8p-24f;
    volatile float small = least * half, same = small * one; /* a result, and an operand */
    if (small == 0 || same == 0)
        return "numbers below 1.2e-38 become zero (flush-to-zero is set)";
    volatile float up = one + less, down = -one - less, near = one + more;
    if (up != 1 || down != -1 || near != 0x1.000002p0f)
        return "results are not rounded to nearest";
    return NULL;
}

int ct_cpu_count(void)
{
#ifdef __linux__
    cpu_set_t set; /* containers and taskset give fewer than there are */
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
#endif
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int)n : 1;
}

double ct_clock_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void ct_clock_wait(double seconds)
{
    struct timespec t = {.tv_sec = (time_t)seconds};
    t.tv_nsec = (long)(1e9 * (seconds - (double)t.tv_sec));
    if (seconds > 0)
        nanosleep(&t, NULL);
}
