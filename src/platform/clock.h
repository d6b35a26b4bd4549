/* clock.h -- time and processors. Only experiment and cli may ask. Private. */
#ifndef PLATFORM_CLOCK_H
#define PLATFORM_CLOCK_H

/* Seconds since some fixed moment, never going back. */
double ct_clock_s(void);

#endif
