/* pictures.h -- the pictures of a run, each one alone or in a page. Private. */
#ifndef REPORT_PICTURES_H
#define REPORT_PICTURES_H

#include "show/record.h"
#include "show/svg.h"

#define CT_PICTURE_WIDTH  400
#define CT_PICTURE_HEIGHT 300

typedef enum ct_picture {
    CT_PICTURE_LOSS,
    CT_PICTURE_RECALL,
    CT_PICTURE_TEMPERATURE,
    CT_PICTURE_MATRIX,
    CT_PICTURE_HISTOGRAM,
    CT_PICTURE_PLANE,
    CT_PICTURE_SPECTRUM,
    CT_PICTURE_PATH,
    CT_PICTURE_LAYERS,
    CT_PICTURE_GRADIENTS,
    CT_N_PICTURES
} ct_picture;

/* "loss"; "Loss, beside ..."; what to look for. */
typedef struct ct_picture_text {
    const char *name, *title, *reading;
} ct_picture_text;
const ct_picture_text *ct_picture_describe(ct_picture kind);

/* What the axes must hold for all of n runs. */
typedef struct ct_ranges {
    double steps, loss, temperature, bin, sigma, plane, alignment, uniformity, cosine,
        gradient[2]; /* cosine: the least of a layer; gradient: least, most */
    int n_sigma, n_layers;
} ct_ranges;
ct_ranges ct_picture_ranges(const ct_record *r, int n);

/* Draw into an open SVG; the frame is told, so that a script can move what is in it. */
ct_axes ct_picture_axes(ct_picture kind, const ct_record *r, const ct_ranges *ranges);
void ct_picture_draw(ct_svg *s, ct_picture kind, const ct_record *r, const ct_ranges *ranges,
                     int moment);

/* One picture as a file of its own. Errors  CT_ERR_IO */
ct_status ct_picture_save(ct_picture kind, const ct_record *r, int moment, const char *path,
                          ct_error *err);

#endif
