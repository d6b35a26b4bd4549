/* broken.c -- mistakes made on purpose, each with the number that gives it away.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/loss.h"
#include "contrast/measures.h"
#include "contrast/ops.h"
#include "contrast/random.h"
#include "contrast/scalar.h"

#include <math.h>

enum { N = 32, D = 64 };

static double value_of(const ct_tensor *l)
{
    return l != NULL ? (double)l->x[0] : (double)NAN;
}

/* InfoNCE whose softmax runs down the columns of S: for pairs, that of the other direction. */
static ct_tensor *over_columns(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return ct_loss_infonce(g, b, a, in);
}

/* The softmax of aligned pairs over the wrong thing: over all cells at once, and of what is a
 * softmax already. */
static void wrong_softmax(ct_lesson_run *run, ct_graph *g, ct_tensor *x)
{
    double cells = 0, twice = 0;
    ct_tensor *u = ct_normalize_rows(g, x, CT_NORM_EPS);
    ct_tensor *z = ct_scale(g, ct_matmul_nt(g, u, u), (ct_real)(1 / 0.07)),
              *p = ct_softmax_rows(g, z);
    for (int i = 0; p != NULL && i < N; i++) {
        double again = 0;
        for (int j = 0; j < N; j++) { /* less the diagonal's, which are all the same */
            cells += ct_scalar_exp((double)z->x[i * N + j] - 1 / 0.07);
            again += ct_scalar_exp((double)p->x[i * N + j]);
        }
        twice += (ct_scalar_log(again) - (double)p->x[i * N + i]) / N;
    }
    ct_row_exact(ct_lesson_add(run, "aligned pairs, softmax over all cells: ln N instead of 0"),
                 ct_scalar_log(cells), ct_scalar_log(N), 1e-2);
    ct_row_exact(ct_lesson_add(run, "... softmax of a softmax: ln(e + N - 1) - 1; ln N is %.3f",
                               ct_scalar_log(N)),
                 twice, ct_scalar_log(ct_scalar_exp(1) + N - 1) - 1, 1e-2);
}

/* Columns for rows: nothing to see where S is symmetric. Where all of b is equal, no row can tell
 * its own, ln N; a column of unequal rows is worse than that. */
static void wrong_axis(ct_lesson_run *run, ct_graph *g, ct_tensor *x, const ct_loss_inputs *in)
{
    static const int first[N] = {0}; /* every bag holds row 0 */
    int offset[N + 1];
    for (int i = 0; i <= N; i++)
        offset[i] = i;
    ct_tensor *equal = ct_embedding_bag(g, x, N, offset, first);
    double columns = value_of(over_columns(g, x, equal, in));
    ct_row_exact(ct_lesson_add(run, "aligned pairs, softmax over columns for rows: change of loss"),
                 value_of(over_columns(g, x, x, in)) - value_of(ct_loss_infonce(g, x, x, in)), 0,
                 1e-6);
    ct_row_exact(ct_lesson_add(run, "all texts equal, over rows: ln N"),
                 value_of(ct_loss_infonce(g, x, equal, in)), ct_scalar_log(N), 1e-5);
    ct_row_show(ct_lesson_add(run, "... over columns: above ln N"), &columns, 1);
}

/* Losses of aligned pairs, and of a batch of one. */
static void losses(ct_lesson_run *run, ct_error *err)
{
    ct_graph g;
    ct_random r = ct_random_make(1, CT_STREAM_PROBE, 3);
    const double scale = 1 / 0.07, ln_scale = ct_scalar_log(scale);
    const ct_real once = (ct_real)ln_scale, twice = (ct_real)ct_scalar_log(ln_scale);
    ct_real x[N * D];
    for (int i = 0; i < N * D; i++)
        x[i] = (ct_real)ct_random_normal(&r);
    ct_graph_init(&g, run->device, 0);
    const ct_loss_inputs in = {.log_scale = ct_constant(&g, 1, 1, &once)};
    const ct_loss_inputs as_it_is = {.log_scale = ct_constant(&g, 1, 1, &twice)};
    ct_tensor *a = ct_constant(&g, N, D, x);
    ct_row_exact(ct_lesson_add(run, "aligned pairs, scale e^(ln 1/tau) = %.1f: loss", scale),
                 value_of(ct_loss_clip(&g, a, a, &in)), 0, 1e-3);
    ct_row_exact(ct_lesson_add(run,
                               "... not exponentiated, scale ln %.1f = %.2f: its own floor, not 0",
                               scale, ln_scale),
                 value_of(ct_loss_clip(&g, a, a, &as_it_is)),
                 ct_scalar_log1p((N - 1) * ct_scalar_exp(-ln_scale)), 0.15);
    wrong_softmax(run, &g, a);
    wrong_axis(run, &g, a, &in);
    ct_tensor *one = ct_constant(&g, 1, D, x), *other = ct_constant(&g, 1, D, x + D);
    ct_row_exact(ct_lesson_add(run, "a batch of 1, the pair anything: loss"),
                 value_of(ct_loss_clip(&g, one, other, &in)), 0, 0);
    if (ct_graph_error(&g) != NULL)
        CT_FAIL(err, ct_graph_error(&g)->status, "%s", ct_graph_error(&g)->msg);
    ct_graph_free(&g);
}

/* All rows equal: recall with ties counted for and against the model. */
static void ties(ct_lesson_run *run, ct_error *err)
{
    ct_real x[N * D];
    ct_measures m = {.recall_at_1 = {0}};
    const ct_embedded e = {.a = x, .b = x, .n = N, .d = D, .device = run->device};
    int first = 0; /* rows that are among the best: what argmax-like code may call found */
    for (int i = 0; i < N * D; i++)
        x[i] = (ct_real)(1 + i % D);
    ct_measure(&e, &m, NULL, err);
    for (int i = 0; i < N; i++) {
        int better = 0;
        for (int j = 0; j < N; j++)
            better += x[j * D] > x[i * D];
        first += better == 0;
    }
    ct_row_exact(ct_lesson_add(run, "all rows equal, ties against the model: recall@1"),
                 m.recall_at_1[0], 0, 0);
    ct_row_exact(ct_lesson_add(run, "... ties for the model: recall@1 of a total collapse"),
                 (double)first / N, 1, 0);
}

void ct_lesson_broken(ct_lesson_run *run, ct_error *err)
{
    ties(run, err);
    losses(run, err);
}
