/* diagnosis_kinds.c -- see diagnosis_cases.h: healthy embeddings, spoiled in ways that have a name.
 */
#include "diagnosis_cases.h"
#include "suites.h"

#include "contrast/random.h"
#include "contrast/scalar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static ct_real *row(ct_real *x, const diagnosis_case *c, int i)
{
    return x + (ptrdiff_t)i * c->d;
}

static void copy_row(ct_real *x, const diagnosis_case *c, int to, const ct_real *from)
{
    memcpy(row(x, c, to), from, (size_t)c->d * sizeof *x);
}

/* Rows of x take those of `order` before. */
static void reorder(ct_real *x, const diagnosis_case *c, const int *order)
{
    const size_t size = (size_t)c->n * (size_t)c->d * sizeof *x;
    ct_real *old = malloc(size);
    memcpy(old, x, size);
    for (int i = 0; i < c->n; i++)
        copy_row(x, c, i, old + (ptrdiff_t)order[i] * c->d);
    free(old);
}

/* Healthy pairs of at least n rows and d columns, those of the cases before this one. */
static diagnosis_case healthy(ct_random *r, int n, int d)
{
    for (;;) {
        const int draw = (int)ct_random_below(r, 4000);
        diagnosis_case c = make_case(2 * (CT_UNCERTAIN + 1) * draw + draw % 2, NULL);
        if (c.label == CT_HEALTHY && c.b != NULL && c.n >= n && c.d >= d)
            return c;
        free_case(&c);
    }
}

static void replace_b(ct_random *r, diagnosis_case *c)
{
    for (int i = 0; i < c->n * c->d; i++)
        c->b[i] = (ct_real)ct_random_normal(r);
}

static void group_most(ct_random *r, diagnosis_case *c)
{
    c->group = malloc((size_t)c->n * sizeof *c->group);
    for (int i = 0; i < c->n; i++)
        c->group[i] = i < c->n * 4 / 5 ? -1 : (int)ct_random_below(r, 1u << 30);
    replace_b(r, c);
}

static void put_on_points(ct_random *r, diagnosis_case *c)
{
    const int k = 2 + (int)ct_random_below(r, (uint32_t)(c->n / 4 - 1));
    for (int i = k; i < c->n; i++) {
        copy_row(c->a, c, i, row(c->a, c, i % k));
        copy_row(c->b, c, i, row(c->b, c, i % k));
    }
}

/* Classes as captions: pictures differ, texts are one of k. */
static void repeat_captions(ct_random *r, diagnosis_case *c)
{
    const int k = 4 + (int)ct_random_below(r, (uint32_t)c->n / 3);
    for (int i = 0; i < c->n; i++) {
        copy_row(c->b, c, i, row(c->b, c, i % k));
        copy_row(c->a, c, i, row(c->a, c, i % k));
        for (int e = 0; e < c->d; e++)
            row(c->a, c, i)[e] *= (ct_real)(1 + 0.1 * ct_random_normal(r));
    }
}

static void make_equal(ct_random *r, diagnosis_case *c)
{
    c->n = 2 + (int)ct_random_below(r, 10);
    for (int i = 1; i < c->n; i++) {
        copy_row(c->a, c, i, c->a);
        copy_row(c->b, c, i, c->b);
    }
}

/* Both sides in k directions, and next to nothing of the others. */
static void lower_rank(ct_random *r, diagnosis_case *c)
{
    const int most = c->n < c->d ? c->n : c->d, k = most / 12 > 4 ? most / 12 : 4;
    double *w = malloc((size_t)k * (size_t)c->d * sizeof *w);
    for (int i = 0; i < k * c->d; i++)
        w[i] = ct_random_normal(r);
    for (int i = 0; i < c->n; i++) {
        double z[64];
        for (int j = 0; j < k; j++)
            z[j] = ct_random_normal(r);
        for (int e = 0; e < c->d; e++) {
            double x = 0;
            for (int j = 0; j < k; j++)
                x += z[j] * w[j * c->d + e];
            row(c->a, c, i)[e] = (ct_real)(x + 0.01 * ct_random_normal(r));
            row(c->b, c, i)[e] = (ct_real)(x + 0.01 * ct_random_normal(r));
        }
    }
    free(w);
}

static void drop_row(ct_random *r, diagnosis_case *c)
{
    int *order = malloc((size_t)c->n * sizeof *order);
    const int from = (int)ct_random_below(r, (uint32_t)(c->n * 3 / 4));
    for (int i = 0; i < c->n; i++)
        order[i] = i < from ? i : i + 1;
    order[c->n - 1] = from;
    reorder(c->b, c, order);
    free(order);
}

static void shuffle_some(ct_random *r, diagnosis_case *c)
{
    const int some = (int)(c->n * (0.2 + 0.4 * ct_random_uniform(r)));
    int *order = malloc((size_t)c->n * sizeof *order), *all = malloc((size_t)c->n * sizeof *all);
    for (int i = 0; i < c->n; i++) {
        order[i] = i;
        all[i] = i;
    }
    ct_random_shuffle(r, all, c->n);
    for (int i = 0; i < some; i++)
        order[all[i]] = all[(i + 1) % some];
    reorder(c->b, c, order);
    free(order);
    free(all);
}

static void turn_round(ct_random *r, diagnosis_case *c)
{
    (void)r;
    for (int i = 0; i < c->n * c->d; i++)
        c->b[i] = -c->b[i];
}

static void add_hub(ct_random *r, diagnosis_case *c)
{
    double mean[768] = {0}, length = 0;
    for (int i = 0; i < c->n; i++) {
        double square = 0;
        for (int e = 0; e < c->d; e++)
            square += (double)row(c->a, c, i)[e] * (double)row(c->a, c, i)[e];
        length += sqrt(square) / c->n;
    }
    for (int e = 0; e < c->d; e++) { /* a common part, as long as the rest */
        const double shift = length * ct_random_normal(r) / sqrt(c->d);
        for (int i = 0; i < c->n; i++) {
            const double unit = (double)row(c->a, c, i)[e] + shift;
            row(c->a, c, i)[e] = (ct_real)unit;
            mean[e] += unit / c->n;
        }
    }
    const int hub = (int)ct_random_below(r, (uint32_t)c->n);
    for (int e = 0; e < c->d; e++)
        row(c->b, c, hub)[e] = (ct_real)mean[e];
}

static void break_row(ct_random *r, diagnosis_case *c)
{
    static const double BAD[] = {(double)NAN, (double)INFINITY};
    ct_real *x = ct_random_below(r, 2) ? c->a : c->b;
    row(x, c, (int)ct_random_below(r, (uint32_t)c->n))[0] = (ct_real)BAD[ct_random_below(r, 2)];
}

static void hold_one_side(ct_random *r, diagnosis_case *c)
{
    ct_real *x = ct_random_below(r, 2) ? c->a : c->b;
    for (int i = 1; i < c->n; i++)
        copy_row(x, c, i, x);
}

/* A loss of all rows, and a factor of it that somebody saw. */
static void give(diagnosis_case *c, double tau, double factor)
{
    ct_device *device = ct_device_new(1, NULL, CT_IGNORE_ERROR);
    const ct_loss_setting at = {.n = c->n, .d = c->d, .temperature = tau};
    static ct_diagnosis d;
    ct_error err = {0};
    c->landmarks = ct_landmarks_of(ct_loss_find("clip"), &at, NULL);
    d.landmarks = c->landmarks;
    d.loss = (double)NAN;
    ct_diagnose(&(ct_embedded){.a = c->a, .b = c->b, .n = c->n, .d = c->d, .device = device}, &d,
                &err);
    ck_assert_msg(err.status == CT_OK, "%s", err.msg);
    c->loss = factor * d.loss;
    ct_device_free(device);
}

static void give_wrong(ct_random *r, diagnosis_case *c)
{
    static const double FACTOR[] = {2, 5, 0.1};
    give(c, 1, FACTOR[ct_random_below(r, 3)]);
}

static void give_nothing_finite(ct_random *r, diagnosis_case *c)
{
    (void)r;
    give(c, 0.3, (double)INFINITY);
}

static void add_placeholder(ct_random *r, diagnosis_case *c)
{
    for (int i = 1; i < c->n; i++)
        if (ct_random_below(r, 8) == 0 || i == 5)
            copy_row(c->b, c, i, c->b);
}

/* Half of the pairs learned by heart, in a wrong order: the loss that training saw was low. */
static void learn_by_heart(ct_random *r, diagnosis_case *c)
{
    shuffle_some(r, c);
    give(c, 0.07, 1);
    c->loss = 0.1;
}

static void give_right(ct_random *r, diagnosis_case *c)
{
    give(c, 0.07 + ct_random_uniform(r), 1);
}

/* Repeats that differ by what a float rounds, or by a thousandth. */
static void jitter_repeats(ct_random *r, diagnosis_case *c)
{
    repeat_captions(r, c);
    const double size = ct_random_below(r, 2) ? 1e-6 : 1e-4;
    for (int i = 0; i < c->n * c->d; i++)
        c->b[i] *= (ct_real)(1 + size * ct_random_normal(r));
}

/* A large group whose rows match each other, and others that do not match. */
static void hide_in_group(ct_random *r, diagnosis_case *c)
{
    const int large = c->n * 4 / 5;
    c->group = malloc((size_t)c->n * sizeof *c->group);
    replace_b(r, c);
    for (int i = 0; i < c->n; i++) {
        c->group[i] = i < large ? -1 : i;
        for (int e = 0; e < c->d && i < large; e++) {
            row(c->a, c, i)[e] = row(c->a, c, 0)[e] * (ct_real)(1 + 0.3 * ct_random_normal(r));
            row(c->b, c, i)[e] = row(c->a, c, 0)[e] * (ct_real)(1 + 0.3 * ct_random_normal(r));
        }
    }
}

/* All rows of a side, some rows on. */
static void shift_all(ct_random *r, diagnosis_case *c)
{
    int *order = malloc((size_t)c->n * sizeof *order);
    const int by = 1 + (int)ct_random_below(r, 20);
    for (int i = 0; i < c->n; i++)
        order[i] = (i + by) % c->n;
    reorder(c->b, c, order);
    free(order);
}

static void turn_half(ct_random *r, diagnosis_case *c)
{
    const int share = 2 + (int)ct_random_below(r, 4);
    for (int i = 0; i < c->n * c->d; i++)
        c->b[i] *= i / c->d % share == 0 ? -1 : 1;
}

/* Towers that were not trained, of one kind of input: no more than chance turns partners round. */
static void make_linear(ct_random *r, diagnosis_case *c)
{
    double w[2][64], z[8];
    c->d = 8;
    for (int i = 0; i < 128; i++)
        w[i / 64][i % 64] = ct_random_normal(r);
    for (int i = 0; i < c->n; i++) {
        for (int k = 0; k < 8; k++)
            z[k] = ct_random_normal(r);
        for (int s = 0; s < 2; s++)
            for (int e = 0; e < 8; e++) {
                double x = 0;
                for (int k = 0; k < 8; k++)
                    x += z[k] * w[s][8 * k + e];
                row(s == 0 ? c->a : c->b, c, i)[e] = (ct_real)x;
            }
    }
}

static void add_hubs(ct_random *r, diagnosis_case *c)
{
    add_hub(r, c);
    const int hub = (int)ct_random_below(r, (uint32_t)c->n - 1);
    for (int i = 0; i < c->n; i++)
        for (int e = 0; e < c->d && i == hub; e++) /* the mean of a, nearly */
            for (int j = 0; j < c->n / 2; j++)
                row(c->b, c, hub)[e] = (j == 0 ? 0 : row(c->b, c, hub)[e]) + row(c->a, c, j)[e];
}

static void copy_one(ct_random *r, diagnosis_case *c)
{
    copy_row(c->b, c, (int)ct_random_below(r, (uint32_t)c->n - 1), row(c->b, c, c->n - 1));
}

static void lengthen_one(ct_random *r, diagnosis_case *c)
{
    const int i = (int)ct_random_below(r, (uint32_t)c->n);
    for (int e = 0; e < c->d; e++)
        row(c->a, c, i)[e] *= 3000;
}

/* A low loss, and one that is lower by far. */
static void give_too_low(ct_random *r, diagnosis_case *c)
{
    for (int i = 0; i < c->n * c->d; i++)
        c->b[i] += (ct_real)(0.5 * ct_random_normal(r)) * c->b[i];
    give(c, 0.1, 1.0 / 75);
}

static void leave(ct_random *r, diagnosis_case *c)
{
    (void)r;
    (void)c;
}

diagnosis_case make_kind(int k)
{
    static const struct {
        const char *kind;
        ct_state label;
        int n, d; /* at least */
        void (*spoil)(ct_random *r, diagnosis_case *c);
    } KIND[N_KINDS] = {
        {"random pairs, one large group", CT_UNALIGNED, 100, 8, group_most},
        {"on a few points", CT_COLLAPSED, 24, 2, put_on_points},
        {"captions repeat", CT_REPEATS, 24, 8, repeat_captions},
        {"2 to 11 equal rows", CT_COLLAPSED, 24, 2, make_equal},
        {"low rank with a cliff", CT_DIMENSIONAL_COLLAPSE, 100, 64, lower_rank},
        {"a dropped row", CT_MISPAIRED, 64, 8, drop_row},
        {"some pairs shuffled", CT_MISPAIRED, 64, 8, shuffle_some},
        {"a sign", CT_INVERTED, 24, 8, turn_round},
        {"a hub", CT_HUB, 64, 32, add_hub},
        {"a row that is not finite", CT_DEGENERATE_NORMS, 24, 2, break_row},
        {"one side constant", CT_COLLAPSED, 24, 3, hold_one_side},
        {"a factor on the loss", CT_LOSS_DIFFERS, 24, 8, give_wrong},
        {"a loss that is not finite", CT_LOSS_DIFFERS, 24, 8, give_nothing_finite},
        {"a placeholder", CT_REPEATS, 64, 8, add_placeholder},
        {"a low loss of shuffled pairs", CT_MISPAIRED, 64, 8, learn_by_heart},
        {"captions repeat, nearly", CT_REPEATS, 24, 8, jitter_repeats},
        {"random pairs, one large group that matches", CT_UNALIGNED, 100, 8, hide_in_group},
        {"all rows are shifted", CT_MISPAIRED, 64, 8, shift_all},
        {"a sign on part of the rows", CT_INVERTED, 64, 8, turn_half},
        {"untrained linear towers", CT_UNALIGNED, 100, 8, make_linear},
        {"two hubs", CT_HUB, 64, 32, add_hubs},
        {"a loss that is much too low", CT_LOSS_DIFFERS, 100, 16, give_too_low},
        {"one row is there twice", CT_HEALTHY, 64, 8, copy_one},
        {"one row is long", CT_HEALTHY, 128, 8, lengthen_one},
        {"the loss of these rows", CT_HEALTHY, 24, 2, give_right},
        {"as it was", CT_HEALTHY, 24, 2, leave},
    };
    ct_random r = ct_random_make(57, CT_STREAM_TEST, (uint64_t)k);
    const int way = k / 2 % N_KINDS;
    diagnosis_case c = healthy(&r, KIND[way].n, KIND[way].d);
    KIND[way].spoil(&r, &c);
    c.kind = KIND[way].kind;
    c.label = KIND[way].label;
    return c;
}
