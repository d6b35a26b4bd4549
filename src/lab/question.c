/* question.c -- see question.h. */
#include "lab/question.h"

#include "contrast/landmarks.h"
#include "contrast/random.h"
#include "lab/descent.h"

#include <math.h>

#define N CT_QUESTION_N
#define D CT_QUESTION_D

#define NUMBER(member) .key = #member, .kind = CT_REAL, CT_AT(ct_question, member)

static const ct_field ROWS[] = {
    {NUMBER(all_equal)},
    {NUMBER(all_equal_gradient)},
    {NUMBER(opposite)},
    {.key = "uniform", .kind = CT_REAL, CT_AT(ct_question, uniform.median)},
    {.key = "uniform_least", .kind = CT_REAL, CT_AT(ct_question, uniform.least)},
    {.key = "uniform_most", .kind = CT_REAL, CT_AT(ct_question, uniform.most)},
    {NUMBER(best)},
    {NUMBER(floor)},
};
const ct_fields ct_question_fields = CT_FIELDS(ROWS);

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

static void measure_landmarks(ct_graph *g, uint64_t seed, ct_question *out)
{
    double draws[CT_QUESTION_DRAWS];
    ct_real x[N * D];
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
static void descend(ct_device *device, uint64_t seed, ct_question *out, ct_error *err)
{
    const ct_free_descent how = {.loss = "question", .steps = 400, .temperature = 1, .rate = 0.1};
    ct_free_embeddings m;
    ct_free_embeddings_init(&m, N, D, seed, err);
    out->best = ct_descend_free(device, &m, &how, err);
    for (int k = 0; k < N * N && err->status == CT_OK; k++)
        out->similarity[k] = ct_cosine(m.params.list[m.a].x + k / N * D,
                                       m.params.list[m.b].x + k % N * D, D);
    ct_free_embeddings_free(&m);
    out->steps = how.steps;
}

ct_status ct_question_measure(ct_device *device, uint64_t seed, ct_question *out, ct_error *err)
{
    ct_graph g;
    ct_graph_init(&g, device, 0);
    measure_landmarks(&g, seed, out);
    ct_graph_free(&g);
    descend(device, seed, out, err);
    out->floor = ct_simplex_floor(N, 1);
    return err->status;
}
