/* batch.c -- batches and runs for the tests of the losses; see batch.h. */
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

void batch_unit_rows(batch *x)
{
    for (int i = 0; i < 2 * x->n; i++) {
        ct_real *row = (i < x->n ? x->a : x->b) + i % x->n * x->d;
        double square = 0;
        for (int k = 0; k < x->d; k++)
            square += (double)row[k] * (double)row[k];
        for (int k = 0; k < x->d; k++)
            row[k] = (ct_real)((double)row[k] / sqrt(square));
    }
}

const ct_loss *loss_number(int i)
{
    int n;
    return &ct_loss_all(&n)[i];
}

bool loss_is(const ct_loss *loss, const char *name)
{
    return strcmp(loss->name, name) == 0;
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
                                          .options = &x->options,
                                          .queue = x->queue});
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

/* ---- comparing ---- */

double value_tolerance(const batch *x)
{
    return 16 * (double)REAL_EPS * (1 + batch_scale(x) + log(x->n));
}

static double length_of(const ct_real *row, int d)
{
    double square = 0;
    for (int j = 0; j < d; j++)
        square += (double)row[j] * (double)row[j];
    return sqrt(square);
}

/* What rounding may leave in the gradient of a row of this length; want NULL: zeros. */
static double grad_tolerance(const batch *x, const ct_real *row, const ct_real *want)
{
    const double length = fmax(length_of(row, x->d), (double)CT_NORM_EPS);
    const double most = batch_scale(x) / x->n / length;
    const double norm = want != NULL ? length_of(want, x->d) : 0;
    return 16 * (double)REAL_EPS * (1 + batch_scale(x)) * fmax(norm, fmax(most, 1.0 / x->n));
}

/* want NULL: zeros. */
static void check_grad(const batch *x, const char *side, const ct_real *rows, const ct_real *got,
                       const ct_real *want)
{
    for (int i = 0; i < x->n; i++) {
        const double tol = grad_tolerance(x, rows + i * x->d,
                                          want != NULL ? want + i * x->d : NULL);
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
    const double large = 16 * (double)REAL_EPS * fabs((double)want->value);
    ck_assert_msg(fabs((double)got->value - (double)want->value) <= value_tolerance(x) + large,
                  "n %d d %d scale %g: loss is %.9g, should be %.9g", x->n, x->d, batch_scale(x),
                  (double)got->value, (double)want->value);
    check_grad(x, "a", x->a, got->da, want->da);
    check_grad(x, "b", x->b, got->db, want->db);
    ck_assert_msg(fabs((double)got->dlog_scale - (double)want->dlog_scale) <=
                      (value_tolerance(x) + large) * (1 + batch_scale(x)),
                  "n %d d %d scale %g: dlog_scale is %.9g, should be %.9g", x->n, x->d,
                  batch_scale(x), (double)got->dlog_scale, (double)want->dlog_scale);
    ck_close(got->dbias, want->dbias, (value_tolerance(x) + large) * x->n);
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
