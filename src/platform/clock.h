/* clock.h -- time and processors. Only experiment and cli may ask. Private. */
#ifndef PLATFORM_CLOCK_H
#define PLATFORM_CLOCK_H

/* Seconds since some fixed moment, never going back. */
double ct_clock_s(void);

/* Wait so many seconds, if they are more than 0; a signal ends it early. */
void ct_clock_wait(double seconds);

#endif
