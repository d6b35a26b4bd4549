/* demo.h -- the trainings of `contrast demo`. Private.
 *
 * Each is a built-in recipe with some settings changed, over several seeds, so
 * that anyone can run any of them again with `contrast train`.
 */
#ifndef LAB_DEMO_H
#define LAB_DEMO_H

#include "lab/question.h"
#include "lab/search.h"
#include "lab/study.h"
#include "train/run.h"

extern const ct_study CT_DEMO_POSITIVES; /* no negatives: collapse is the optimum            */
extern const ct_study CT_DEMO_FIXES;     /* the question's loss held at ln N, and the fixes  */

/* What the tables show, in this order: ct_study_row.value. */
enum { CT_DEMO_LOSS, CT_DEMO_ALL_EQUAL, CT_DEMO_ESCAPE, CT_DEMO_RECALL };

/* The run that ends the demo: recall, cosines of a few pairs, and the pictures
 * nearest to captions that are typed in. */
#define CT_DEMO_HEALTHY  "train.steps=600" /* settings over the recipe `shapes` */
#define CT_DEMO_SHOWN    7
#define CT_DEMO_CAPTIONS 3
#define CT_DEMO_FOUND    3
extern const char *const CT_DEMO_CAPTION[CT_DEMO_CAPTIONS];

typedef struct ct_healthy {
    ct_recipe recipe;
    ct_evaluation evaluation[2]; /* test, composition                             */
    double seconds;              /* of training; with its record, if there is one */
    double similarity[CT_DEMO_SHOWN * CT_DEMO_SHOWN]; /* image i with text j, of the test split */
    ct_hit found[CT_DEMO_CAPTIONS][CT_DEMO_FOUND];    /* in the test split, nearest first */
} ct_healthy;

/* A trainer for it; *pairs is the data it runs on. The caller frees both, also after an error.
 * Then the run: recorded in `folder`, unless that is NULL; watch may be NULL. */
ct_status ct_demo_healthy_init(ct_trainer *t, ct_device *device, ct_healthy *out, ct_pairs **pairs,
                               ct_error *err);
ct_status ct_demo_healthy(ct_trainer *t, const char *folder, const ct_run_watch *watch,
                          ct_healthy *out, ct_error *err);

/* "As in the question", from seed 1, recorded in `folder`. */
ct_status ct_demo_stuck(ct_device *device, const char *folder, ct_error *err);

/* All that the demo measures. */
typedef struct ct_demo {
    ct_question question;
    ct_study_rows positives, fixes;
    ct_healthy healthy;
} ct_demo;

#endif
