/* gradcheck.c -- central differences against backward; see gradcheck.h.
 *
 * Two central differences, with steps h and 2h, are joined so that their h^2
 * errors cancel (Richardson): what remains is h^4, which allows a step large
 * enough that rounding does not hide an error of 1e-6 in double.
 *
 * Easy to get wrong:
 *
 *  - In float x + h is rounded; the difference divides by the step that was
 *    really taken.
 *  - A comparison with NaN is false, so "err > worst" alone would let NaN pass.
 */
#include "gradcheck.h"
#include "testing.h"

#include <math.h>
#include <stdlib.h>

#ifdef CT_REAL_DOUBLE
static const double ATOL = 1e-10, RTOL = 1e-6;
#else
static const double ATOL = 5e-4, RTOL = 2e-3;
#endif

#define MAX_INPUTS 8

/* One check under way. */
typedef struct check {
    gradcheck_fn f;
    const void *ctx;
    gradcheck_input *in;
    int n_in;
    ct_real *dx[MAX_INPUTS]; /* what backward adds to */
    ct_graph graph;
    ct_real *w; /* the seed vector; NULL until y's shape is known */
    size_t n_w;
} check;

void gradcheck_fill(ct_real *x, int n, unsigned seed)
{
    fill(x, (size_t)n, seed, -1, 1);
}

void gradcheck_fill_off_zero(ct_real *x, int n, unsigned seed)
{
    gradcheck_fill(x, n, seed);
    for (int i = 0; i < n; i++)
        x[i] = x[i] < 0 ? x[i] * (ct_real)0.95 - (ct_real)0.05
                        : x[i] * (ct_real)0.95 + (ct_real)0.05;
}

/* y = f(inputs) on an empty graph; stops the test if f cannot. */
static ct_tensor *build(check *c)
{
    ct_tensor *t[MAX_INPUTS];
    ct_graph_reset(&c->graph);
    for (int k = 0; k < c->n_in; k++)
        t[k] = ct_variable(&c->graph, "input", c->in[k].rows, c->in[k].cols, c->in[k].x, c->dx[k]);
    ct_tensor *y = c->f(&c->graph, t, c->ctx);
    const ct_error *e = ct_graph_error(&c->graph);
    ck_assert_msg(y != NULL && e == NULL, "gradcheck: %s", e ? e->msg : "f returned NULL");
    return y;
}

/* L = <w, y>, in double in both builds. */
static double loss(check *c)
{
    const ct_tensor *y = build(c);
    double sum = 0;
    for (size_t i = 0; i < c->n_w; i++)
        sum += (double)c->w[i] * (double)y->x[i];
    return sum;
}

/* (L(x + h) - L(x - h)) / 2h at one element. */
static double difference(check *c, ct_real *x, double h)
{
    const ct_real at = *x, up = (ct_real)((double)at + h), down = (ct_real)((double)at - h);
    *x = up;
    const double above = loss(c);
    *x = down;
    const double below = loss(c);
    *x = at;
    return (above - below) / ((double)up - (double)down);
}

/* Run backward once from a random seed vector; every dx then holds what it held
 * before, gradcheck_fill(dx, n, k), plus the gradient. */
static void run_backward(check *c)
{
    for (int k = 0; k < c->n_in; k++) {
        const int n = c->in[k].rows * c->in[k].cols;
        c->dx[k] = malloc((size_t)n * sizeof *c->dx[k]);
        ck_assert_ptr_nonnull(c->dx[k]);
        gradcheck_fill(c->dx[k], n, (unsigned)k);
    }
    ct_tensor *y = build(c);
    c->n_w = (size_t)y->rows * (size_t)y->cols;
    c->w = malloc(c->n_w * sizeof *c->w);
    ck_assert_ptr_nonnull(c->w);
    gradcheck_fill(c->w, (int)c->n_w, 12345);
    ct_backward(&c->graph, y, c->w);
    const ct_error *e = ct_graph_error(&c->graph);
    ck_assert_msg(e == NULL, "gradcheck: backward: %s", e ? e->msg : "");
}

/* Compare all elements of input k; `before` is what its dx held at first. */
static void compare_input(check *c, int k, const ct_real *before, gradcheck_result *res)
{
    const int n = c->in[k].rows * c->in[k].cols;
    double square = 0;
    for (int i = 0; i < n; i++) {
        const double h = GRADCHECK_REACH / 2;
        const double one = difference(c, &c->in[k].x[i], h),
                     two = difference(c, &c->in[k].x[i], 2 * h);
        const double numeric = (4 * one - two) / 3;
        const double analytic = (double)c->dx[k][i] - (double)before[i];
        double err = fabs(analytic - numeric) / (ATOL + RTOL * fabs(numeric));
        if (isnan(err))
            err = HUGE_VAL;
        if (err > res->worst || res->input < 0) {
            res->worst = err;
            res->input = k;
            res->index = i;
            res->analytic = analytic;
            res->numeric = numeric;
        }
        square += numeric * numeric;
    }
    res->norm = fmin(res->norm, sqrt(square));
}

gradcheck_result gradcheck(gradcheck_fn f, const void *ctx, gradcheck_input *in, int n_in)
{
    ck_assert_int_le(n_in, MAX_INPUTS);
    gradcheck_result res = {.norm = HUGE_VAL, .input = -1};
    check c = {.f = f, .ctx = ctx, .in = in, .n_in = n_in};
    ct_device *dev = ct_device_new(1, NULL, CT_IGNORE_ERROR);
    ck_assert_ptr_nonnull(dev);
    ct_graph_init(&c.graph, dev, 0);
    run_backward(&c);
    for (int k = 0; k < n_in; k++) {
        const int n = in[k].rows * in[k].cols;
        ct_real *before = malloc((size_t)n * sizeof *before);
        ck_assert_ptr_nonnull(before);
        gradcheck_fill(before, n, (unsigned)k);
        compare_input(&c, k, before, &res);
        free(before);
    }
    for (int k = 0; k < n_in; k++)
        free(c.dx[k]);
    free(c.w);
    ct_graph_free(&c.graph);
    ct_device_free(dev);
    return res;
}
