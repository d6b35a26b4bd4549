/* demo.h -- what `contrast demo` measures: the question that the project began with, two studies
 * (lessons/demo.txt), and a healthy run. Private.
 *
 * Two batches x1, x2 (n, d); the loss is the cross-entropy of each row of their cosine matrix
 * against the diagonal, at temperature 1. What is its value when all vectors are equal, when they
 * are opposite, when the pairs are equal but random, and at best?
 */
#ifndef LAB_DEMO_H
#define LAB_DEMO_H

#include "lab/search.h"
#include "lab/study.h"
#include "train/run.h"

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

/* The studies, and of both tables the measures in this order: ct_study_row.value. */
enum { CT_DEMO_POSITIVES, CT_DEMO_FIXES, CT_DEMO_STUDIES };
enum { CT_DEMO_LOSS, CT_DEMO_ALL_EQUAL, CT_DEMO_ESCAPE, CT_DEMO_RECALL };

/* The run that ends the demo: recall, cosines of a few pairs, and the pictures
 * nearest to captions that are typed in. */
#define CT_DEMO_HEALTHY  "train.steps=600" /* settings over the recipe `shapes` */
#define CT_DEMO_SHOWN    7
#define CT_DEMO_CAPTIONS 3
#define CT_DEMO_FOUND    3
extern const char *const CT_DEMO_CAPTION[CT_DEMO_CAPTIONS];

typedef struct ct_healthy {
    ct_evaluation evaluation[2]; /* test, composition                             */
    double seconds;              /* of training; with its record, if there is one */
    double similarity[CT_DEMO_SHOWN * CT_DEMO_SHOWN]; /* image i with text j, of the test split */
    ct_hit found[CT_DEMO_CAPTIONS][CT_DEMO_FOUND];    /* in the test split, nearest first */
} ct_healthy;

/* Train it: recorded in `folder`, unless that is NULL; watch may be NULL. */
ct_status ct_demo_healthy(ct_trainer *t, const char *folder, const ct_run_watch *watch,
                          ct_healthy *out, ct_error *err);

/* "As in the question", from seed 1, recorded in `folder`. */
ct_status ct_demo_stuck(ct_device *device, const char *folder, ct_error *err);

/* All that the demo measures. */
typedef struct ct_demo {
    ct_question question;
    ct_study_rows study[CT_DEMO_STUDIES];
    ct_healthy healthy;
} ct_demo;

#endif
