/* free.c -- lessons on embeddings without an encoder: how they leave the saddle, where they end,
 * what repeated captions cost, and what a loss says of information. */
#include "lab/lessons/lesson.h"

#include "contrast/landmarks.h"
#include "contrast/random.h"
#include "contrast/scalar.h"
#include "lab/descent.h"

#include <math.h>

/* The loss at the end, from tables of n rows that the seed draws. */
static double end_of(const ct_lesson_run *run, int n, int d, uint64_t seed,
                     const ct_free_descent *f, ct_error *err)
{
    ct_free_embeddings m;
    ct_free_embeddings_init(&m, n, d, seed, err);
    const double loss = ct_descend_free(run->device, &m, f, err);
    ct_free_embeddings_free(&m);
    return loss;
}

/* ---- escape: how fast they leave the point where all are equal ---- */

static double common_part(const ct_lesson_run *run, const ct_free_embeddings *m, ct_error *err)
{
    const ct_param *x = &m->params.list[m->a], *y = &m->params.list[m->b];
    const ct_embedded e = {.a = x->x, .b = y->x, .n = x->rows, .d = x->cols, .device = run->device};
    ct_measures s = {.total_variance = {0}};
    if (err->status == CT_OK)
        ct_measure(&e, &s, NULL, err);
    return ct_common_part(&s);
}

/* Both sides start at c + epsilon u; u is normal and tangent to the sphere at c = e_0. */
static void start(ct_free_embeddings *m, int n, int d, double epsilon)
{
    ct_random r = ct_random_make(1, CT_STREAM_PROBE, (uint64_t)n);
    for (int side = 0; side < 2; side++) {
        ct_real *x = m->params.list[side == 0 ? m->a : m->b].x;
        for (int k = 0; k < n * d; k++)
            x[k] = k % d == 0 ? 1 : (ct_real)(epsilon / sqrt(d) * ct_random_normal(&r));
    }
}

/* Log growth per step of the common part under plain gradient descent, over ln(1 + eta/(N tau)). */
static double growth(const ct_lesson_run *run, const char *loss, int n, double tau, ct_error *err)
{
    enum { D = 32, STEPS = 60 };
    const double gain = 0.02; /* eta / (N tau) */
    const ct_free_descent f = {
        .loss = loss, .temperature = tau, .plain = true, .rate = gain * n * tau, .steps = STEPS};
    ct_free_embeddings m;
    if (ct_free_embeddings_init(&m, n, D, 1, err) == CT_OK)
        start(&m, n, D, 5e-3 * tau);
    const double first = common_part(run, &m, err);
    ct_descend_free(run->device, &m, &f, err);
    const double last = common_part(run, &m, err);
    ct_free_embeddings_free(&m);
    return ct_scalar_log(last / first) / STEPS / ct_scalar_log1p(gain);
}

void ct_lesson_escape(ct_lesson_run *run, ct_error *err)
{
    static const int N[] = {4, 16, 64, 256};
    static const double TAU[] = {1, 0.2, 0.07, 0.02};
    static const char *const LOSS[] = {"infonce", "clip"};
    for (int l = 0; l < 2; l++)
        for (int t = 0; t < 4; t++)
            for (int i = 0; i < 4; i++)
                ct_row_exact(run, growth(run, LOSS[l], N[i], TAU[t], err), 1, 0.01,
                             "%s, N = %d, tau = %g: growth / ln(1 + eta/(N tau))", LOSS[l], N[i],
                             TAU[t]);
}

/* ---- floor: the least that a softmax loss can be ---- */

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
    ct_free_descent f = {.loss = "clip", .steps = 1500, .from = 1, .rate = 0.05};
    for (int i = 0; i < 5; i++)
        for (int t = 0; t < 5; t++) {
            f.temperature = TAU[t];
            const double floor = ct_simplex_floor(N[i], TAU[t]);
            ct_row_exact(run, end_of(run, N[i], N[i], 1, &f, err), floor, 1e-3 * floor + 2e-6,
                         "N = %d, tau = %g, d = %d", N[i], TAU[t], N[i]);
        }
    f.from = 0;
    for (int t = 0; t < 3; t++) { /* no room for a simplex: the floor is higher */
        const double floor = circle(7, TAU[t]);
        double best = (double)INFINITY;
        f.temperature = TAU[t];
        for (uint64_t seed = 1; seed <= 8; seed++) /* a circle has bad orders to be stuck in */
            best = fmin(best, end_of(run, 7, 2, seed, &f, err));
        ct_row_exact(run, best, floor, 1e-3 * floor,
                     "N = 7, tau = %g, d = 2: the heptagon, best of 8 starts", TAU[t]);
    }
    f.map = CT_ACT_SIGMOID;
    f.rate = 0.1;
    f.steps = 4000;
    for (int t = 0; t < 3; t++) { /* different rows at right angles, at best */
        const double floor = ct_scalar_log1p(6 * ct_scalar_exp(-1 / TAU[t]));
        f.temperature = TAU[t];
        ct_row_exact(run, end_of(run, 7, 16, 1, &f, err), floor, 0.01 * floor + 1e-4,
                     "N = 7, tau = %g, coordinates never negative", TAU[t]);
    }
}

/* ---- false negatives ---- */

/* E ln(1 + Bin(n - 1, 1/k)): rows of a batch that say the same cannot be told apart. */
static double expected_floor(int n, int k)
{
    const double p = 1.0 / k;
    double weight = ct_scalar_exp((n - 1) * ct_scalar_log1p(-p)), sum = 0; /* of m others */
    for (int m = 0; m < n; m++) {
        sum += weight * ct_scalar_log(1.0 + m);
        weight *= (double)(n - 1 - m) / (m + 1) * p / (1 - p);
    }
    return sum;
}

/* One of k captions for each row, by the number of the first row that says it. */
static void draw(int *caption, int n, int k, uint64_t seed)
{
    int first[100] = {0}; /* and 1 */
    ct_random r = ct_random_make(seed, CT_STREAM_PROBE, (uint64_t)k);
    for (int i = 0; i < n; i++) {
        int *said = &first[ct_random_below(&r, (uint32_t)k)];
        *said = *said == 0 ? i + 1 : *said;
        caption[i] = *said - 1;
    }
}

void ct_lesson_false_negatives(ct_lesson_run *run, ct_error *err)
{
    enum { SEEDS = 8, BATCH = 64 };
    static const int K[] = {2, 10, 100}, N[] = {32, 64, 128, 256, 512};
    static const double TABLE[3][5] = {{2.788, 3.474, 4.163, 4.854, 5.546},
                                       {1.317, 1.929, 2.585, 3.260, 3.945},
                                       {0.202, 0.387, 0.697, 1.155, 1.734}};
    int caption[BATCH];
    const ct_free_descent f = {
        .loss = "infonce", .steps = 400, .temperature = 0.07, .rate = 0.1, .row_of = caption};
    const ct_loss_setting at = {.n = BATCH, .temperature = f.temperature};
    for (int k = 0; k < 3; k++)
        for (int n = 0; n < 5; n++)
            ct_row_exact(run, expected_floor(N[n], K[k]), TABLE[k][n], 6e-4,
                         "K = %d captions, N = %d: E ln(1 + Bin(N-1, 1/K))", K[k], N[n]);
    /* And the floor is where training ends: free images, one row for each caption. */
    for (int k = 0; k < 3; k++) {
        double apart[SEEDS];
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            draw(caption, BATCH, K[k], seed);
            apart[seed] = end_of(run, BATCH, 128, seed, &f, err) -
                          ct_landmarks_of(ct_loss_find(f.loss), &at, caption).duplicates;
        }
        ct_row_near(ct_lesson_add(run, "K = %d, N = 64, trained: loss - (1/N) sum ln n_i", K[k]),
                    apart, SEEDS, 0, 2e-3);
    }
}

/* ---- masks ---- */

/* Captions equal word for word have equal embeddings, and then one target per row or all of the
 * row's group come to the same: loss, and gradient of the images, seen in a step of rate 1. */
void ct_lesson_masks(ct_lesson_run *run, ct_error *err)
{
    enum { N = 64, D = 16 };
    int caption[N];
    ct_free_descent f = {.temperature = 0.07, .plain = true, .rate = 1, .row_of = caption};
    ct_free_embeddings m[2];
    double loss[2], most = 0;
    draw(caption, N, 10, 7);
    for (int k = 0; k < 2; k++) {
        f.loss = k == 0 ? "clip" : "unicl";
        f.steps = 0;
        ct_free_embeddings_init(&m[k], N, D, 1, err);
        loss[k] = ct_descend_free(run->device, &m[k], &f, err);
        f.steps = 1;
        ct_descend_free(run->device, &m[k], &f, err);
    }
    for (int i = 0; i < N * D && err->status == CT_OK; i++) {
        const double apart = fabs((double)m[0].params.list[m[0].a].x[i] -
                                  (double)m[1].params.list[m[1].a].x[i]);
        most = apart > most ? apart : most; /* gcc 12 for ARM fails on fmax here */
    }
    ct_row_exact(run, loss[0] - loss[1], 0, 1e-5,
                 "captions equal word for word: loss, one target less several");
    ct_row_exact(run, most, 0, 1e-6, "... largest difference of their gradients");
    ct_free_embeddings_free(&m[0]);
    ct_free_embeddings_free(&m[1]);
}

/* ---- information: ln K - loss bounds it from below, and saturates ---- */

enum { DIM = 20, WIDTH = DIM + 1, MOST_K = 256, SEEDS = 4 };

/* k pairs, x normal, y = rho x + sqrt(rest) normal, rest = 1 - rho^2, as rows whose products are
 * the optimal critic, ln p(y|x) - ln p(y). Of that the part of x alone cancels in the softmax:
 *     rho / rest <x, y>  +  (1 - 1/rest) / 2 |y|^2 */
static void draw_pairs(ct_random *r, int k, double rest, ct_real *a, ct_real *b)
{
    const double rho = sqrt(1 - rest);
    for (int i = 0; i < k; i++, a += WIDTH, b += WIDTH) {
        double square = 0;
        for (int e = 0; e < DIM; e++) {
            const double x = ct_random_normal(r), y = rho * x + sqrt(rest) * ct_random_normal(r);
            a[e] = (ct_real)(rho / rest * x);
            b[e] = (ct_real)y;
            square += y * y;
        }
        a[DIM] = 1;
        b[DIM] = (ct_real)((1 - 1 / rest) / 2 * square);
    }
}

/* ln k - InfoNCE of 16,384 pairs in batches of k, -DIM/2 ln(rest) = mi. */
static double bound(ct_graph *g, int k, double mi, int seed, ct_error *err)
{
    const ct_loss_options dot = {.dot = true};
    const ct_real zero = 0;
    const int batches = 64 * MOST_K / k;
    double sum = 0;
    ct_real a[MOST_K * WIDTH], b[MOST_K * WIDTH];
    for (int i = 0; i < batches && err->status == CT_OK; i++) {
        ct_random r = ct_random_make((uint64_t)seed, CT_STREAM_PROBE, (uint64_t)i);
        draw_pairs(&r, k, ct_scalar_exp(-2 * mi / DIM), a, b);
        ct_graph_reset(g);
        const ct_loss_inputs in = {.log_scale = ct_constant(g, 1, 1, &zero), .options = &dot};
        const ct_tensor *loss = ct_loss_infonce(g, ct_constant(g, k, WIDTH, a),
                                                ct_constant(g, k, WIDTH, b), &in);
        if (loss == NULL)
            CT_FAIL(err, CT_ERR_NOMEM, "information: out of memory");
        else
            sum += (double)loss->x[0] / batches;
    }
    return ct_scalar_log(k) - sum;
}

void ct_lesson_information(ct_lesson_run *run, ct_error *err)
{
    static const int K[] = {16, 64, MOST_K};
    static const double MI[] = {2, 4, 6, 8, 10};
    static const double TABLE[3][5] = {{1.526, 2.304, 2.621, 2.737, 2.763},
                                       {1.823, 3.068, 3.748, 4.020, 4.122},
                                       {1.953, 3.533, 4.613, 5.197, 5.432}};
    double shown[SEEDS];
    ct_graph g;
    ct_graph_init(&g, run->device, 0);
    for (int k = 0; k < 3; k++)
        for (int m = 0; m < 5; m++) {
            for (int seed = 0; seed < SEEDS; seed++)
                shown[seed] = bound(&g, K[k], MI[m], seed, err);
            ct_row_near(ct_lesson_add(run, "K = %d (ln K = %.3f), I = %g nats", K[k],
                                      ct_scalar_log(K[k]), MI[m]),
                        shown, SEEDS, TABLE[k][m], 0.02);
        }
    ct_graph_free(&g);
}
