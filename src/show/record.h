/* record.h -- what a run wrote down, read back for pictures. Private. */
#ifndef REPORT_RECORD_H
#define REPORT_RECORD_H

#include "contrast/arena.h"
#include "contrast/status.h"

#include <stdint.h>

enum { CT_RECORD_PAIRS = 64, CT_RECORD_BINS = 20, CT_RECORD_LAYERS = 16 };

/* A line of snapshots.jsonl; the plane is turned so that it moves least from one to the next. */
typedef struct ct_moment {
    long step;
    uint8_t *cosine;   /* (n, n): 1 is -1, 255 is 1 */
    char *cosine_text; /* the same in base64   */
    double bin[2][CT_RECORD_BINS];
    int n_sigma;
    double sigma[2][CT_RECORD_PAIRS];
    double plane[2][CT_RECORD_PAIRS][2];
    double share, alignment, uniformity[2];
} ct_moment;

/* An evaluation. */
typedef struct ct_mark {
    long step;
    char split[16];
    int n;
    double recall[2];
} ct_mark;

/* What the monitor saw of the towers' layers, side by side. */
typedef struct ct_layers {
    long step;
    int n[2];                             /* layers                               */
    double cosine[2][CT_RECORD_LAYERS];   /* mean, of the outputs of different rows */
    double gradient[2][CT_RECORD_LAYERS]; /* log10 of the norm of the weight's gradient */
} ct_layers;

typedef struct ct_record {
    const char *folder;
    const char *recipe; /* the text of recipe.ini */
    int n_lines;
    double *step, *loss, *temperature;
    int n_marks;
    ct_mark *mark;
    int n_layers; /* how often they were seen */
    ct_layers *layers;
    int n;                       /* pairs of the probe; 0: there are no snapshots */
    char **caption;              /* (n) or NULL */
    int width, height, channels; /* of its pictures; 0: none */
    uint8_t *pixels;
    int n_moments;
    ct_moment *moment;

    /* What the caller knows beside it. */
    double all_equal, floor; /* landmarks of the loss                    */
    const char *hash;        /* of the weights, or NULL                  */
    const char *state, *meaning, *remedy, *evidence[8]; /* the diagnosis, or NULL */
    int n_evidence;
} ct_record;

/* Errors  CT_ERR_IO; CT_ERR_FORMAT "path:line: ..."; CT_ERR_NOMEM */
ct_status ct_record_read(const char *folder, ct_arena *arena, ct_record *out, ct_error *err);

/* The snapshot nearest to a step. */
int ct_record_nearest(const ct_record *r, long step);

/* The layers as they were seen nearest to a step, NULL if they never were. */
const ct_layers *ct_record_layers(const ct_record *r, long step);

/* Cosine of image i and text j at a moment, as drawn. */
double ct_record_cosine(const ct_record *r, const ct_moment *m, int i, int j);

#endif
