/* record.h -- what a run wrote down, read back for pictures. Private. */
#ifndef SHOW_RECORD_H
#define SHOW_RECORD_H

#include "contrast/arena.h"
#include "formats/log.h"

/* A line of training. */
typedef struct ct_line {
    double step, loss, temperature, all_equal, floor;
} ct_line;

/* An evaluation. */
typedef struct ct_mark {
    double step;
    const char *split;
    int n; /* pairs */
    double recall[2];
} ct_mark;

/* Planes are turned so that they move least from one moment to the next, gradients are logarithms
 * to base 10. */
typedef struct ct_record {
    const char *folder;
    const char *recipe; /* the text of recipe.ini */
    int n_lines, n_marks[2], n_layers, n_moments;
    ct_line *line;
    ct_mark *mark[2]; /* of the validation split, of the test split */
    ct_layers *layers;
    ct_moment *moment;
    ct_probe probe;

    /* What the caller knows besides. */
    const char *hash;                                   /* of the weights, or NULL */
    const char *state, *meaning, *remedy, *evidence[8]; /* the diagnosis, or NULL */
    const char *settings;                               /* that the remedy is about, or NULL */
    int n_evidence;
} ct_record;

extern const ct_fields ct_line_fields, ct_layers_fields;

/* Errors  CT_ERR_IO; CT_ERR_FORMAT "path:line: ..."; CT_ERR_NOMEM */
ct_status ct_record_read(const char *folder, ct_arena *arena, ct_record *out, ct_error *err);

/* The snapshot nearest to a step; the layers as they were seen nearest to it, NULL if they never
 * were. */
int ct_record_nearest(const ct_record *r, double step);
const ct_layers *ct_record_layers(const ct_record *r, double step);

/* Cosine of image i and text j at a moment, as drawn. */
double ct_record_cosine(const ct_record *r, const ct_moment *m, int i, int j);

#endif
