/* live.h -- a training while it runs, redrawn in place. Private.
 *
 * No mode of the terminal is changed (no other screen, no hidden cursor) and every frame
 * ends with plain colours, so there is nothing to restore however the program ends. */
#ifndef SHOW_LIVE_H
#define SHOW_LIVE_H

#include "formats/log.h"
#include "show/terminal.h"

enum { CT_LIVE_HISTORY = 256 };

typedef struct ct_live {
    double loss[CT_LIVE_HISTORY]; /* means over `stride` steps each */
    int n;
    long stride, in_last;

    /* What a frame shows besides. */
    long steps;                                                  /* of the whole run */
    double now, temperature, all_equal, floor, pairs_per_second; /* now: the loss of the step */
    const char *state, *meaning;
    const ct_moment *moment;
    const double *cosine; /* image i, text j */
    int n_pairs;
} ct_live;

/* A step's loss; when the history is full, neighbours are joined. */
void ct_live_loss(ct_live *l, double loss);

/* The whole screen of `columns` x `lines`. */
void ct_live_draw(const ct_terminal *t, const ct_live *l, int columns, int lines);

#endif
