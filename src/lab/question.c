/* question.c -- measuring the question's table.
 *
 * Layer: lab. Needs loss, optim, models (free embeddings). */
#include "lab/question.h"

#include "contrast/landmarks.h"
#include "contrast/models.h"
#include "contrast/optim.h"
#include "contrast/random.h"

#include <math.h>

#define N     CT_QUESTION_N
#define D     CT_QUESTION_D
#define STEPS 400

/* Loss of x1 = a, x2 = sign a; with `gradient`, the norm of dL/dx1. */
static double loss_of(ct_graph *g, const ct_real *a, ct_real sign, double *gradient)
{
    ct_graph_reset(g);
    ct_tensor *x1 = ct_leaf(g, N, D, a), *x2 = ct_scale(g, ct_leaf(g, N, D, a), sign);
    ct_tensor *loss = ct_loss_question(g, x1, x2, &(ct_loss_inputs){0});
    if (loss == NULL)
        return (double)NAN;
    if (gradient != NULL) {
        ct_backward(g, loss, NULL);
        *gradient = x1->dx != NULL ? ct_grad_norm(g->device, x1->dx, (size_t)N * D) : (double)NAN;
    }
    return (double)loss->x[0];
}

static void measure_landmarks(ct_graph *g, uint64_t seed, ct_real *x, ct_question *out)
{
    double draws[CT_QUESTION_DRAWS];
    for (int k = 0; k < CT_QUESTION_DRAWS; k++) {
        ct_random r = ct_random_make(seed, CT_STREAM_PROBE, (uint64_t)k);
        for (int i = 0; i < N * D; i++)
            x[i] = (ct_real)ct_random_uniform(&r);
        draws[k] = loss_of(g, x, 1, NULL);
    }
    out->uniform = ct_spread_of(draws, CT_QUESTION_DRAWS);

    for (int i = D; i < N * D; i++)
        x[i] = x[i - D]; /* every row the first one */
    out->all_equal = loss_of(g, x, 1, &out->all_equal_gradient);
    out->opposite = loss_of(g, x, -1, NULL);
}

/* Gradient steps on x1 and x2 themselves, with no encoder in between. */
static ct_status descend(ct_graph *g, ct_free_embeddings *m, ct_optim *optim, ct_question *out,
                         ct_error *err)
{
    const ct_schedule schedule = {CT_COSINE, 0.1, 0, STEPS};
    for (out->steps = 0;; out->steps++) {
        ct_graph_reset(g);
        ct_params_zero_grad(&m->params);
        ct_tensor *x1 = ct_params_tensor(g, &m->params, m->a),
                  *x2 = ct_params_tensor(g, &m->params, m->b);
        ct_tensor *loss = ct_loss_question(g, x1, x2, &(ct_loss_inputs){0});
        ct_tensor *n1 = ct_normalize_rows(g, x1, CT_NORM_EPS),
                  *n2 = ct_normalize_rows(g, x2, CT_NORM_EPS);
        ct_tensor *s = ct_matmul_nt(g, n1, n2);
        if (ct_graph_error(g) != NULL)
            return CT_FAIL(err, ct_graph_error(g)->status, "%s", ct_graph_error(g)->msg);
        out->best = (double)loss->x[0];
        for (int i = 0; i < N * N; i++)
            out->similarity[i] = (double)s->x[i];
        if (out->steps == STEPS)
            return CT_OK;
        ct_backward(g, loss, NULL);
        ct_optim_step(optim, g->device, m->params.x, ct_params_gradients(&m->params),
                      m->params.n_decay, ct_schedule_rate(&schedule, out->steps));
    }
}

static ct_status reach_best(ct_graph *g, uint64_t seed, ct_question *out, ct_error *err)
{
    const ct_optim_config config = ct_optim_defaults(CT_ADAMW);
    ct_free_embeddings m;
    ct_optim optim = {0};
    ct_status status = ct_free_embeddings_init(&m, N, D, seed, err);
    if (status == CT_OK)
        status = ct_optim_init(&optim, &config, m.params.size, err);
    if (status == CT_OK)
        status = descend(g, &m, &optim, out, err);
    ct_optim_free(&optim);
    ct_free_embeddings_free(&m);
    out->floor = ct_simplex_floor(N, 1);
    return status;
}

ct_status ct_question_measure(ct_device *device, uint64_t seed, ct_question *out, ct_error *err)
{
    ct_graph g;
    ct_real x[N * D];
    ct_graph_init(&g, device, 0);
    measure_landmarks(&g, seed, x, out);
    ct_status status = reach_best(&g, seed, out, err);
    ct_graph_free(&g);
    return status;
}
