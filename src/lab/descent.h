/* descent.h -- embeddings without an encoder, driven down by gradient steps; and the question that
 * the project began with. Private. */
#ifndef LAB_DESCENT_H
#define LAB_DESCENT_H

#include "contrast/models.h"
#include "contrast/optim.h"
#include "formats/field.h"

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

/* Two batches x1, x2 (n, d); the loss is the cross-entropy of each row of their cosine matrix
 * against the diagonal, at temperature 1. What is its value when all vectors are equal, when they
 * are opposite, when the pairs are equal but random, and at best? */
#define CT_QUESTION_N     7
#define CT_QUESTION_D     768
#define CT_QUESTION_DRAWS 21

typedef struct ct_question {
    double all_equal;          /* every row of x1 and x2 the same */
    double all_equal_gradient; /* norm of the gradient there */
    double opposite;           /* every row of x2 minus every row of x1, all equal */
    ct_spread uniform;         /* x1 = x2 uniform in [0,1), over CT_QUESTION_DRAWS draws */
    double best;               /* reached by gradient steps on x1 and x2 themselves */
    double floor;              /* the closed form of that best: ct_simplex_floor */
    long steps;                /* how many it took */
    double similarity[CT_QUESTION_N * CT_QUESTION_N]; /* cosines at the best */
} ct_question;

extern const ct_fields ct_question_fields;

/* Errors  CT_ERR_NOMEM */
ct_status ct_question_measure(ct_device *device, uint64_t seed, ct_question *out, ct_error *err);

#endif
