/* optim.h -- optimisers, schedules and clipping, on flat arrays. Code in src/engine/optim.c.
 *
 * An optimiser knows nothing of models: it gets the values x, the gradients dx
 * and how many of the first ones decay (ct_params lays them out that way). */
#ifndef CT_OPTIM_H
#define CT_OPTIM_H

#include "contrast/device.h"
#include "contrast/real.h"
#include "contrast/status.h"

#include <stdbool.h>
#include <stddef.h>

CT_C_BEGIN

typedef enum ct_optim_kind {
    CT_SGD,   /* v = momentum v + g + decay x;  x -= rate v
                 (torch.optim.SGD: coupled decay, dampening 0)                */
    CT_ADAMW, /* m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2;
                 x -= rate decay x;  x -= rate mhat / (sqrt(vhat) + eps)
                 (Loshchilov and Hutter 2019; torch.optim.AdamW)              */
} ct_optim_kind;

typedef struct ct_optim_config {
    ct_optim_kind kind;
    double momentum;     /* SGD; default 0                     */
    double beta1, beta2; /* AdamW; defaults 0.9, 0.999         */
    double eps;          /* AdamW; default 1e-8                */
    double weight_decay; /* default 0                          */
} ct_optim_config;

typedef struct ct_optim {
    ct_optim_config config;
    size_t size;
    long step;       /* updates made                           */
    ct_real *m, *v;  /* moments (size); SGD uses m alone, v NULL */
    double b1t, b2t; /* beta1^step, beta2^step; betas as ct_real */
} ct_optim;

ct_optim_config ct_optim_defaults(ct_optim_kind kind);

/* Asserts for AdamW that, as ct_real, 0 <= beta1, beta2 < 1 and eps > 0.
 * Errors  CT_ERR_NOMEM.  Free with ct_optim_free. */
ct_status ct_optim_init(ct_optim *o, const ct_optim_config *config, size_t size, ct_error *err);
void ct_optim_free(ct_optim *o);

/* One update of x (size) from dx (size) at learning rate `rate`; weight decay
 * on the first n_decay values. */
void ct_optim_step(ct_optim *o, ct_device *device, ct_real *x, const ct_real *dx, size_t n_decay,
                   double rate);

typedef enum ct_schedule_kind { CT_CONSTANT, CT_COSINE } ct_schedule_kind; /* of the rate */

typedef struct ct_schedule {
    ct_schedule_kind kind;
    double rate; /* peak                                         */
    long warmup; /* steps of linear rise: rate (step+1) / warmup */
    long steps;  /* all steps; cosine falls to 0 at this one     */
} ct_schedule;

double ct_schedule_rate(const ct_schedule *s, long step); /* of step 0, 1, 2, ... */

double ct_grad_norm(ct_device *device, const ct_real *dx, size_t size); /* Euclidean */

/* Scale dx by max_norm / norm if norm > max_norm > 0 (torch clip_grad_norm_). A
 * norm that is NaN or infinite changes nothing: the trainer stops there. */
void ct_grad_clip(ct_device *device, ct_real *dx, size_t size, double norm, double max_norm);

CT_C_END
#endif
