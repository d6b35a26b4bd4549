/* spreads.h -- medians and ranges over seeds, one line each, on a common axis. Private. */
#ifndef REPORT_SPREADS_H
#define REPORT_SPREADS_H

#include "experiment/trials.h"
#include "report/svg.h"

#define CT_SPREADS 40 /* lines of one picture */

typedef struct ct_spread_line {
    const char *label;
    ct_spread   measured; /* median NaN or infinite: "never" stands in its place */
    double      expected; /* NaN: nothing is expected */
} ct_spread_line;

/* A whole <figure>; `name` is what the axis says. */
void ct_spreads_figure(ct_svg *page, const char *name, const ct_spread_line *line, int n);

#endif
