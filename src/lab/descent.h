/* descent.h -- parameters without a trainer, driven down by gradient steps. Private. */
#ifndef LAB_DESCENT_H
#define LAB_DESCENT_H

#include "contrast/models.h"
#include "contrast/optim.h"

typedef struct ct_descent {
    ct_optim_kind optimiser;
    ct_schedule schedule; /* with the number of steps */
    /* The loss at p, of which so many updates were made. */
    ct_tensor *(*loss)(void *ctx, ct_graph *g, ct_params *p, long step);
    void *ctx;
} ct_descent;

/* Make schedule.steps updates of p; the answer is the loss after the last, NaN after an error.
 * Errors  the graph's; CT_ERR_NOMEM */
double ct_descend(ct_device *device, ct_params *p, const ct_descent *d, ct_error *err);

/* How embeddings without an encoder, two tables of n rows, are driven down. */
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

/* The loss at the end. */
double ct_descend_free(ct_device *device, ct_free_embeddings *m, const ct_free_descent *f,
                       ct_error *err);

/* Of two rows of d values, neither all zero. */
double ct_cosine(const ct_real *a, const ct_real *b, int d);

#endif
