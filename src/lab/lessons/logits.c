/* logits.c -- lessons on the softmax of a matrix of logits z, in numbers alone: what a gap between
 * the sides pays, what one direction leaves free, and mistakes made on purpose. */
#include "lab/lessons/lesson.h"

#include "contrast/measures.h"
#include "contrast/random.h"
#include "contrast/scalar.h"
#include "lab/descent.h"

#include <math.h>

/* ln sum e^z over n logits that are `step` apart. */
static double log_sum(const double *z, int n, int step)
{
    double most = -(double)INFINITY, sum = 0;
    for (int j = 0; j < n; j++)
        most = fmax(most, z[j * step]);
    for (int j = 0; j < n; j++)
        sum += ct_scalar_exp(z[j * step] - most);
    return most + ct_scalar_log(sum);
}

/* Mean over i of -ln softmax of z[i,i], among its row or among its column. */
static double over_rows(const double *z, int n)
{
    double loss = 0;
    for (int i = 0; i < n; i++)
        loss += (log_sum(z + i * n, n, 1) - z[i * n + i]) / n;
    return loss;
}

static double over_columns(const double *z, int n)
{
    double loss = 0;
    for (int i = 0; i < n; i++)
        loss += (log_sum(z + i, n, n) - z[i * n + i]) / n;
    return loss;
}

/* ---- gap: Liang's landscape ---- */

/* The symmetric loss of 6 images on the equator, 20 degrees apart, and their texts
 * raised by phi degrees; with `swapped`, two neighbouring texts have changed places. */
static double loss_at(double tau, double phi, bool swapped)
{
    enum { N = 6 };
    const double degree = 0.017453292519943295;
    double z[N * N];
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            const int at = swapped && j < 2 ? 1 - j : j;
            z[i * N + j] = ct_scalar_cos(phi * degree) * ct_scalar_cos(20 * (i - at) * degree) /
                           tau;
        }
    return (over_rows(z, N) + over_columns(z, N)) / 2;
}

/* The angle of the least loss, in whole degrees. */
static int best_angle(double tau, bool swapped)
{
    int best = 0;
    for (int phi = 1; phi <= 90; phi++)
        if (loss_at(tau, phi, swapped) < loss_at(tau, best, swapped))
            best = phi;
    return best;
}

void ct_lesson_gap(ct_lesson_run *run, ct_error *err)
{
    static const struct {
        double scale; /* 1 / tau */
        int phi;
        double least, closed, control;
    } TABLE[] = {{1, 0, 1.54774, 1.54774, 1.52764},
                 {5, 0, 1.09522, 1.09522, 0.99471},
                 {35, 53, 0.80953, 0.88665, 0.18306},
                 {50, 65, 0.80952, 1.08345, 0.07833},
                 {100, 78, 0.80961, 2.01424, 0.00400}};
    (void)err;
    for (int t = 0; t < 5; t++) {
        const double x = TABLE[t].scale, tau = 1 / x;
        const int best = best_angle(tau, true);
        ct_row_exact(run, best, TABLE[t].phi, 0, "tau = 1/%g: angle of the least loss, degrees", x);
        ct_row_exact(run, loss_at(tau, best, true), TABLE[t].least, 1e-5, "tau = 1/%g: least loss",
                     x);
        ct_row_exact(run, loss_at(tau, 0, true), TABLE[t].closed, 1e-5,
                     "tau = 1/%g: loss without a gap", x);
        ct_row_exact(run, best_angle(tau, false), 0, 0,
                     "tau = 1/%g, nothing swapped: angle of the least loss", x);
        ct_row_exact(run, loss_at(tau, 0, false), TABLE[t].control, 1e-5,
                     "tau = 1/%g, nothing swapped: loss without a gap", x);
    }
}

/* ---- symmetry: a constant on each row ---- */

void ct_lesson_symmetry(ct_lesson_run *run, ct_error *err)
{
    enum { N = 32 };
    ct_random r = ct_random_make(1, CT_STREAM_PROBE, 5);
    double z[N * N], moved[N * N];
    (void)err;
    for (int k = 0; k < N * N; k++)
        z[k] = ct_random_normal(&r) + (k % (N + 1) == 0 ? 3 : 0);
    for (int i = 0; i < N; i++) {
        const double constant = 2 * ct_random_normal(&r);
        for (int j = 0; j < N; j++)
            moved[i * N + j] = z[i * N + j] + constant;
    }
    double change = over_columns(moved, N) - over_columns(z, N);
    ct_row_exact(run, over_rows(moved, N) - over_rows(z, N), 0, 1e-12,
                 "a constant on each row of S: change of the loss over rows");
    ct_row_show(ct_lesson_add(run, "... change of the loss over columns"), &change, 1);
}

/* ---- broken: mistakes made on purpose, each with the number that gives it away ---- */

enum { N = 32, D = 64 };

/* scale * cosine of x[i] with x[j], or, all texts equal, with x[0]. */
static void fill(double *z, const ct_real *x, double scale, bool equal)
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            z[i * N + j] = scale * ct_cosine(x + i * D, x + (equal ? 0 : j * D), D);
}

/* The softmax of aligned pairs over the wrong thing: over all cells at once, of what is a softmax
 * already, or over columns. The last shows nothing where S is symmetric. Where all texts are equal,
 * no row can tell its own, ln N; a column of unequal rows is worse than that. */
static void wrong_softmax(ct_lesson_run *run, const ct_real *x)
{
    double z[N * N], p[N * N], columns;
    fill(z, x, 1 / 0.07, false);
    for (int k = 0; k < N * N; k++)
        p[k] = ct_scalar_exp(z[k] - log_sum(z + k / N * N, N, 1));
    ct_row_exact(run, log_sum(z, N * N, 1) - z[0], ct_scalar_log(N), 1e-2,
                 "aligned pairs, softmax over all cells: ln N instead of 0");
    ct_row_exact(run, over_rows(p, N), ct_scalar_log(ct_scalar_exp(1) + N - 1) - 1, 1e-2,
                 "... softmax of a softmax: ln(e + N - 1) - 1; ln N is %.3f", ct_scalar_log(N));
    ct_row_exact(run, over_columns(z, N) - over_rows(z, N), 0, 1e-6,
                 "aligned pairs, softmax over columns for rows: change of loss");
    fill(z, x, 1 / 0.07, true);
    columns = over_columns(z, N);
    ct_row_exact(run, over_rows(z, N), ct_scalar_log(N), 1e-5, "all texts equal, over rows: ln N");
    ct_row_show(ct_lesson_add(run, "... over columns: above ln N"), &columns, 1);
}

/* All rows equal: recall with ties counted against the model, and for it: then each row, which is
 * among the best, counts as found. */
static void ties(ct_lesson_run *run, ct_error *err)
{
    ct_real x[N * D];
    ct_measures m = {.recall_at_1 = {0}};
    const ct_embedded e = {.a = x, .b = x, .n = N, .d = D, .device = run->device};
    double z[N * N];
    int first = 0;
    for (int i = 0; i < N * D; i++)
        x[i] = (ct_real)(1 + i % D);
    ct_measure(&e, &m, NULL, err);
    fill(z, x, 1, false);
    for (int i = 0; i < N; i++) {
        double most = z[i * N];
        for (int j = 0; j < N; j++)
            most = fmax(most, z[i * N + j]);
        first += z[i * N + i] >= most;
    }
    ct_row_exact(run, m.recall_at_1[0], 0, 0, "all rows equal, ties against the model: recall@1");
    ct_row_exact(run, (double)first / N, 1, 0,
                 "... ties for the model: recall@1 of a total collapse");
}

void ct_lesson_broken(ct_lesson_run *run, ct_error *err)
{
    const double scale = 1 / 0.07, ln_scale = ct_scalar_log(scale);
    ct_random r = ct_random_make(1, CT_STREAM_PROBE, 3);
    ct_real x[N * D];
    double z[N * N];
    for (int i = 0; i < N * D; i++)
        x[i] = (ct_real)ct_random_normal(&r);
    ties(run, err);
    fill(z, x, scale, false);
    ct_row_exact(run, over_rows(z, N), 0, 1e-3, "aligned pairs, scale e^(ln 1/tau) = %.1f: loss",
                 scale);
    fill(z, x, ln_scale, false);
    ct_row_exact(run, over_rows(z, N), ct_scalar_log1p((N - 1) * ct_scalar_exp(-ln_scale)), 0.15,
                 "... not exponentiated, scale ln %.1f = %.2f: its own floor, not 0", scale,
                 ln_scale);
    wrong_softmax(run, x);
    ct_row_exact(run, over_rows(z + 1, 1), 0, 0, "a batch of 1, the pair anything: loss");
}
