/* gather.h -- items of one side become the batch that a tower reads: the one place where data meets
 * models. Private to train/. */
#ifndef TRAIN_GATHER_H
#define TRAIN_GATHER_H

#include "contrast/data.h"
#include "contrast/models.h"

typedef struct ct_gather {
    const ct_pairs *pairs; /* borrowed, as is the device */
    ct_device *device;
    int side;
    ct_tokens tokens;         /* of captions */
    ct_real *x;               /* (rows, dim): numbers */
    int *offset, *id, *which; /* bags of ids */
} ct_gather;

/* For at most `rows` items at once; arrays live in the arena. Close also after an error.
 * Errors  CT_ERR_NOMEM */
ct_status ct_gather_open(ct_gather *g, const ct_pairs *pairs, int side, const ct_text_config *text,
                         int rows, ct_device *device, ct_arena *arena, ct_error *err);
void ct_gather_close(ct_gather *g);

/* Valid until the next call. Errors, of a side that is in a file  CT_ERR_IO, CT_ERR_FORMAT */
ct_batch_side ct_gather_items(ct_gather *g, const ct_standard *standard, const int *items, int n,
                              ct_error *err);

#endif
