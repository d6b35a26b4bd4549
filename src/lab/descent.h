/* descent.h -- embeddings without an encoder, driven down by gradient steps. Private. */
#ifndef LAB_DESCENT_H
#define LAB_DESCENT_H

#include "contrast/models.h"
#include "contrast/optim.h"

/* How two tables of n rows are driven down. */
typedef struct ct_free_descent {
    const char *loss; /* of contrast/loss.h */
    int steps;
    bool plain; /* gradient descent with a constant rate; else Adam with a cosine schedule */
    double temperature, rate;
    double from;       /* 0, or the temperature at the start: it falls to `temperature` until half
                          of the steps are made */
    ct_activation map; /* turns the tables into embeddings: CT_ACT_SIGMOID, none is negative */
    const int *row_of; /* (n) or NULL: pair i of side b reads row row_of[i] < n, its group */
} ct_free_descent;

/* The answer is the loss after the last step, NaN after an error.
 * Errors  the graph's; CT_ERR_NOMEM */
double ct_descend_free(ct_device *device, ct_free_embeddings *m, const ct_free_descent *f,
                       ct_error *err);

/* Of two rows of d values; 0 where one is all zero. */
double ct_cosine(const ct_real *a, const ct_real *b, int d);

#endif
