/* descent.c -- see descent.h. */
#include "lab/descent.h"

#include "contrast/loss.h"
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
