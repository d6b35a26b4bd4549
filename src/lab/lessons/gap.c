/* gap.c -- a gap between the sides can lower the loss: Liang's landscape.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/loss.h"
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

/* ---- and in training ---- */

#define SEEDS 8

static const ct_variant VARIANT[] = {{"0.02", "loss.temperature=0.02"},
                                     {"0.07", "loss.temperature=0.07"},
                                     {"0.2", "loss.temperature=0.2"}};

static ct_status trained(ct_lesson_run *run, ct_error *err)
{
    static ct_trial trial[3 * SEEDS];
    double gap[3][SEEDS];
    const ct_status status = ct_lesson_trials(
        run, "shapes",
        "data.n_train=4096 data.n_test=500 train.batch=64 train.steps=300 text.buckets=1024 "
        "loss.learn_temperature=false",
        VARIANT, 3, SEEDS, trial, err);
    for (int v = 0; v < 3 && status == CT_OK; v++) {
        for (int s = 0; s < SEEDS; s++)
            gap[v][s] = trial[v * SEEDS + s].test.geometry.gap;
        ct_lesson_show(run, gap[v], SEEDS, "trained on shapes, tau = %s: gap of the means",
                       VARIANT[v].name);
    }
    if (status == CT_OK)
        ct_lesson_below(run, gap[2], gap[0], SEEDS, "gap after training: tau = 0.2 below 0.02");
    return status;
}

static ct_status measure(ct_lesson_run *run, ct_error *err)
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
    for (int t = 0; t < 5; t++) {
        int best = 0, control = 0;
        for (int phi = 1; phi <= 90; phi++) {
            best = loss_at(TABLE[t].tau, phi, true) < loss_at(TABLE[t].tau, best, true) ? phi
                                                                                        : best;
            control = loss_at(TABLE[t].tau, phi, false) < loss_at(TABLE[t].tau, control, false)
                          ? phi
                          : control;
        }
        const double at = TABLE[t].tau;
        ct_lesson_exact(run, best, TABLE[t].phi, 0, "tau = 1/%g: angle of the least loss, degrees",
                        1 / at);
        ct_lesson_exact(run, loss_at(at, best, true), TABLE[t].least, 1e-5,
                        "tau = 1/%g: least loss", 1 / at);
        ct_lesson_exact(run, loss_at(at, 0, true), TABLE[t].closed, 1e-5,
                        "tau = 1/%g: loss without a gap", 1 / at);
        ct_lesson_exact(run, control, 0, 0, "tau = 1/%g, nothing swapped: angle of the least loss",
                        1 / at);
        ct_lesson_exact(run, loss_at(at, 0, false), TABLE[t].control, 1e-5,
                        "tau = 1/%g, nothing swapped: loss without a gap", 1 / at);
    }
    return trained(run, err);
}

const ct_lesson CT_LESSON_GAP = {
    .name = "gap",
    .title = "With a few wrong pairs and a small temperature, a gap between the sides pays",
    .text =
        "Six images stand on the equator of a sphere, 20 degrees apart, their texts on them; two "
        "neighbouring\n"
        "texts are swapped. Raise all texts towards the pole: at tau = 1 the loss rises, at tau = "
        "1/100 it falls\n"
        "until they are 78 degrees away. A gap flattens all cosines, which is what badly wrong "
        "pairs ask for when\n"
        "1/tau exaggerates them. The control, nothing swapped, wants no gap at any temperature.\n"
        "Towers trained on shapes keep a larger part of the gap they begin with when the "
        "temperature is small.",
    .source = "Liang et al. 2022, figure 3e-g; the table is computed from its set-up",
    .rule = "angles equal on the grid of degrees, losses within 1e-5; trained: 8 seeds, ranges "
            "that do not touch or Mann and "
            "Whitney's z above 3",
    .command = "contrast sweep shapes 'loss.temperature=0.02,0.07,0.2,1' seed=1..4",
    .measure = measure,
};
