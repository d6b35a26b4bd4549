/* clock.c -- the monotonic clock of POSIX, and waiting. */
#include "platform/clock.h"

#include <time.h>

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
