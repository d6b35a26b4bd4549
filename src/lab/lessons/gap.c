/* gap.c -- a gap between the sides can lower the loss: Liang's landscape.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/scalar.h"

#define N      6
#define DEGREE 0.017453292519943295

/* The symmetric loss of 6 images on the equator, 20 degrees apart, and their texts
 * raised by phi degrees; with `swapped`, two neighbouring texts have changed places. */
static double loss_at(double tau, double phi, bool swapped)
{
    double s[N][N], loss = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            const int at = swapped && j < 2 ? 1 - j : j;
            s[i][j] = ct_scalar_cos(phi * DEGREE) * ct_scalar_cos(20 * (i - at) * DEGREE) / tau;
        }
    for (int i = 0; i < N; i++) {
        double row = 0, column = 0;
        for (int j = 0; j < N; j++) {
            row += ct_scalar_exp(s[i][j] - s[i][i]);
            column += ct_scalar_exp(s[j][i] - s[i][i]);
        }
        loss += (ct_scalar_log(row) + ct_scalar_log(column)) / (2 * N);
    }
    return loss;
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
        double tau;
        int phi;
        double least, closed, control;
    } TABLE[] = {{1, 0, 1.54774, 1.54774, 1.52764},
                 {1.0 / 5, 0, 1.09522, 1.09522, 0.99471},
                 {1.0 / 35, 53, 0.80953, 0.88665, 0.18306},
                 {1.0 / 50, 65, 0.80952, 1.08345, 0.07833},
                 {1.0 / 100, 78, 0.80961, 2.01424, 0.00400}};
    (void)err;
    for (int t = 0; t < 5; t++) {
        const double tau = TABLE[t].tau;
        const int best = best_angle(tau, true);
        ct_row_exact(ct_lesson_add(run, "tau = 1/%g: angle of the least loss, degrees", 1 / tau),
                     best, TABLE[t].phi, 0);
        ct_row_exact(ct_lesson_add(run, "tau = 1/%g: least loss", 1 / tau),
                     loss_at(tau, best, true), TABLE[t].least, 1e-5);
        ct_row_exact(ct_lesson_add(run, "tau = 1/%g: loss without a gap", 1 / tau),
                     loss_at(tau, 0, true), TABLE[t].closed, 1e-5);
        ct_row_exact(ct_lesson_add(run, "tau = 1/%g, nothing swapped: angle of the least loss",
                                   1 / tau),
                     best_angle(tau, false), 0, 0);
        ct_row_exact(ct_lesson_add(run, "tau = 1/%g, nothing swapped: loss without a gap", 1 / tau),
                     loss_at(tau, 0, false), TABLE[t].control, 1e-5);
    }
}
