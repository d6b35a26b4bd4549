/* descent.c -- see descent.h.
 *
 * Layer: lab. */
#include "lab/descent.h"

#include "contrast/loss.h"
#include "contrast/scalar.h"

#include <math.h>

#define MOST_ROWS 1023

double ct_descend(ct_device *device, ct_params *p, const ct_descent *d, ct_error *err)
{
    const ct_optim_config config = ct_optim_defaults(d->optimiser);
    ct_optim optim = {0};
    ct_graph g;
    double loss = (double)NAN;
    if (err->status != CT_OK)
        return loss;
    ct_graph_init(&g, device, 0);
    ct_optim_init(&optim, &config, p->size, err);
    for (long step = 0; step <= d->schedule.steps && err->status == CT_OK; step++) {
        ct_graph_reset(&g);
        ct_params_zero_grad(p);
        ct_tensor *l = d->loss(d->ctx, &g, p, step);
        ct_backward(&g, l, NULL);
        const ct_error *bad = ct_graph_error(&g);
        if (bad != NULL)
            CT_FAIL(err, bad->status, "%s", bad->msg);
        else if (step < d->schedule.steps)
            ct_optim_step(&optim, device, p->x, ct_params_gradients(p), p->n_decay,
                          ct_schedule_rate(&d->schedule, step));
        else
            loss = (double)l->x[0];
    }
    ct_optim_free(&optim);
    ct_graph_free(&g);
    return loss;
}

/* ---- free embeddings ---- */

typedef struct free_rows {
    const ct_free_descent *how;
    const ct_free_embeddings *m;
    int n;
    ct_real log_scale;
    int offset[MOST_ROWS + 1]; /* bags of one row */
} free_rows;

static ct_tensor *free_loss(void *ctx, ct_graph *g, ct_params *p, long step)
{
    free_rows *rows = ctx;
    const ct_free_descent *f = rows->how;
    const double cooled = 2.0 * (double)step < f->steps ? 2.0 * (double)step / f->steps : 1;
    const double from = f->from > 0 ? f->from : f->temperature;
    rows->log_scale = (ct_real) -
                      ((1 - cooled) * ct_scalar_log(from) + cooled * ct_scalar_log(f->temperature));
    ct_tensor *a = ct_params_tensor(g, p, rows->m->a);
    ct_tensor *b = ct_params_tensor(g, p, rows->m->b);
    if (f->row_of != NULL)
        b = ct_embedding_bag(g, b, rows->n, rows->offset, f->row_of);
    if (f->map != CT_ACT_NONE) {
        a = ct_activate(g, a, f->map);
        b = ct_activate(g, b, f->map);
    }
    const ct_loss_inputs in = {.log_scale = ct_constant(g, 1, 1, &rows->log_scale),
                               .group = f->row_of};
    return ct_loss_find(f->loss)->apply(g, a, b, &in);
}

double ct_descend_free(ct_device *device, ct_free_embeddings *m, const ct_free_descent *f,
                       ct_error *err)
{
    free_rows rows = {.how = f, .m = m, .n = m->params.list[m->a].rows};
    const ct_descent d = {.optimiser = f->plain ? CT_SGD : CT_ADAMW,
                          .schedule = {f->plain ? CT_CONSTANT : CT_COSINE, f->rate, 0, f->steps},
                          .loss = free_loss,
                          .ctx = &rows};
    CT_ASSERT(rows.n <= MOST_ROWS);
    for (int i = 0; i <= rows.n; i++)
        rows.offset[i] = i;
    return ct_descend(device, &m->params, &d, err);
}

double ct_cosine(const ct_real *a, const ct_real *b, int d)
{
    double ab = 0, aa = 0, bb = 0;
    for (int j = 0; j < d; j++) {
        ab += (double)a[j] * (double)b[j];
        aa += (double)a[j] * (double)a[j];
        bb += (double)b[j] * (double)b[j];
    }
    return ab / sqrt(aa * bb);
}
