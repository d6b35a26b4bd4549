/* descent.c -- see descent.h. */
#include "lab/descent.h"

#include "contrast/landmarks.h"
#include "contrast/loss.h"
#include "contrast/random.h"
#include "contrast/scalar.h"

#include <math.h>

#define MOST_ROWS 1023

/* From f->from to f->temperature in the first half of the steps. */
static double log_scale_at(const ct_free_descent *f, long step)
{
    const double cooled = 2.0 * (double)step < f->steps ? 2.0 * (double)step / f->steps : 1;
    const double from = f->from > 0 ? f->from : f->temperature;
    return -((1 - cooled) * ct_scalar_log(from) + cooled * ct_scalar_log(f->temperature));
}

/* The loss at m; `row` is 0, 1, ...: bags of one row each. */
static ct_tensor *loss_at(ct_graph *g, ct_free_embeddings *m, const ct_free_descent *f,
                          const int *row, const ct_real *log_scale)
{
    ct_tensor *a = ct_params_tensor(g, &m->params, m->a);
    ct_tensor *b = ct_params_tensor(g, &m->params, m->b);
    if (f->row_of != NULL)
        b = ct_embedding_bag(g, b, m->params.list[m->a].rows, row, f->row_of);
    if (f->map != CT_ACT_NONE) {
        a = ct_activate(g, a, f->map);
        b = ct_activate(g, b, f->map);
    }
    const ct_loss_inputs in = {.log_scale = ct_constant(g, 1, 1, log_scale), .group = f->row_of};
    return ct_loss_find(f->loss)->apply(g, a, b, &in);
}

double ct_descend_free(ct_device *device, ct_free_embeddings *m, const ct_free_descent *f,
                       ct_error *err)
{
    const ct_optim_config config = ct_optim_defaults(f->plain ? CT_SGD : CT_ADAMW);
    const ct_schedule schedule = {f->plain ? CT_CONSTANT : CT_COSINE, f->rate, 0, f->steps};
    ct_params *p = &m->params;
    ct_optim optim = {0};
    ct_graph g;
    double loss = (double)NAN;
    int row[MOST_ROWS + 1];
    CT_ASSERT(p->list[m->a].rows <= MOST_ROWS);
    for (int i = 0; i <= MOST_ROWS; i++)
        row[i] = i;
    ct_graph_init(&g, device, 0);
    if (err->status == CT_OK)
        ct_optim_init(&optim, &config, p->size, err);
    for (long step = 0; step <= f->steps && err->status == CT_OK; step++) {
        const ct_real log_scale = (ct_real)log_scale_at(f, step);
        ct_graph_reset(&g);
        ct_params_zero_grad(p);
        ct_tensor *l = loss_at(&g, m, f, row, &log_scale);
        ct_backward(&g, l, NULL);
        const ct_error *bad = ct_graph_error(&g);
        if (bad != NULL)
            CT_FAIL(err, bad->status, "%s", bad->msg);
        else if (step < f->steps)
            ct_optim_step(&optim, device, p->x, ct_params_gradients(p), p->n_decay,
                          ct_schedule_rate(&schedule, step));
        else
            loss = (double)l->x[0];
    }
    ct_optim_free(&optim);
    ct_graph_free(&g);
    return loss;
}

double ct_cosine(const ct_real *a, const ct_real *b, int d)
{
    double ab = 0, aa = 0, bb = 0;
    for (int j = 0; j < d; j++) {
        ab += (double)a[j] * (double)b[j];
        aa += (double)a[j] * (double)a[j];
        bb += (double)b[j] * (double)b[j];
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

/* ---- the question ---- */

#define N CT_QUESTION_N
#define D CT_QUESTION_D

#define NUMBER(member) .key = #member, .kind = CT_REAL, CT_AT(ct_question, member)

static const ct_field ROWS[] = {
    {NUMBER(all_equal)},
    {NUMBER(all_equal_gradient)},
    {NUMBER(opposite)},
    {CT_ROW("uniform", CT_REAL, ct_question, uniform.median)},
    {CT_ROW("uniform_least", CT_REAL, ct_question, uniform.least)},
    {CT_ROW("uniform_most", CT_REAL, ct_question, uniform.most)},
    {NUMBER(best)},
    {NUMBER(floor)},
};
const ct_fields ct_question_fields = CT_FIELDS(ROWS);

/* The loss where x2 is `sign` times x1, and no step from there. */
static double question_at(ct_device *device, ct_free_embeddings *m, ct_real sign, ct_error *err)
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
        draws[k] = question_at(device, m, 1, err);
    }
    out->uniform = ct_spread_of(draws, CT_QUESTION_DRAWS);

    for (int i = D; i < N * D; i++)
        x1->x[i] = x1->x[i - D]; /* every row the first one */
    out->opposite = question_at(device, m, -1, err);
    out->all_equal = question_at(device, m, 1, err);
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
