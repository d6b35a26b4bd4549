/* floor.c -- the least that a softmax loss can be.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/landmarks.h"
#include "contrast/scalar.h"

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

static ct_status measure(ct_lesson_run *run, ct_error *err)
{
    static const int N[] = {4, 7, 16, 32, 64};
    static const double TAU[] = {1, 0.5, 0.2, 0.1, 0.07};
    ct_status status = CT_OK;
    double loss = 0;
    for (int i = 0; i < 5; i++)
        for (int t = 0; t < 5 && status == CT_OK; t++) {
            const double floor = ct_simplex_floor(N[i], TAU[t]);
            ct_free_descent f = {"clip", N[i], N[i], 1500, TAU[t], 0.05, 1, CT_ACT_NONE, NULL, 1};
            status = ct_lesson_descend(run->device, &f, &loss, err);
            ct_lesson_exact(run, loss, floor, 1e-3 * floor + 2e-6, "N = %d, tau = %g, d = %d", N[i],
                            TAU[t], N[i]);
        }
    for (int t = 0; t < 3 && status == CT_OK;
         t++) { /* no room for a simplex: the floor is higher */
        ct_free_descent f = {"clip", 7, 2, 1500, TAU[t], 0.05, 1, CT_ACT_NONE, NULL, 0};
        double best = 1e9;
        for (uint64_t seed = 1; seed <= 8 && status == CT_OK;
             seed++) { /* a circle has bad orders to be stuck in */
            f.seed = seed;
            status = ct_lesson_descend(run->device, &f, &loss, err);
            best = loss < best ? loss : best;
        }
        ct_lesson_exact(run, best, circle(7, TAU[t]), 1e-3 * circle(7, TAU[t]),
                        "N = 7, tau = %g, d = 2: the heptagon, best of 8 starts", TAU[t]);
    }
    for (int t = 0; t < 3 && status == CT_OK; t++) {
        ct_free_descent f = {"clip", 7, 16, 4000, TAU[t], 0.1, 1, CT_ACT_SIGMOID, NULL, 0};
        status = ct_lesson_descend(run->device, &f, &loss, err);
        ct_lesson_exact(run, loss, non_negative_floor(7, TAU[t]),
                        0.01 * non_negative_floor(7, TAU[t]) + 1e-4,
                        "N = 7, tau = %g, coordinates never negative", TAU[t]);
    }
    return status;
}

const ct_lesson CT_LESSON_FLOOR = {
    .name = "floor",
    .title = "\"Diagonal 1, all others -1\" does not exist",
    .text = "If pairs coincide, the matrix of cosines is a Gram matrix, so its mean off the "
            "diagonal is at least\n"
            "-1/(N-1), reached by the regular simplex. The loss can then not be below\n"
            "ln(1 + (N-1) exp(-N / ((N-1) tau))): 1.0538 for N = 7, tau = 1. That is no failure of "
            "training.\n"
            "Here embeddings without any encoder are driven down by Adam until they stand there "
            "(the temperature falls\n"
            "from 1 in the first half: at 0.07 alone the gradient is gone before they do). On a "
            "circle\n"
            "there is no room for a simplex (d < N-1), and coordinates that cannot be negative (a "
            "last ReLU)\n"
            "reach ln(1 + (N-1) exp(-1/tau)) at best: both floors are higher.",
    .source = "closed forms; Wang and Isola 2020, Graf et al. 2021 (the simplex); the heptagon is "
              "not proven optimal",
    .rule = "within 0.1 % of the closed form and 2e-6 (non-negative: 1 %, since a sigmoid reaches "
            "0 only far out)",
    .command = "contrast demo",
    .measure = measure,
};
