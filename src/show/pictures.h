/* pictures.h -- the pictures of a run, each one alone or in a page. Private. */
#ifndef SHOW_PICTURES_H
#define SHOW_PICTURES_H

#include "show/chart.h"
#include "show/record.h"

enum { CT_N_PICTURES = 10 };

typedef struct ct_picture {
    const char *name, *title, *reading; /* "loss"; "Loss"; what to look for */
    const char *x_name, *y_name;
    double x[2], y[2]; /* the axes hold at least this */
} ct_picture;

extern const ct_picture ct_pictures[CT_N_PICTURES];

/* Axes that hold all moments of n runs, so that neither runs nor moments move the frame; a page
 * says them to its script. */
ct_axes ct_picture_axes(int kind, const ct_record *r, int n);

void ct_picture_draw(ct_writer *w, int kind, const ct_record *r, const ct_axes *a, int moment);

/* One picture as a file of its own. Errors  CT_ERR_IO */
ct_status ct_picture_save(int kind, const ct_record *r, int moment, const char *path,
                          ct_error *err);

/* A matrix of cosines with a number for every tenth row and column and a scale of heats, in a
 * picture of CT_CHART_WIDTH x CT_CHART_HEIGHT. */
void ct_matrix_draw(ct_writer *w, const double *cosine, int n, const char *rows,
                    const char *columns);

#endif
