/* diagnosis_cases.c -- see diagnosis_cases.h. */
#include "diagnosis_cases.h"
#include "suites.h"

#include "contrast/random.h"
#include "contrast/scalar.h"
#include "train/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what real training leaves ---- */

#define SMALL_SHAPES "data.n_train=1024 data.n_test=300 data.n_validation=50 data.n_composition=50 "

static const struct {
    const char *recipe, *settings, *kind;
    ct_state label;
} RUN[] = {
    {"shapes", SMALL_SHAPES "train.batch=48 train.steps=200", "trained: shapes", CT_HEALTHY},
    {"shapes", SMALL_SHAPES "train.batch=48 train.steps=250 loss.temperature=1",
     "trained: shapes, tau 1", CT_HEALTHY},
    {"shapes", SMALL_SHAPES "train.batch=48 train.steps=150 image.layers=128,256 text.layers=256",
     "trained: shapes, d 256", CT_HEALTHY},
    {"latent", "data.n_test=400 train.batch=64 train.steps=300 image.layers=64,8 text.layers=64,8",
     "trained: latent, d 8", CT_HEALTHY},
    {"latent", "data.n_test=400 train.batch=64 train.steps=300 loss.temperature=0.2",
     "trained: latent", CT_HEALTHY},
    {"collapse", "train.steps=300", "trained: question on deep sigmoid towers", CT_PLATEAU},
    {"collapse", "train.steps=300 train.batch=64 train.seed=2", "trained: the same, 64 pairs",
     CT_PLATEAU},
    {"shapes", SMALL_SHAPES "train.batch=32 train.steps=400 loss.name=positives",
     "trained: positives only", CT_COLLAPSED},
    {"shapes",
     SMALL_SHAPES "loss.temperature=1 optim.rate=0.03 train.batch=16 image.layers=64,64,64,32 "
                  "text.layers=64,64,64,32 "
                  "train.steps=300",
     "trained: Adam at 0.03, four layers", CT_DIMENSIONAL_COLLAPSE},
    {"shapes", SMALL_SHAPES "train.batch=16 train.steps=1", "untrained: shapes", CT_UNALIGNED},
    {"latent", "data.n_test=400 train.batch=16 train.steps=1", "untrained: latent", CT_UNALIGNED},
};
#define N_RUNS ((int)(sizeof RUN / sizeof *RUN))

struct trained_set {
    struct {
        int n, d;
        ct_real *x[2];
        double loss;
        ct_landmarks landmarks;
    } run[N_RUNS];
};

static void must(ct_status status, const ct_error *err)
{
    ck_assert_msg(status == CT_OK, "%s", err->msg);
}

static void load(ct_recipe *r, int run)
{
    ct_error err = {0};
    char settings[512], *word;
    *r = ct_recipe_defaults();
    must(ct_recipe_read(r, RUN[run].recipe, ct_recipe_builtin(RUN[run].recipe), &err), &err);
    snprintf(settings, sizeof settings, "%s", RUN[run].settings);
    for (word = strtok(settings, " "); word != NULL; word = strtok(NULL, " "))
        must(ct_recipe_override(r, word, &err), &err);
    must(ct_recipe_check(r, &err), &err);
}

trained_set *train_all(ct_device *device)
{
    trained_set *all = calloc(1, sizeof *all);
    for (int k = 0; k < N_RUNS; k++) {
        ct_error err = {0};
        ct_recipe r;
        ct_trainer t;
        ct_step s = {0};
        load(&r, k);
        ct_pairs *pairs = ct_recipe_data(&r, &err);
        ck_assert_msg(pairs != NULL, "%s", err.msg);
        must(ct_trainer_init(&t, &r, pairs, device, &err), &err);
        while (t.step < r.train.steps)
            must(ct_trainer_step(&t, &s, &err), &err);
        const int n = pairs->count[CT_TEST], d = ct_trainer_width(&t);
        all->run[k].n = n, all->run[k].d = d;
        for (int side = 0; side < 2; side++) {
            all->run[k].x[side] = malloc((size_t)n * (size_t)d * sizeof(ct_real));
            must(ct_trainer_embed(&t, side, pairs->index[CT_TEST], n, all->run[k].x[side], &err),
                 &err);
        }
        all->run[k].loss = s.loss;
        all->run[k].landmarks = ct_trainer_landmarks(&t, &s);
        all->run[k].landmarks.at.options = NULL; /* those of the recipe die with it */
        ct_trainer_free(&t);
        ct_pairs_free(pairs);
    }
    return all;
}

void free_trained(trained_set *t)
{
    for (int k = 0; t != NULL && k < N_RUNS; k++)
        for (int side = 0; side < 2; side++)
            free(t->run[k].x[side]);
    free(t);
}

/* ---- generated ones ---- */

static int pick(ct_random *r, int n, const int *of)
{
    return of[ct_random_below(r, (uint32_t)n)];
}
#define PICK(r, ...) \
    pick((r), (int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)), (int[]){__VA_ARGS__})

static double between(ct_random *r, double low, double high)
{
    return low + (high - low) * ct_random_uniform(r);
}

/* 10^low .. 10^high */
static double power(ct_random *r, double low, double high)
{
    return ct_scalar_exp(2.302585092994046 * between(r, low, high));
}

static ct_real *new_rows(int n, int d)
{
    return calloc((size_t)n * (size_t)d, sizeof(ct_real));
}

/* x (n, d) = spread of the first `k` directions of a random frame, scaled as
 * (j + 1)^-decay, to unit length; z (n, k) are its coordinates. */
static void place(ct_random *r, const double *z, int n, int k, int d, const double *frame,
                  double tail, ct_real *x)
{
    for (int i = 0; i < n; i++) {
        double row[768], square = 0;
        for (int e = 0; e < d; e++) {
            row[e] = 0;
            for (int j = 0; j < k; j++)
                row[e] += z[i * k + j] * frame[j * d + e];
            square += row[e] * row[e];
        }
        const double length = sqrt(square) + 1e-30;
        for (int e = 0; e < d; e++)
            x[i * d + e] = (ct_real)(row[e] / length + tail / sqrt(d) * ct_random_normal(r));
    }
}

/* k random directions of d, orthonormal (Gram and Schmidt). */
static double *random_frame(ct_random *r, int k, int d)
{
    double *f = malloc((size_t)k * (size_t)d * sizeof *f);
    for (int j = 0; j < k; j++) {
        double square = 0;
        for (int e = 0; e < d; e++)
            f[j * d + e] = ct_random_normal(r);
        for (int p = 0; p < j; p++) {
            double dot = 0;
            for (int e = 0; e < d; e++)
                dot += f[j * d + e] * f[p * d + e];
            for (int e = 0; e < d; e++)
                f[j * d + e] -= dot * f[p * d + e];
        }
        for (int e = 0; e < d; e++)
            square += f[j * d + e] * f[j * d + e];
        for (int e = 0; e < d; e++)
            f[j * d + e] /= sqrt(square);
    }
    return f;
}

/* Two sides in k of d directions: equal but for `noise` (in units of a coordinate). */
static void make_pairs(ct_random *r, diagnosis_case *c, int k, double decay, double noise,
                       double tail)
{
    const int n = c->n, d = c->d;
    double *frame = random_frame(r, k, d), *z = calloc((size_t)n * (size_t)k, sizeof *z),
           *scale = malloc((size_t)k * sizeof *scale);
    c->a = new_rows(n, d), c->b = new_rows(n, d);
    for (int j = 0; j < k; j++)
        scale[j] = ct_scalar_exp(-decay * ct_scalar_log(j + 1.0));
    for (int i = 0; i < n * k; i++)
        z[i] = scale[i % k] * ct_random_normal(r);
    place(r, z, n, k, d, frame, tail, c->a);
    for (int i = 0; i < n * k; i++)
        z[i] += noise * scale[i % k] * ct_random_normal(r);
    place(r, z, n, k, d, frame, tail, c->b);
    free(frame), free(z), free(scale);
}

/* Lengths: a factor a row, within one order, and one for the whole side. */
static void stretch(ct_random *r, ct_real *x, int n, int d)
{
    const double all = power(r, -2, 2);
    for (int i = 0; i < n; i++) {
        const double one = all * power(r, -0.3, 0.3);
        for (int e = 0; e < d; e++)
            x[i * d + e] *= (ct_real)one;
    }
}

static void make_healthy(ct_random *r, diagnosis_case *c)
{
    const int full = c->d <= 16 ? c->d : c->d / PICK(r, 1, 2, 4), k = full > 64 ? 64 : full;
    /* the closer the neighbours, the less noise pairs bear */
    const double noise = k == 1 ? 0
                                : between(r, 0.02, 0.3) *
                                      ct_scalar_exp(-ct_scalar_log(c->n) / (k > 2 ? k - 1 : 1));
    make_pairs(r, c, k, between(r, 0, 0.4), noise, 0);
}

static void shift(ct_real *x, int n, int d, const double *by)
{
    for (int i = 0; i < n; i++)
        for (int e = 0; e < d; e++)
            x[i * d + e] += (ct_real)by[e];
}

static void permute(ct_random *r, ct_real *x, int n, int d)
{
    int *order = malloc((size_t)n * sizeof *order);
    ct_real *old = malloc((size_t)n * (size_t)d * sizeof *old);
    memcpy(old, x, (size_t)n * (size_t)d * sizeof *old);
    const int how = PICK(r, 0, 0, 1, 2), by = 1 + (int)ct_random_below(r, (uint32_t)n - 1);
    for (int i = 0; i < n; i++)
        order[i] = how == 0   ? i
                   : how == 1 ? (i + by) % n
                              : n - 1 - i; /* random, shifted, from the back */
    if (how == 0)
        ct_random_shuffle(r, order, n);
    for (int i = 0; i < n; i++)
        memcpy(x + i * d, old + order[i] * d, (size_t)d * sizeof *x);
    free(order), free(old);
}

/* Rows near one point: c + epsilon u, u of unit length. */
static ct_real *make_cone(ct_random *r, int n, int d, double epsilon, const double *centre)
{
    ct_real *x = new_rows(n, d);
    double *frame = random_frame(r, d < 32 ? d : 32, d);
    const int k = d < 32 ? d : 32;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < k; j++) {
            const double u = epsilon * ct_random_normal(r) / sqrt(k);
            for (int e = 0; e < d; e++)
                x[i * d + e] += (ct_real)(u * frame[j * d + e] + (j == 0 ? centre[e] : 0));
        }
    free(frame);
    return x;
}

static void give_loss(diagnosis_case *c, double share)
{
    const double equal = ct_scalar_log(c->n < 256 ? c->n : 256);
    c->loss = share * equal;
    c->landmarks = (ct_landmarks){.loss = ct_loss_find("clip"), .all_equal = equal, .floor = 1e-4};
}

static void drop_b(diagnosis_case *c)
{
    free(c->b);
    c->b = NULL;
}

static void make_degenerate(ct_random *r, diagnosis_case *c)
{
    ct_real *x = ct_random_below(r, 2) ? c->a : c->b;
    const int how = PICK(r, 0, 1, 2, 3, 4);
    for (int i = 0; i < c->n; i++) {
        const bool hit = i == 3 || ct_random_uniform(r) < 0.1;
        for (int e = 0; e < c->d; e++) {
            ct_real *v = &x[i * c->d + e];
            if (how == 0 && hit && e == c->d / 2)
                *v = (ct_real)NAN;
            else if (how == 1 && hit)
                *v = 0;
            else if (how == 2 && hit)
                *v *= (ct_real)1e5;
            else if (how == 3)
                *v *= (ct_real)1e18;
            else if (how == 4 && i % 2 == 0)
                *v *= (ct_real)1e-5;
        }
    }
    c->kind = (const char *[]){"a NaN", "zero rows", "some long rows", "huge", "half short"}[how];
}

static void make_uncertain(ct_random *r, diagnosis_case *c)
{
    double centre[768] = {1};
    switch (PICK(r, 0, 1, 2, 3)) {
    case 0:
        c->n = 2 + (int)ct_random_below(r, 10), c->kind = "fewer than 12 rows";
        make_healthy(r, c);
        break;
    case 1:
        c->kind = "healthy, but the loss is at ln N";
        make_healthy(r, c);
        give_loss(c, 1);
        break;
    case 2:
        c->kind = "a narrow cone, one side";
        c->a = make_cone(r, c->n, c->d, between(r, 0.06, 0.2), centre);
        break;
    default:
        c->kind = "equal rows, but a low loss";
        c->a = make_cone(r, c->n, c->d, power(r, -6, -2), centre);
        c->b = make_cone(r, c->n, c->d, power(r, -6, -2), centre);
        give_loss(c, 0.3);
    }
}

/* Rows and both sides of a trained run; a part of the rows. */
static bool from_training(ct_random *r, diagnosis_case *c, const trained_set *t)
{
    int found[N_RUNS], n = 0;
    const bool shuffled = c->label == CT_MISPAIRED;
    for (int k = 0; k < N_RUNS; k++)
        if (RUN[k].label == (shuffled ? CT_HEALTHY : c->label))
            found[n++] = k;
    if (n == 0 || t == NULL)
        return false;
    const int k = found[ct_random_below(r, (uint32_t)n)], rows = t->run[k].n;
    c->kind = RUN[k].kind, c->d = t->run[k].d;
    c->n = c->n > rows ? rows : c->n;
    c->a = new_rows(c->n, c->d), c->b = new_rows(c->n, c->d);
    const int first = (int)ct_random_below(r, (uint32_t)(rows - c->n + 1));
    memcpy(c->a, t->run[k].x[0] + first * c->d, (size_t)c->n * (size_t)c->d * sizeof *c->a);
    memcpy(c->b, t->run[k].x[1] + first * c->d, (size_t)c->n * (size_t)c->d * sizeof *c->b);
    c->loss = t->run[k].loss;
    if (!shuffled && (ct_landmarks_want_collapse(&t->run[k].landmarks) || c->label == CT_PLATEAU ||
                      ct_random_below(r, 2) == 0))
        c->landmarks = t->run[k].landmarks;
    if (shuffled)
        permute(r, c->b, c->n, c->d);
    return true;
}

static void make_generated(ct_random *r, diagnosis_case *c)
{
    double centre[2][768] = {{0}, {0}};
    for (int s = 0; s < 2; s++) { /* a unit vector each; the same one, half of the time */
        double square = 0;
        for (int e = 0; e < c->d; e++) {
            centre[s][e] = ct_random_normal(r);
            square += centre[s][e] * centre[s][e];
        }
        for (int e = 0; e < c->d; e++)
            centre[s][e] /= sqrt(square);
    }
    if (ct_random_below(r, 2) == 0)
        memcpy(centre[1], centre[0], sizeof centre[0]);
    switch (c->label) {
    case CT_COLLAPSED:
        for (int s = 0; s < 2; s++) {
            const double epsilon = ct_random_below(r, 4) == 0 ? 0 : power(r, -7, -1.7);
            *(s == 0 ? &c->a : &c->b) = make_cone(r, c->n, c->d, epsilon, centre[s]);
        }
        if (ct_random_below(r, 2) == 0)
            give_loss(c, between(r, 0.998, 1.002));
        break;
    case CT_DIMENSIONAL_COLLAPSE:
        c->d = PICK(r, 16, 32, 64, 128, 256, 512, 768);
        c->n = c->n < 32 ? 32 : c->n;
        make_pairs(r, c, 1 + (int)ct_random_below(r, 3), 0, between(r, 0.3, 1), between(r, 0, 0.1));
        break;
    case CT_PLATEAU:
        c->d = c->d < 8 ? 8 : c->d;
        c->a = make_cone(r, c->n, c->d, between(r, 0.06, 0.25), centre[0]);
        c->b = make_cone(r, c->n, c->d, between(r, 0.06, 0.25), centre[1]);
        if (ct_random_below(r, 2) == 0)
            give_loss(c, between(r, 0.99, 1.01));
        break;
    case CT_UNALIGNED: {
        diagnosis_case other = *c;
        make_healthy(r, c);
        make_healthy(r, &other);
        free(c->b), free(other.a);
        c->b = other.b;
        if (ct_random_below(r, 3) == 0)
            give_loss(c, between(r, 1, 1.3));
        break;
    }
    case CT_MODALITY_GAP:
        make_healthy(r, c);
        for (int e = 0; e < c->d; e++) {
            centre[0][e] *= between(r, 0.6, 0.601);
            centre[1][e] = -centre[0][e];
        }
        shift(c->a, c->n, c->d, centre[0]);
        shift(c->b, c->n, c->d, centre[1]);
        break;
    case CT_UNCERTAIN: make_uncertain(r, c); break;
    default: make_healthy(r, c);
    }
    if (c->label == CT_MISPAIRED)
        permute(r, c->b, c->n, c->d);
    stretch(r, c->a, c->n, c->d);
    if (c->b != NULL)
        stretch(r, c->b, c->n, c->d);
    if (c->label == CT_DEGENERATE_NORMS)
        make_degenerate(r, c);
    const bool alone = c->label == CT_HEALTHY || c->label == CT_COLLAPSED ||
                       c->label == CT_DIMENSIONAL_COLLAPSE;
    if (alone && ct_random_below(r, 5) == 0)
        drop_b(c);
}

diagnosis_case make_case(int k, const trained_set *trained)
{
    ct_random r = ct_random_make(13, CT_STREAM_TEST, (uint64_t)k);
    diagnosis_case c = {.label = (ct_state)(k / 2 % (CT_UNCERTAIN + 1)), .kind = "generated"};
    c.n = PICK(&r, 24, 32, 64, 100, 128, 200, 300, 400);
    c.d = PICK(&r, 2, 3, 8, 16, 32, 64, 128, 256, 512, 768);
    if (c.label == CT_MODALITY_GAP && c.d < 8)
        c.d = 8; /* on a circle there is no room for a gap and for rows */
    if (ct_random_below(&r, 3) != 0 || !from_training(&r, &c, trained))
        make_generated(&r, &c);
    return c;
}

void free_case(diagnosis_case *c)
{
    free(c->a);
    free(c->b);
    free(c->group);
}
