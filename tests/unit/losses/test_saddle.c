/* test_saddle.c -- the shape of the softmax losses between collapse and floor:
 * all-equal is a strict saddle that is left at a rate set by temperature, a
 * random start lies above ln n, and free embeddings find the floor.
 *
 * These are the project's claims about collapse at their smallest: without a
 * tower, so that nothing but the loss can be the reason. */
#include "batch.h"
#include "suites.h"

#include "contrast/landmarks.h"
#include "contrast/random.h"

#include <string.h>

static const loss_fn SOFTMAX[] = {ct_loss_infonce, ct_loss_clip, ct_loss_unicl};

static const struct {
    int n;
    double temperature;
} SETTINGS[] = {{7, 1}, {7, 0.07}, {32, 1}, {32, 0.07}, {2, 0.3}};

/* How far from all-equal the expansions are tried: far enough for rounding, near
 * enough for the next term. What counts is the deviation over tau. */
#ifdef CT_REAL_DOUBLE
static const double NEAR = 1e-3, SADDLE_DIGITS = 1e-5;
#else
static const double NEAR = 0.05, SADDLE_DIGITS = 0.02;
#endif

static batch x, deviation;
static outcome y;

/* Rows (1, e u_i) and (1, e v_i): tangent to (1, 0). */
static void near_all_equal(batch *p, const batch *uv, double e)
{
    const int d = uv->d + 1;
    for (int i = 0; i < p->n; i++) {
        p->a[i * d] = p->b[i * d] = 1;
        for (int j = 1; j < d; j++) {
            p->a[i * d + j] = (ct_real)(e * (double)uv->a[i * uv->d + j - 1]);
            p->b[i * d + j] = (ct_real)(e * (double)uv->b[i * uv->d + j - 1]);
        }
    }
}

/* tr Cov(u, v) = (1/n) sum <u_i, v_i> - <mean u, mean v> */
static double covariance_trace(const batch *uv)
{
    double trace = 0;
    for (int j = 0; j < uv->d; j++) {
        double mean_uv = 0, mean_u = 0, mean_v = 0;
        for (int i = 0; i < uv->n; i++) {
            const double u = (double)uv->a[i * uv->d + j], v = (double)uv->b[i * uv->d + j];
            mean_uv += u * v / uv->n;
            mean_u += u / uv->n;
            mean_v += v / uv->n;
        }
        trace += mean_uv - mean_u * mean_v;
    }
    return trace;
}

/* L - ln n = -(e^2 / tau) tr Cov(u, v) + O(e^3): below ln n where deviations of
 * pairs agree, above where they oppose each other. Steps e and -e together leave
 * O(e^4). */
START_TEST(all_equal_is_a_strict_saddle)
{
    const loss_fn loss = SOFTMAX[_i % COUNT(SOFTMAX)];
    const int n = SETTINGS[_i / COUNT(SOFTMAX)].n;
    for (int sign = -1; sign <= 1; sign += 2) {
        batch_random(&deviation, n, 6, 1, 70);
        for (int i = 0; i < n * 6; i++) /* v = +-u plus noise */
            deviation.b[i] = (ct_real)sign * deviation.a[i] + deviation.b[i] / 2;
        batch_zero(&x, n, 7, SETTINGS[_i / COUNT(SOFTMAX)].temperature);
        const double tau = batch_temperature(&x), e = NEAR * tau;
        double rise = -log(n);
        near_all_equal(&x, &deviation, e);
        rise += loss_of(loss, &x) / 2;
        near_all_equal(&x, &deviation, -e);
        rise += loss_of(loss, &x) / 2;
        const double want = -e * e / tau * covariance_trace(&deviation);
        ck_assert_double_gt(-want * sign, 0);
        ck_close(rise, want, SADDLE_DIGITS * fabs(want));
    }
}
END_TEST

/* Length of (a + b) / 2 with its mean over the batch taken away. */
static double common_deviation(const batch *p)
{
    double square = 0;
    for (int j = 0; j < p->d; j++) {
        double mean = 0;
        for (int i = 0; i < p->n; i++)
            mean += ((double)p->a[i * p->d + j] + (double)p->b[i * p->d + j]) / 2 / p->n;
        for (int i = 0; i < p->n; i++) {
            const double m = ((double)p->a[i * p->d + j] + (double)p->b[i * p->d + j]) / 2 - mean;
            square += m * m;
        }
    }
    return sqrt(square);
}

static void descend(loss_fn loss, batch *p, double rate)
{
    run_loss(loss, p, &y);
    for (int i = 0; i < p->n * p->d; i++) {
        p->a[i] -= (ct_real)rate * y.da[i];
        p->b[i] -= (ct_real)rate * y.db[i];
    }
}

/* Free embeddings, plain gradient descent: a step multiplies the common deviation
 * by 1 + rate / (n tau). Temperature is the speed of escape. */
START_TEST(escape_grows_by_1_plus_rate_over_n_tau)
{
    enum { STEPS = 20 };
    const loss_fn loss = SOFTMAX[_i % COUNT(SOFTMAX)];
    const int n = SETTINGS[_i / COUNT(SOFTMAX)].n;
    const double step = 0.02; /* = rate / (n tau) */
    batch_random(&deviation, n, 6, 1, 71);
    batch_zero(&x, n, 7, SETTINGS[_i / COUNT(SOFTMAX)].temperature);
    const double tau = batch_temperature(&x);
    near_all_equal(&x, &deviation, NEAR * tau / 10);
    const double before = common_deviation(&x);
    for (int s = 0; s < STEPS; s++)
        descend(loss, &x, step * n * tau);
    const double growth = pow(common_deviation(&x) / before, 1.0 / STEPS);
    ck_close(growth - 1, step, 0.01 * step);
}
END_TEST

static const struct {
    int n, d;
    double temperature;
} STARTS[] = {{128, 128, 0.15}, {64, 256, 0.1}, {100, 100, 1}};

/* Embeddings that are spread but not aligned: ln n + 1 / (2 d tau^2), as logits of
 * unrelated directions have the variance 1 / (d tau^2). */
START_TEST(a_random_start_is_above_ln_n)
{
    const loss_fn loss = SOFTMAX[_i % COUNT(SOFTMAX)];
    const int n = STARTS[_i / COUNT(SOFTMAX)].n, d = STARTS[_i / COUNT(SOFTMAX)].d;
    const double tau = STARTS[_i / COUNT(SOFTMAX)].temperature;
    double mean = 0;
    batch_zero(&x, n, d, tau);
    ct_random r = ct_random_make(1, CT_STREAM_TEST, 0);
    for (int i = 0; i < n * d; i++)
        x.a[i] = (ct_real)ct_random_normal(&r);
    for (int i = 0; i < n * d; i++)
        x.b[i] = (ct_real)ct_random_normal(&r);
    for (int sign = -1; sign <= 1; sign += 2) { /* b and -b: the cosines of the pairs cancel */
        for (int i = 0; i < n * d; i++)
            x.b[i] = -x.b[i];
        mean += loss_of(loss, &x) / 2;
    }
    ck_close(mean - log(n), 1 / (2 * d * tau * tau), 0.05 / (2 * d * tau * tau));
}
END_TEST

/* From a random start to the floor: the regular simplex is where descent ends. */
START_TEST(free_embeddings_find_the_simplex)
{
    const loss_fn loss = SOFTMAX[_i];
    const double tau = 0.5, floor_value = ct_simplex_floor(5, tau);
    batch_random(&x, 5, 4, tau, 72); /* d = n - 1 is just enough */
    for (int s = 0; s < 400; s++)
        descend(loss, &x, 2);
    ck_close(loss_of(loss, &x), floor_value, 1e-3 * floor_value);
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 5; j++) {
            double ab = 0, aa = 0, bb = 0;
            for (int k = 0; k < 4; k++) {
                ab += (double)x.a[i * 4 + k] * (double)x.b[j * 4 + k];
                aa += (double)x.a[i * 4 + k] * (double)x.a[i * 4 + k];
                bb += (double)x.b[j * 4 + k] * (double)x.b[j * 4 + k];
            }
            ck_close(ab / sqrt(aa * bb), i == j ? 1 : -0.25, 0.03);
        }
}
END_TEST

TCase *saddle_case(void)
{
    TCase *tc = tcase_create("saddle");
    const int n = COUNT(SOFTMAX);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, all_equal_is_a_strict_saddle, 0, n * COUNT(SETTINGS));
    tcase_add_loop_test(tc, escape_grows_by_1_plus_rate_over_n_tau, 0, n * COUNT(SETTINGS));
    tcase_add_loop_test(tc, a_random_start_is_above_ln_n, 0, n * COUNT(STARTS));
    tcase_add_loop_test(tc, free_embeddings_find_the_simplex, 0, n);
    return tc;
}
