/* floor.c -- the least that a softmax loss can be.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/landmarks.h"
#include "contrast/scalar.h"
#include "lab/descent.h"

#include <math.h>

static double non_negative_floor(int n, double tau)
{
    return ct_scalar_log1p((n - 1) * ct_scalar_exp(-1 / tau));
}

/* The regular n-gon, pairs aligned: what d = 2 has room for. */
static double circle(int n, double tau)
{
    double sum = 0;
    for (int k = 0; k < n; k++)
        sum += ct_scalar_exp((ct_scalar_cos(6.283185307179586 * k / n) - 1) / tau);
    return ct_scalar_log(sum);
}

void ct_lesson_floor(ct_lesson_run *run, ct_error *err)
{
    static const int N[] = {4, 7, 16, 32, 64};
    static const double TAU[] = {1, 0.5, 0.2, 0.1, 0.07};
    for (int i = 0; i < 5; i++)
        for (int t = 0; t < 5; t++) {
            const double floor = ct_simplex_floor(N[i], TAU[t]);
            const ct_free_descent f = {.loss = "clip",
                                       .n = N[i],
                                       .d = N[i],
                                       .steps = 1500,
                                       .from = 1,
                                       .temperature = TAU[t],
                                       .rate = 0.05,
                                       .seed = 1};
            ct_row_exact(ct_lesson_add(run, "N = %d, tau = %g, d = %d", N[i], TAU[t], N[i]),
                         ct_descend_free(run->device, &f, NULL, err), floor, 1e-3 * floor + 2e-6);
        }
    for (int t = 0; t < 3; t++) { /* no room for a simplex: the floor is higher */
        const double floor = circle(7, TAU[t]);
        ct_free_descent f = {
            .loss = "clip", .n = 7, .d = 2, .steps = 1500, .temperature = TAU[t], .rate = 0.05};
        double best = (double)INFINITY;
        for (f.seed = 1; f.seed <= 8; f.seed++) /* a circle has bad orders to be stuck in */
            best = fmin(best, ct_descend_free(run->device, &f, NULL, err));
        ct_row_exact(ct_lesson_add(run, "N = 7, tau = %g, d = 2: the heptagon, best of 8 starts",
                                   TAU[t]),
                     best, floor, 1e-3 * floor);
    }
    for (int t = 0; t < 3; t++) {
        const double floor = non_negative_floor(7, TAU[t]);
        const ct_free_descent f = {.loss = "clip",
                                   .n = 7,
                                   .d = 16,
                                   .steps = 4000,
                                   .temperature = TAU[t],
                                   .rate = 0.1,
                                   .seed = 1,
                                   .map = CT_ACT_SIGMOID};
        ct_row_exact(ct_lesson_add(run, "N = 7, tau = %g, coordinates never negative", TAU[t]),
                     ct_descend_free(run->device, &f, NULL, err), floor, 0.01 * floor + 1e-4);
    }
}
