/* test_k_walk.c -- sums over all pairs and their gradients, against plain loops in
 * double over the whole matrix; and the same bits on every device, kept or not. */
#include "devices.h"

#include "kernels/walk.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 700 };

/* Within a tile, around its edges, over several strips and chunks. */
static const struct {
    int n, m, d;
} SHAPES[] = {
    {1, 1, 1},     {2, 3, 5},      {7, 7, 3},     {128, 240, 4}, {129, 241, 3},
    {127, 47, 16}, {130, 130, 33}, {300, 700, 2}, {513, 33, 7},
};

static const k_cell CELLS[] = {K_EXP, K_SOFTPLUS, K_SQUARE, K_HINGE};

/* A walk with a sum along rows and one along columns, and what it finds. */
typedef struct trial {
    k_walk w;
    ct_real a[MOST * 40], b[MOST * 40], origin[2][MOST], weight[2][MOST], da[MOST * 40],
        db[MOST * 40];
    double total[2][MOST], slope[2][MOST];
    int group[2][MOST];
} trial;

static trial one, two, *const ONE = &one, *const TWO = &two;

static ct_real starts[2][MOST];

static void set_up(trial *t, int n, int m, int d, k_cell f, double scale, bool off_diagonal,
                   bool grouped)
{
    fill(t->a, (size_t)(n * d), 1, -1, 1);
    fill(t->b, (size_t)(m * d), 2, -1, 1);
    fill(starts[0], (size_t)n, 3, -1, 1);
    fill(starts[1], (size_t)m, 4, -1, 1);
    fill(t->weight[0], (size_t)n, 5, -1, 1);
    fill(t->weight[1], (size_t)m, 6, -1, 1);
    uint64_t dice = 7;
    for (int i = 0; i < MOST; i++)
        for (int side = 0; side < 2; side++)
            t->group[side][i] = (int)(next_bits(&dice) % 5) - 2;
    t->w = (k_walk){
        .n = n, .m = m, .d = d, .a = t->a, .b = t->b, .off_diagonal = off_diagonal, .n_sums = 2};
    if (grouped) {
        t->w.group_a = t->group[0];
        t->w.group_b = t->group[1];
    }
    for (int k = 0; k < 2; k++) {
        if (f != K_SQUARE)
            memcpy(t->origin[k], starts[k], sizeof starts[k]);
        else
            memset(t->origin[k], 0, sizeof t->origin[k]);
        t->w.sums[k] = (k_sums){.f = f,
                                .columns = k == 1,
                                .scale = (ct_real)scale * (ct_real)(k + 1),
                                .origin = t->origin[k],
                                .total = t->total[k],
                                .slope = f == K_EXP ? NULL : t->slope[k],
                                .weight = t->weight[k]};
        k_sums_clear(&t->w.sums[k], k == 0 ? n : m);
    }
    t->w.space = malloc(k_walk_space(n, m, d));
    ck_assert_ptr_nonnull(t->w.space);
}

static void run(trial *t, ct_device *dev, bool keep)
{
    const size_t cells = k_walk_kept(t->w.n, t->w.m);
    t->w.kept = keep && cells > 0 ? malloc(cells * sizeof(ct_real)) : NULL;
    k_walk_gather(dev, &t->w);
    if (t->w.sums[0].f == K_EXP) /* weights of use: of p, not of e^z */
        for (int k = 0; k < 2; k++)
            for (int i = 0; i < (k == 0 ? t->w.n : t->w.m); i++)
                t->weight[k][i] = t->total[k][i] > 0
                                      ? (ct_real)((double)t->weight[k][i] / t->total[k][i])
                                      : 0;
    k_walk_spread(dev, &t->w, t->da, false, t->db, false);
    free(t->w.kept);
    free(t->w.space);
}

/* ---- plain ---- */

static bool left_out(const trial *t, int i, int j)
{
    return (t->w.off_diagonal && i == j) ||
           (t->w.group_a != NULL && t->group[0][i] == t->group[1][j]);
}

static double cell(const trial *t, int i, int j)
{
    double s = 0;
    for (int k = 0; k < t->w.d; k++)
        s += (double)t->a[i * t->w.d + k] * (double)t->b[j * t->w.d + k];
    return s;
}

static double value_of(k_cell f, double x)
{
    return f == K_EXP        ? exp(x)
           : f == K_SOFTPLUS ? fmax(x, 0) + log1p(exp(-fabs(x)))
           : f == K_SQUARE   ? x * x
                             : fmax(x, 0);
}

static double slope_of(k_cell f, double x)
{
    return f == K_EXP        ? exp(x)
           : f == K_SOFTPLUS ? 1 / (1 + exp(-x))
           : f == K_SQUARE   ? 2 * x
                             : x > 0;
}

/* What the walk should have found for anchor i of sum k, given its origin. */
static void check_totals(const trial *t, int k)
{
    const k_sums *s = &t->w.sums[k];
    const int anchors = s->columns ? t->w.m : t->w.n, others = s->columns ? t->w.n : t->w.m;
    for (int i = 0; i < anchors; i++) {
        double total = 0, slope = 0, size = 1e-30, peak = -(double)INFINITY;
        for (int j = 0; j < others; j++) {
            if (left_out(t, s->columns ? j : i, s->columns ? i : j))
                continue;
            const double z = (double)s->scale * cell(t, s->columns ? j : i, s->columns ? i : j);
            total += value_of(s->f, z - (double)s->origin[i]);
            slope += slope_of(s->f, z - (double)s->origin[i]);
            size += fabs(slope_of(s->f, z - (double)s->origin[i]));
            peak = fmax(peak, z);
        }
        const double digits = 16 * (double)REAL_EPS * (1 + (double)s->scale * t->w.d) * size;
        ck_close(s->total[i], total, digits + 16 * (double)REAL_EPS * fabs(total));
        if (s->slope != NULL && s->f != K_HINGE)
            ck_close(s->slope[i], slope, digits);
        if (s->slope != NULL &&
            s->f == K_HINGE) /* a count; a cell at the kink may fall on either side */
            ck_close(s->slope[i], slope, 1);
        if (s->f == K_EXP && isfinite(peak))
            ck_close(s->origin[i], peak, 16 * (double)REAL_EPS * (1 + (double)s->scale * t->w.d));
    }
}

static double plain_slope(const trial *t, int i, int j)
{
    double g = 0;
    for (int k = 0; k < 2 && !left_out(t, i, j); k++) {
        const k_sums *s = &t->w.sums[k];
        const int anchor = k == 1 ? j : i;
        g += (double)t->weight[k][anchor] *
             slope_of(s->f, (double)s->scale * cell(t, i, j) - (double)s->origin[anchor]);
    }
    return g;
}

static void check_gradients(const trial *t)
{
    static double da[MOST * 40], db[MOST * 40], size_a[MOST], size_b[MOST];
    memset(da, 0, sizeof da), memset(db, 0, sizeof db);
    memset(size_a, 0, sizeof size_a), memset(size_b, 0, sizeof size_b);
    const int d = t->w.d;
    for (int i = 0; i < t->w.n; i++)
        for (int j = 0; j < t->w.m; j++) {
            const double g = plain_slope(t, i, j);
            size_a[i] += fabs(g);
            size_b[j] += fabs(g);
            for (int k = 0; k < d; k++) {
                da[i * d + k] += g * (double)t->b[j * d + k];
                db[j * d + k] += g * (double)t->a[i * d + k];
            }
        }
    const double digits = 32 * (double)REAL_EPS * (1 + 2 * (double)t->w.sums[0].scale * d);
    for (int i = 0; i < t->w.n * d; i++)
        ck_close(t->da[i], da[i], digits * (1e-3 + size_a[i / d]));
    for (int j = 0; j < t->w.m * d; j++)
        ck_close(t->db[j], db[j], digits * (1e-3 + size_b[j / d]));
}

START_TEST(equals_the_plain_loop)
{
    const k_cell f = CELLS[_i % COUNT(CELLS)];
    const int s = _i / COUNT(CELLS);
    for (int option = 0; option < 4; option++) {
        /* a hinge turns at a place, and a float may see it elsewhere: coarse numbers on both sides
         * of it */
        set_up(ONE, SHAPES[s].n, SHAPES[s].m, SHAPES[s].d, f, 0.75, option & 1, option & 2);
        for (int i = 0; f == K_HINGE && i < MOST * 40; i++) {
            ONE->a[i] = (ct_real)nearbyint(4 * (double)ONE->a[i]) / 4;
            ONE->b[i] = (ct_real)nearbyint(4 * (double)ONE->b[i]) / 4;
        }
        for (int i = 0; f == K_HINGE && i < 2 * MOST; i++)
            ONE->origin[i / MOST][i % MOST] =
                (ct_real)(nearbyint(4 * (double)starts[i / MOST][i % MOST]) / 4 + 0.01);
        open_all();
        run(ONE, devices[0], false);
        check_totals(ONE, 0);
        check_totals(ONE, 1);
        check_gradients(ONE);
        close_all();
    }
}
END_TEST

static void check_same(const trial *x, const trial *y, const ct_device *dev)
{
    const size_t n = (size_t)x->w.n, m = (size_t)x->w.m, d = (size_t)x->w.d;
    ck_assert(memcmp(x->total[0], y->total[0], n * sizeof(double)) == 0);
    ck_assert(memcmp(x->total[1], y->total[1], m * sizeof(double)) == 0);
    ck_same_on(dev, x->da, y->da, n * d);
    ck_same_on(dev, x->db, y->db, m * d);
}

START_TEST(same_bits_on_every_device_kept_or_not)
{
    const k_cell f = CELLS[_i % COUNT(CELLS)];
    const int s = _i / COUNT(CELLS);
    open_all();
    set_up(ONE, SHAPES[s].n, SHAPES[s].m, SHAPES[s].d, f, 20, true, false);
    run(ONE, devices[0], false);
    for (int k = 0; k < 2 * n_devices; k++) {
        set_up(TWO, SHAPES[s].n, SHAPES[s].m, SHAPES[s].d, f, 20, true, false);
        run(TWO, devices[k / 2], k % 2);
        check_same(ONE, TWO, devices[k / 2]);
    }
    close_all();
}
END_TEST

/* Logits from -4000 to 4000: whatever order the peaks come in, nothing overflows
 * and the sum keeps what counts. */
START_TEST(no_logit_is_too_large)
{
    const int n = 300;
    open_all();
    set_up(ONE, n, n, 1, K_EXP, 4000, true, false);
    for (int i = 0; i < n; i++)
        ONE->a[i] = ONE->b[i] = (ct_real)((i * 7 % n - n / 2) / (double)n);
    run(ONE, devices[0], false);
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < n; i++)
            ck_assert(isfinite(ONE->total[k][i]) && ONE->total[k][i] >= 1 && ONE->total[k][i] <= n);
    for (int i = 0; i < n; i++)
        ck_assert(isfinite(ONE->da[i]) && isfinite(ONE->db[i]));
    close_all();
}
END_TEST

/* A second walk goes on where the first has stopped, and its gradient is added. */
START_TEST(walks_add_up)
{
    const k_cell f = CELLS[_i];
    const int n = 140, m = 260, d = 3, cut = 120;
    open_all();
    set_up(ONE, n, m, d, f, 3, false, false);
    run(ONE, devices[0], false);
    set_up(TWO, n, m, d, f, 3, false, false);
    k_walk first = TWO->w, rest = TWO->w;
    first.m = cut;
    rest.m = m - cut;
    rest.b += cut * d;
    rest.sums[1].origin += cut, rest.sums[1].total += cut, rest.sums[1].weight += cut;
    if (f != K_EXP)
        rest.sums[1].slope += cut;
    k_walk_gather(devices[0], &first);
    k_walk_gather(devices[0], &rest);
    for (int i = 0; i < n; i++) {
        ck_close(TWO->total[0][i], ONE->total[0][i], 8 * (double)REAL_EPS * ONE->total[0][i]);
        ck_assert(TWO->origin[0][i] == ONE->origin[0][i]);
    }
    memcpy(TWO->weight, ONE->weight, sizeof ONE->weight);
    k_walk_spread(devices[0], &first, TWO->da, false, TWO->db, false);
    k_walk_spread(devices[0], &rest, TWO->da, true, TWO->db + cut * d, false);
    for (int i = 0; i < n * d; i++)
        ck_close(TWO->da[i], ONE->da[i], 1e3 * (double)REAL_EPS * (1 + fabs((double)ONE->da[i])));
    for (int i = 0; i < m * d; i++)
        ck_close(TWO->db[i], ONE->db[i], 1e3 * (double)REAL_EPS * (1 + fabs((double)ONE->db[i])));
    free(TWO->w.space);
    close_all();
}
END_TEST

TCase *k_walk_case(void)
{
    TCase *tc = tcase_create("k_walk");
    const int n = COUNT(SHAPES) * COUNT(CELLS);
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, equals_the_plain_loop, 0, n);
    tcase_add_loop_test(tc, same_bits_on_every_device_kept_or_not, 0, n);
    tcase_add_test(tc, no_logit_is_too_large);
    tcase_add_loop_test(tc, walks_add_up, 0, COUNT(CELLS));
    return tc;
}
