/* spreads.h -- medians and ranges over seeds, one line each, on a common axis. Private. */
#ifndef REPORT_SPREADS_H
#define REPORT_SPREADS_H

#include "formats/field.h"
#include "show/chart.h"

#define CT_SPREADS 40 /* lines of one picture */

typedef struct ct_spread_line {
    const char *label;
    ct_spread
        measured; /* an infinite median: half of the runs or more never got there; NaN: diverged */
    double expected; /* NaN: nothing is expected */
} ct_spread_line;

/* "0.9 [0.8, 1]", or in words what is not finite. */
void ct_spread_text(char *out, size_t size, ct_spread x);

/* A whole <figure>; `name` is what the axis says. */
void ct_spreads_figure(ct_writer *page, const char *name, const ct_spread_line *line, int n);

#endif
