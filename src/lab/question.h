/* question.h -- the question that the project began with, which opens `contrast demo`. Private.
 *
 * Two batches x1, x2 (n, d); the loss is the cross-entropy of each row of their cosine matrix
 * against the diagonal, at temperature 1. What is its value when all vectors are equal, when they
 * are opposite, when the pairs are equal but random, and at best?
 */
#ifndef LAB_QUESTION_H
#define LAB_QUESTION_H

#include "contrast/device.h"
#include "formats/field.h"

#define CT_QUESTION_N 7
#define CT_QUESTION_D 768

typedef struct ct_question {
    double all_equal;          /* every row of x1 and x2 the same                     */
    double all_equal_gradient; /* norm of the gradient there                      */
    double opposite;           /* every row of x2 minus every row of x1, all equal    */
    ct_spread uniform;         /* x1 = x2 uniform in [0,1), over CT_QUESTION_DRAWS draws */
    double best;               /* reached by gradient steps on x1 and x2 themselves   */
    double floor;              /* the closed form of that best: ct_simplex_floor      */
    long steps;                /* how many it took                                    */
    double similarity[CT_QUESTION_N * CT_QUESTION_N]; /* cosines at the best      */
} ct_question;

#define CT_QUESTION_DRAWS 21

extern const ct_fields ct_question_fields;

/* Errors  CT_ERR_NOMEM */
ct_status ct_question_measure(ct_device *device, uint64_t seed, ct_question *out, ct_error *err);

#endif
