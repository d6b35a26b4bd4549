/* live.h -- a training while it runs, redrawn in place. Private.
 *
 * No mode of the terminal is changed (no other screen, no hidden cursor) and every frame
 * ends with plain colours, so there is nothing to restore however the program ends. */
#ifndef SHOW_LIVE_H
#define SHOW_LIVE_H

#include "show/terminal.h"

enum { CT_LIVE_HISTORY = 256 };

typedef struct ct_live {
    double loss[CT_LIVE_HISTORY]; /* means over `stride` steps each */
    int n;
    long stride, in_last;
    double all_equal, floor;
} ct_live;

/* A step's loss; when the history is full, neighbours are joined. */
void ct_live_loss(ct_live *l, double loss);

/* What a frame shows beside the history. */
typedef struct ct_live_frame {
    long step, steps;
    double loss, temperature, pairs_per_second;
    const char *state, *meaning;
    int n, n_bins, n_sigma;
    const double *cosine;            /* (n, n) image i, text j */
    const double *bin[2], *sigma[2]; /* cosines of pairs, of others; singular values of each side */
} ct_live_frame;

/* The whole screen of `columns` x `lines`. */
void ct_live_draw(const ct_terminal *t, const ct_live *l, const ct_live_frame *f, int columns,
                  int lines);

#endif
