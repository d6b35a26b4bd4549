/* test_losses.c -- losses and options without a plain twin (test_plain.c) against the oracle
 * (oracle.h): value and gradients over shapes, temperatures, and batches that are duplicated,
 * collapsed or opposite. */
#include "gradcheck.h"
#include "oracle.h"
#include "suites.h"

#include <stdio.h>
#include <string.h>

static batch x;
static outcome got;
static oracle_outcome want;

/* A loss, and what it is told. */
static const struct variant {
    const char *loss;
    int mining;
    bool other; /* the option that is not the default: in_modal off, dot, a bias, ... */
} VARIANTS[] = {
    {"npair", 0, false},
    {"infonce", 0, true},
    {"clip", 0, true},
    {"siglip", 0, true},
    {"dcl", 0, false},
    {"dcl", 0, true},
    {"unicl", 0, false},
    {"triplet", CT_MINE_ALL, false},
    {"triplet", CT_MINE_SEMI_HARD, false},
    {"triplet", CT_MINE_HARDEST, false},
    {"triplet", CT_MINE_ALL, true},
    {"triplet", CT_MINE_SEMI_HARD, true},
    {"triplet", CT_MINE_HARDEST, true},
    {"hard-negative", 0, false},
    {"hard-negative", 0, true},
    {"align-uniform", 0, false},
    {"align-uniform", 0, true},
    {"spectral", 0, false},
    {"spectral", 0, true},
    {"barlow", 0, false},
    {"vicreg", 0, false},
    {"supcon", 0, false},
    {"supcon", 0, true},
};

static const double TEMPERATURES[] = {0.005, 0.05, 0.07, 0.2, 1, 10};

static bool is(const char *name, int v)
{
    return strcmp(VARIANTS[v].loss, name) == 0;
}

static bool of_columns(int v)
{
    return is("barlow", v) || is("vicreg", v);
}

static void tell(int v)
{
    x.options.mining = VARIANTS[v].mining;
    x.grouped = is("unicl", v) || is("supcon", v);
    if (!VARIANTS[v].other)
        return;
    x.options.in_modal = false;
    x.options.dot = is("infonce", v) || is("spectral", v);
    x.options.mask_groups = x.grouped = is("clip", v) || is("supcon", v) || is("triplet", v) ||
                                        is("hard-negative", v) || is("align-uniform", v) ||
                                        is("spectral", v);
    x.options.align_power = 1.5;
    x.options.uniform_t = 3;
    x.options.uniform = 0.7;
    x.options.mu = 2;
    x.options.beta = 0.5;
    x.options.tau_plus = 0.01;
    x.biased = true;
    x.bias = (ct_real)-1.5;
}

/* How far rounding may move what comes of logits of this size. */
static double digits(int v)
{
    double logit = batch_scale(&x);
    if (is("npair", v) || x.options.dot) /* products as large as |a| |b| */
        logit = (is("npair", v) ? 1 : batch_scale(&x)) * (x.d + 1);
    if (is("align-uniform", v) || is("spectral", v) || is("triplet", v))
        logit = 8;
    if (is("hard-negative", v))
        logit *= 2.5;
    return 32 * (double)REAL_EPS * (2 + logit + log(x.n));
}

static void check_rows(int v, const char *side, const ct_real *rows, const ct_real *g,
                       const double *w, double size)
{
    for (int i = 0; i < x.n; i++) {
        double square = 0, length = 0;
        for (int k = i * x.d; k < (i + 1) * x.d; k++) {
            square += w[k] * w[k];
            length += (double)rows[k] * (double)rows[k];
        }
        const double unit = of_columns(v) || is("npair", v) || x.options.dot
                                ? 1
                                : fmax(sqrt(length), 1e-3);
        const double tol = digits(v) * (sqrt(square) + size / unit);
        for (int k = i * x.d; k < (i + 1) * x.d; k++)
            if (!(fabs((double)g[k] - w[k]) <= tol)) /* asserting each would cost a system call */
                ck_abort_msg("%s n %d d %d tau %g: d%s[%d,%d] is %.9g, should be %.9g within %.2g",
                             VARIANTS[v].loss, x.n, x.d, batch_temperature(&x), side, i, k % x.d,
                             (double)g[k], w[k], tol);
    }
}

static void check_value(int v)
{
    run_loss(ct_loss_find(VARIANTS[v].loss)->apply, &x, &got);
    oracle(VARIANTS[v].loss, &x, &want);
    ck_assert_msg(fabs((double)got.value - want.value) <= digits(v) * (1 + fabs(want.value)),
                  "%s n %d d %d tau %g: %.9g, should be %.9g", VARIANTS[v].loss, x.n, x.d,
                  batch_temperature(&x), (double)got.value, want.value);
}

static void check(int v)
{
    check_value(v);
    /* the size of one pair's part in the gradient, before anything cancels */
    const double scale = batch_scale(&x), of_columns_size = 50.0 * x.d / x.n;
    double size = (of_columns(v)                           ? of_columns_size
                   : is("spectral", v) || is("triplet", v) ? 8
                                                           : 4 + scale) /
                  x.n;
    if (x.options.dot || is("npair", v))
        size *= 1 + x.d;
    check_rows(v, "a", x.a, got.da, want.da, size);
    check_rows(v, "b", x.b, got.db, want.db, size);
    if (ct_loss_find(VARIANTS[v].loss)->learns_scale)
        ck_assert_msg(fabs((double)got.dlog_scale - want.dlog_scale) <=
                          digits(v) *
                              (fabs(want.dlog_scale) + (1 + scale) * (x.options.dot ? 1 + x.d : 1)),
                      "%s n %d d %d tau %g: dlog_scale %.9g, should be %.9g", VARIANTS[v].loss, x.n,
                      x.d, batch_temperature(&x), (double)got.dlog_scale, want.dlog_scale);
    if (x.biased && is("siglip", v))
        ck_close(got.dbias, want.dbias, digits(v) * (1 + x.n));
}

static void random_batch(int n, int d, double temperature, unsigned seed)
{
    uint64_t dice = seed;
    batch_random(&x, n, d, temperature, seed);
    for (int i = 0; i < n; i++)
        x.group[i] = 1000000 * (int)(next_bits(&dice) % (unsigned)(n / 2 + 1)) - 2000000;
}

START_TEST(equals_the_oracle)
{
    uint64_t dice = 11;
    for (int k = 0; k < 24; k++) {
        const uint64_t r = next_bits(&dice);
        const int most = of_columns(_i) ? 12 : 40;
        const int n = 1 + (k < 9 ? k % 3 : (int)(r % (unsigned)most)),
                  d = 1 + (k < 9 ? k / 3 : (int)(r / 64 % (unsigned)most));
        random_batch(n, d, TEMPERATURES[k % COUNT(TEMPERATURES)], (unsigned)k);
        tell(_i);
        check(_i);
    }
}
END_TEST

/* Several strips, chunks and tiles; long rows. */
START_TEST(equals_the_oracle_on_large_batches)
{
    static const int SHAPES[][2] = {{150, 5}, {17, 300}, {300, 40}, {24, 512}};
    for (int s = 0; s < COUNT(SHAPES) && !of_columns(_i); s++) {
        random_batch(SHAPES[s][0], SHAPES[s][1], s % 2 ? 0.07 : 0.5, (unsigned)s);
        tell(_i);
        check(_i);
    }
}
END_TEST

/* Rows twice, all rows equal, and sides opposite. */
START_TEST(equals_the_oracle_on_degenerate_batches)
{
    for (int t = 0; t < COUNT(TEMPERATURES); t++)
        for (int what = 0; what < 3; what++) {
            const int n = 9, d = 4;
            if (what == 0) {
                random_batch(n, d, TEMPERATURES[t], (unsigned)t);
                memcpy(x.a + d, x.a, (size_t)d * sizeof *x.a);
                memcpy(x.b + 3 * d, x.b + 2 * d, (size_t)d * sizeof *x.b);
            } else {
                batch_all_equal(&x, n, d, TEMPERATURES[t], what == 1 ? 1 : -1);
            }
            tell(_i);
            run_loss(ct_loss_find(VARIANTS[_i].loss)->apply, &x, &got);
            ck_assert(isfinite(got.value) && isfinite(got.dlog_scale));
            int wild = 0;
            for (int i = 0; i < n * d; i++)
                wild += !isfinite(got.da[i]) || !isfinite(got.db[i]);
            ck_assert_int_eq(wild, 0);
            const bool ties = VARIANTS[_i].mining != CT_MINE_ALL; /* a tie shares the gradient */
            if (ties)
                check_value(_i);
            else if (!(is("align-uniform", _i) && x.options.align_power != 2 && what == 1) &&
                     !of_columns(_i))
                check(_i);
        }
}
END_TEST

/* A negative that equals the positive is not farther than it, however long the rows are. */
START_TEST(rows_that_are_there_twice_tie_with_the_positive)
{
    for (unsigned seed = 0; seed < 40; seed++) {
        const int n = 6 + (int)seed % 9, d = 3 + (int)seed, half = n / 2;
        random_batch(n, d, 1, seed);
        memcpy(x.a + (ptrdiff_t)half * d, x.a, (size_t)(half * d) * sizeof *x.a);
        if (seed % 2 == 0)
            memcpy(x.b + (ptrdiff_t)half * d, x.b, (size_t)(half * d) * sizeof *x.b);
        tell(_i);
        check_value(_i);
    }
}
END_TEST

/* Their distance is not that of unit rows: 0 from one another, 1 from all others. */
START_TEST(rows_of_zeros_are_where_they_are)
{
    for (int zeros = 1; zeros < 4; zeros++) {
        random_batch(7, 5, 1, 3);
        tell(_i);
        memset(x.a + 5, 0, (size_t)zeros * 5 * sizeof *x.a);
        memset(x.b, 0, 5 * sizeof *x.b);
        if (is("align-uniform", _i))
            check(_i);
    }
    if (!is("align-uniform", _i) || x.options.mask_groups)
        return;
    batch_zero(&x, 7, 5, 1);
    tell(_i);
    run_loss(ct_loss_find("align-uniform")->apply, &x, &got);
    ck_close(got.value, 0, 1e-6); /* as of every other batch of equal rows */
}
END_TEST

/* Two pairs, each row equal to the other pair's: R = 2 e^1000, and the rest of 1 + r is nothing. */
START_TEST(the_hardest_negatives_at_the_least_temperature)
{
    static const ct_real UNIT[2][4] = {{1, 0, 0, 1}, {0, 1, 1, 0}};
    batch_zero(&x, 2, 2, 0.001);
    memcpy(x.a, UNIT[0], sizeof UNIT[0]);
    memcpy(x.b, UNIT[1], sizeof UNIT[1]);
    run_loss(ct_loss_hard_negative, &x, &got);
    ck_close(got.value, 1000 + log(2 / 0.9), 1e-3);
    ck_close(got.dlog_scale, 1000, 0.1);
    ck_close(got.da[0], 0, 0.1); /* away from b of the other pair is along the row itself */
    ck_close(got.da[1], -500, 0.1);
}
END_TEST

static ct_tensor *op(ct_graph *g, ct_tensor *const *in, const void *which)
{
    const int v = *(const int *)which;
    return ct_loss_find(VARIANTS[v].loss)
        ->apply(g, in[0], in[1],
                &(ct_loss_inputs){.log_scale = in[2],
                                  .group = x.grouped ? x.group : NULL,
                                  .bias = x.biased ? in[3] : NULL,
                                  .options = &x.options});
}

/* The oracle's own gradients are differences' too. */
START_TEST(backward_matches_difference)
{
    const int v = _i;
    random_batch(7, 5, 0.7, 95u + (unsigned)v);
    tell(v);
    if (is("triplet", v))
        x.options.margin = 6; /* no hinge near its kink */
    gradcheck_input in[] = {{x.n, x.d, x.a},
                            {x.n, x.d, x.b},
                            {1, 1, &x.log_scale},
                            {1, 1, &x.bias}};
    const bool scaled = ct_loss_find(VARIANTS[v].loss)->learns_scale,
               biased = is("siglip", v) && x.biased;
    ck_gradcheck(op, &v, in, biased ? 4 : scaled ? 3 : 2);
}
END_TEST

/* Against no negatives nothing is lost, and nothing moves; pulls remain where they are. */
START_TEST(one_pair_has_no_negatives)
{
    static const char *const NOTHING[] = {"question", "infonce", "clip",    "ntxent",       "dcl",
                                          "unicl",    "supcon",  "triplet", "hard-negative"};
    for (int k = 0; k < COUNT(NOTHING); k++) {
        batch_random(&x, 1, 5, 0.07, 4);
        run_loss(ct_loss_find(NOTHING[k])->apply, &x, &got);
        ck_assert_msg(got.value == 0 && got.dlog_scale == 0, "%s of one pair", NOTHING[k]);
        for (int j = 0; j < 5; j++)
            ck_assert(got.da[j] == 0 && got.db[j] == 0);
    }
}
END_TEST

TCase *losses_case(void)
{
    TCase *tc = tcase_create("losses");
    tcase_set_timeout(tc, 600);
    tcase_add_loop_test(tc, equals_the_oracle, 0, COUNT(VARIANTS));
    tcase_add_loop_test(tc, equals_the_oracle_on_large_batches, 0, COUNT(VARIANTS));
    tcase_add_loop_test(tc, equals_the_oracle_on_degenerate_batches, 0, COUNT(VARIANTS));
    tcase_add_loop_test(tc, rows_that_are_there_twice_tie_with_the_positive, 7, 13); /* triplet */
    tcase_add_loop_test(tc, rows_of_zeros_are_where_they_are, 15, 17);
    tcase_add_test(tc, the_hardest_negatives_at_the_least_temperature);
    tcase_add_loop_test(tc, backward_matches_difference, 0, COUNT(VARIANTS));
    tcase_add_test(tc, one_pair_has_no_negatives);
    return tc;
}
