/* record.h -- what a run wrote down, read back for pictures. Private. */
#ifndef SHOW_RECORD_H
#define SHOW_RECORD_H

#include "contrast/arena.h"
#include "formats/field.h"

#include <stdint.h>

enum { CT_RECORD_PAIRS = 64, CT_RECORD_BINS = 20, CT_RECORD_LAYERS = 16 };

/* A line of training. */
typedef struct ct_line {
    double step, loss, temperature;
} ct_line;

/* An evaluation. */
typedef struct ct_mark {
    double step;
    int n; /* pairs */
    double recall[2];
} ct_mark;

/* What the monitor saw of the towers' layers, those of the images first. */
typedef struct ct_layer {
    const char *weight;      /* "image.0.weight" */
    double cosine, gradient; /* mean, of the outputs of different rows; log10 of the norm of the
                                weight's gradient */
} ct_layer;

typedef struct ct_layers {
    double step;
    int n, n_images;
    ct_layer layer[2 * CT_RECORD_LAYERS];
} ct_layers;

/* A snapshot; the plane is turned so that it moves least from one to the next. */
typedef struct ct_moment {
    double step;
    const char *cosines; /* base64 of */
    uint8_t *cosine;     /* (n, n): 1 is -1, 255 is 1 */
    int n_spectrum[2], n_plane;
    double bin[2][CT_RECORD_BINS]; /* of pairs, of others */
    double spectrum[2][CT_RECORD_PAIRS];
    double plane[4 * CT_RECORD_PAIRS]; /* (side, pair, 2) */
    double share, alignment, uniformity[2];
    double spread; /* the mean of both uniformities */
} ct_moment;

/* The fixed pairs that snapshots are about. */
typedef struct ct_probe {
    int n, n_captions;
    const char *caption[CT_RECORD_PAIRS]; /* n_captions is 0 or n */
    int width, height, channels;          /* of its pictures; 0: none */
    const char *pixels_text;              /* base64 of */
    uint8_t *pixels;
} ct_probe;

typedef struct ct_record {
    const char *folder;
    const char *recipe; /* the text of recipe.ini */
    int n_lines, n_marks[2], n_layers, n_moments;
    ct_line *line;
    ct_mark *mark[2]; /* of the validation split, of the test split */
    ct_layers *layers;
    ct_moment *moment;
    ct_probe probe;

    /* What the caller knows beside it. */
    double all_equal, floor; /* landmarks of the loss                    */
    const char *hash;        /* of the weights, or NULL                  */
    const char *state, *meaning, *remedy, *evidence[8]; /* the diagnosis, or NULL */
    int n_evidence;
} ct_record;

extern const ct_fields ct_line_fields, ct_layers_fields, ct_moment_fields;

/* Errors  CT_ERR_IO; CT_ERR_FORMAT "path:line: ..."; CT_ERR_NOMEM */
ct_status ct_record_read(const char *folder, ct_arena *arena, ct_record *out, ct_error *err);

/* The snapshot nearest to a step; the layers as they were seen nearest to it, NULL if they never
 * were. */
int ct_record_nearest(const ct_record *r, double step);
const ct_layers *ct_record_layers(const ct_record *r, double step);

/* Cosine of image i and text j at a moment, as drawn. */
double ct_record_cosine(const ct_record *r, const ct_moment *m, int i, int j);

#endif
