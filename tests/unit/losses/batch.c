/* batch.c -- batches, runs and plain compositions for the tests of the losses;
 * see batch.h. */
#include "batch.h"

#include "contrast/ops.h"

#include <math.h>
#include <string.h>

/* ---- batches ---- */

void batch_zero(batch *x, int n, int d, double temperature)
{
    ck_assert_int_le(n, BATCH_ROWS);
    ck_assert_int_le(n * d, BATCH_SIZE);
    memset(x, 0, sizeof *x);
    x->n = n;
    x->d = d;
    x->log_scale = (ct_real)-log(temperature);
    x->options = ct_loss_defaults();
}

void batch_random(batch *x, int n, int d, double temperature, unsigned seed)
{
    batch_zero(x, n, d, temperature);
    fill(x->a, (size_t)(n * d), 2 * seed, -1, 1);
    fill(x->b, (size_t)(n * d), 2 * seed + 1, -1, 1);
}

void batch_all_equal(batch *x, int n, int d, double temperature, double sign)
{
    batch_random(x, n, d, temperature, 17);
    for (int i = 0; i < n * d; i++) {
        x->a[i] = x->a[i % d];
        x->b[i] = (ct_real)sign * x->a[i];
    }
}

void batch_simplex(batch *x, int n, double temperature)
{
    batch_zero(x, n, n, temperature);
    for (int i = 0; i < n; i++) /* corners of the unit cube's face, seen from their centre */
        for (int j = 0; j < n; j++)
            x->a[i * n + j] = x->b[i * n + j] = (ct_real)((i == j) - 1.0 / n);
}

void batch_orthonormal(batch *x, int n, double temperature)
{
    batch_zero(x, n, n, temperature);
    for (int i = 0; i < n; i++)
        x->a[i * n + i] = x->b[i * n + i] = 1;
}

double batch_scale(const batch *x)
{
    return exp((double)x->log_scale);
}

double batch_temperature(const batch *x)
{
    return 1 / batch_scale(x);
}

/* ---- running a loss ---- */

void run_loss_on(ct_graph *g, loss_fn f, const batch *x, outcome *y)
{
    const size_t bytes = (size_t)(x->n * x->d) * sizeof(ct_real);
    ct_tensor *a = ct_leaf(g, x->n, x->d, x->a), *b = ct_leaf(g, x->n, x->d, x->b);
    ct_tensor *log_scale = ct_leaf(g, 1, 1, &x->log_scale),
              *bias = x->biased ? ct_leaf(g, 1, 1, &x->bias) : NULL;
    ct_tensor *loss = f(g, a, b,
                        &(ct_loss_inputs){.log_scale = log_scale,
                                          .group = x->grouped ? x->group : NULL,
                                          .bias = bias,
                                          .options = &x->options});
    ck_assert_msg(loss != NULL, "%s", g->error.msg);
    ck_assert_int_eq(loss->rows, 1);
    ck_assert_int_eq(loss->cols, 1);
    ct_backward(g, loss, NULL);
    ck_assert_msg(ct_graph_error(g) == NULL, "%s", g->error.msg);
    ck_assert(a->dx != NULL && b->dx != NULL);
    y->value = loss->x[0];
    y->dlog_scale = log_scale->dx != NULL ? log_scale->dx[0] : 0;
    y->dbias = bias != NULL && bias->dx != NULL ? bias->dx[0] : 0;
    memcpy(y->da, a->dx, bytes);
    memcpy(y->db, b->dx, bytes);
}

void run_loss(loss_fn f, const batch *x, outcome *y)
{
    ct_graph g;
    open_graph(&g);
    run_loss_on(&g, f, x, y);
    close_graph(&g);
}

double loss_of(loss_fn f, const batch *x)
{
    static outcome y;
    run_loss(f, x, &y);
    return (double)y.value;
}

/* ---- plain compositions ---- */

typedef struct cosines {
    ct_tensor *z, *pairs; /* scale times: all cosines (n, n), those of the pairs (n, 1) */
} cosines;

static cosines scaled_cosines(ct_graph *g, ct_tensor *a, ct_tensor *b, ct_tensor *log_scale)
{
    ct_tensor *an = ct_normalize_rows(g, a, CT_NORM_EPS),
              *bn = ct_normalize_rows(g, b, CT_NORM_EPS);
    ct_tensor *scale = ct_exp(g, log_scale);
    return (cosines){.z = ct_scale_by(g, ct_matmul_nt(g, an, bn), scale),
                     .pairs = ct_scale_by(g, ct_row_dots(g, an, bn), scale)};
}

static ct_tensor *minus(ct_graph *g, ct_tensor *x, ct_tensor *y)
{
    return ct_add(g, x, ct_scale(g, y, -1));
}

/* Mean of the row and the column log-sum-exps. */
static ct_tensor *mean_lse(ct_graph *g, ct_tensor *z)
{
    return ct_scale(g, ct_add(g, ct_mean(g, ct_lse_rows(g, z)), ct_mean(g, ct_lse_cols(g, z))),
                    (ct_real)0.5);
}

ct_tensor *plain_infonce(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    const cosines c = scaled_cosines(g, a, b, in->log_scale);
    return minus(g, ct_mean(g, ct_lse_rows(g, c.z)), ct_mean(g, c.pairs));
}

ct_tensor *plain_clip(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    const cosines c = scaled_cosines(g, a, b, in->log_scale);
    return minus(g, mean_lse(g, c.z), ct_mean(g, c.pairs));
}

/* Anchor i, row or column, aims at the others of its group in equal parts. */
ct_tensor *plain_unicl(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    const int n = a->rows;
    const cosines c = scaled_cosines(g, a, b, in->log_scale);
    ct_tensor *target = ct_leaf(g, n, n, NULL);
    for (int i = 0; i < n; i++) {
        int size = 0;
        for (int j = 0; j < n; j++)
            size += in->group[i] == in->group[j];
        for (int j = 0; j < n; j++)
            target->x[i * n + j] = in->group[i] == in->group[j] ? 1 / (ct_real)size : 0;
    }
    return minus(g, mean_lse(g, c.z), ct_mean(g, ct_row_dots(g, target, c.z)));
}

ct_tensor *plain_positives(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    ct_tensor *an = ct_normalize_rows(g, a, CT_NORM_EPS),
              *bn = ct_normalize_rows(g, b, CT_NORM_EPS);
    (void)in;
    return minus(g, ct_leaf(g, 1, 1, (ct_real[]){1}), ct_mean(g, ct_row_dots(g, an, bn)));
}

/* ---- comparing ---- */

double value_tolerance(const batch *x)
{
    return 16 * (double)REAL_EPS * (1 + batch_scale(x) + log(x->n));
}

/* What rounding may leave in a gradient whose row has this length. */
static double grad_tolerance(const batch *x, const ct_real *row)
{
    double square = 0;
    for (int j = 0; j < x->d; j++)
        square += (double)row[j] * (double)row[j];
    const double most = batch_scale(x) / x->n / fmax(sqrt(square), (double)CT_NORM_EPS);
    return 16 * (double)REAL_EPS * (1 + batch_scale(x)) * fmax(most, 1.0 / x->n);
}

/* want NULL: zeros. */
static void check_grad(const batch *x, const char *side, const ct_real *rows, const ct_real *got,
                       const ct_real *want)
{
    for (int i = 0; i < x->n; i++) {
        const double tol = grad_tolerance(x, rows + i * x->d);
        for (int j = i * x->d; j < (i + 1) * x->d; j++) {
            const double w = want != NULL ? (double)want[j] : 0;
            ck_assert_msg(fabs((double)got[j] - w) <= tol,
                          "n %d d %d scale %g: d%s[%d, %d] is %.9g, should be %.9g within %.1g",
                          x->n, x->d, batch_scale(x), side, i, j % x->d, (double)got[j], w, tol);
        }
    }
}

void check_outcome(const batch *x, const outcome *got, const outcome *want)
{
    ck_assert_msg(fabs((double)got->value - (double)want->value) <= value_tolerance(x),
                  "n %d d %d scale %g: loss is %.9g, should be %.9g", x->n, x->d, batch_scale(x),
                  (double)got->value, (double)want->value);
    check_grad(x, "a", x->a, got->da, want->da);
    check_grad(x, "b", x->b, got->db, want->db);
    ck_assert_msg(fabs((double)got->dlog_scale - (double)want->dlog_scale) <=
                      value_tolerance(x) * (1 + batch_scale(x)),
                  "n %d d %d scale %g: dlog_scale is %.9g, should be %.9g", x->n, x->d,
                  batch_scale(x), (double)got->dlog_scale, (double)want->dlog_scale);
}

void check_same_bits(const batch *x, const outcome *got, const outcome *want)
{
    const size_t size = (size_t)(x->n * x->d);
    ck_assert(same_bits(&got->value, &want->value, 1));
    ck_assert(same_bits(&got->dlog_scale, &want->dlog_scale, 1));
    ck_assert(same_bits(got->da, want->da, size));
    ck_assert(same_bits(got->db, want->db, size));
}

void check_stationary(const batch *x, const outcome *y)
{
    check_grad(x, "a", x->a, y->da, NULL);
    check_grad(x, "b", x->b, y->db, NULL);
}
