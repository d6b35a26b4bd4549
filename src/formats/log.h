/* log.h -- lines of a run's log: how they are written and read, and those that become pictures, as
 * data. Private.
 *
 * train fills these structs and writes them by their fields; show reads them back by the same. */
#ifndef FORMATS_LOG_H
#define FORMATS_LOG_H

#include "formats/field.h"
#include "platform/file.h"

/* A file of lines, each an object of JSON that is written whole or not at all. */
typedef struct ct_log {
    ct_writer writer; /* opened by the user */
    ct_json line;
} ct_log;

/* A line of these members; a `kind` that is not NULL comes before them. */
void ct_log_put(ct_log *log, const char *kind, const ct_fields *fields, const void *object);
ct_status ct_log_close(ct_log *log);

/* The line at *text, which moves to the next, into `object`; false if it is not whole. */
bool ct_log_next(char **text, const ct_fields *fields, void *object);

enum {
    CT_PROBE = 32,      /* most pairs of the probe */
    CT_PROBE_SIDE = 32, /* most pixels of a side of its pictures */
    CT_PROBE_BINS = 20, /* of cosines in [-1, 1] */
    CT_LOG_LAYERS = 32, /* most layers of both towers */
};

/* The fixed pairs that moments are about. */
typedef struct ct_probe {
    int n;
    const char *split;
    int n_captions; /* 0 or n */
    const char *caption[CT_PROBE];
    int width, height, channels, n_pixels; /* 0: no pictures */
    const uint8_t *pixels;                 /* (n, height, width, channels) */
} ct_probe;

/* How they lie after a step. */
typedef struct ct_moment {
    double step;
    int n_cosines, n_spectrum[2], n_plane;
    const uint8_t *cosine;           /* (n, n) of image i and text j: 1 is -1, 128 is 0, 255 is 1 */
    double bin[2][CT_PROBE_BINS];    /* shares: cosines of pairs; of others, where pairs of equal
                                        group are neither */
    double spectrum[2][CT_PROBE];    /* singular values of the centred unit rows */
    double plane[4 * CT_PROBE];      /* (side, pair, 2) on the two principal components of all unit
                                        rows; signs are free */
    double share;                    /* of the variance that the plane shows */
    double alignment, uniformity[2]; /* as in contrast/measures.h */
    double spread;                   /* mean of both uniformities; not in the log */
} ct_moment;

/* Dense layers of the towers, those of the images first. */
typedef struct ct_layer {
    const char *weight;     /* "image.0.weight" */
    double gradient;        /* norm of the weight's gradient */
    double cosine;          /* mean, of the outputs of different rows */
    double dead, saturated; /* shares: of units that are 0 for every row (ReLU); of outputs within
                               0.01 of an end (sigmoid, tanh) */
} ct_layer;

typedef struct ct_layers {
    double step;
    int n, n_images; /* n_images: not in the log */
    ct_layer layer[CT_LOG_LAYERS];
} ct_layers;

extern const ct_fields ct_probe_fields, ct_moment_fields, ct_layer_fields;

#endif
