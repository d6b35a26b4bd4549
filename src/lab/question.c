/* question.c -- see question.h. */
#include "lab/question.h"

#include "contrast/landmarks.h"
#include "contrast/random.h"
#include "lab/descent.h"

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

/* The loss where x2 is `sign` times x1, and no step from there. */
static double loss_at(ct_device *device, ct_free_embeddings *m, ct_real sign, ct_error *err)
{
    const ct_free_descent here = {.loss = "question", .temperature = 1};
    for (int i = 0; i < N * D; i++)
        m->params.list[m->b].x[i] = sign * m->params.list[m->a].x[i];
    return ct_descend_free(device, m, &here, err);
}

static void measure_landmarks(ct_device *device, ct_free_embeddings *m, uint64_t seed,
                              ct_question *out, ct_error *err)
{
    const ct_param *x1 = &m->params.list[m->a];
    double draws[CT_QUESTION_DRAWS];
    for (int k = 0; k < CT_QUESTION_DRAWS; k++) {
        ct_random r = ct_random_make(seed, CT_STREAM_PROBE, (uint64_t)k);
        for (int i = 0; i < N * D; i++)
            x1->x[i] = (ct_real)ct_random_uniform(&r);
        draws[k] = loss_at(device, m, 1, err);
    }
    out->uniform = ct_spread_of(draws, CT_QUESTION_DRAWS);

    for (int i = D; i < N * D; i++)
        x1->x[i] = x1->x[i - D]; /* every row the first one */
    out->opposite = loss_at(device, m, -1, err);
    out->all_equal = loss_at(device, m, 1, err);
    out->all_equal_gradient = ct_grad_norm(device, x1->dx, (size_t)N * D);
}

ct_status ct_question_measure(ct_device *device, uint64_t seed, ct_question *out, ct_error *err)
{
    /* Gradient steps on x1 and x2 themselves, with no encoder in between. */
    const ct_free_descent how = {.loss = "question", .steps = 400, .temperature = 1, .rate = 0.1};
    ct_free_embeddings m;
    ct_free_embeddings_init(&m, N, D, seed, err);
    out->floor = ct_simplex_floor(N, 1);
    out->steps = how.steps;
    out->best = ct_descend_free(device, &m, &how, err);
    for (int k = 0; k < N * N && err->status == CT_OK; k++)
        out->similarity[k] = ct_cosine(m.params.list[m.a].x + k / N * D,
                                       m.params.list[m.b].x + k % N * D, D);
    if (err->status == CT_OK)
        measure_landmarks(device, &m, seed, out, err);
    ct_free_embeddings_free(&m);
    return err->status;
}
