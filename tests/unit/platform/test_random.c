/* test_random.c -- the generator against its authors' vectors, the distributions
 * against their moments and quantiles, and golden numbers that must never change:
 * every run's initial weights and batches hang on them. */
#include "testing.h"

#include "contrast/random.h"

enum { N = 100000 };

/* The sequence whose counter has these words after the first. */
static ct_random at_counter(uint64_t seed, uint32_t word1, uint32_t word2, uint32_t stream)
{
    return ct_random_make(seed, (ct_stream)stream, (uint64_t)word2 << 32 | word1);
}

/* Number `index` of the sequence. */
static uint32_t bits_at(const ct_random *r, uint64_t index)
{
    ct_random copy = *r;
    copy.at = index;
    return ct_random_bits(&copy);
}

/* Known answers of Random123 (kat_vectors, philox4x32 10): counter and key zero, all
 * ones, and digits of pi. */
START_TEST(philox_gives_the_known_answers)
{
    static const struct {
        uint32_t counter[4];
        uint64_t key;
        uint32_t answer[4];
    } known[] = {
        {{0, 0, 0, 0}, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         UINT64_MAX,
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         UINT64_C(0x299f31d0a4093822),
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (int i = 0; i < COUNT(known); i++) {
        const uint32_t *c = known[i].counter;
        const ct_random r = at_counter(known[i].key, c[1], c[2], c[3]);
        for (uint64_t j = 0; j < 4; j++)
            ck_assert_uint_eq(bits_at(&r, (uint64_t)c[0] * 4 + j), known[i].answer[j]);
    }
}
END_TEST

/* Made with an independent Philox in Python, and statistics.NormalDist().inv_cdf of
 * (bits + 1/2) / 2^32. */
static const uint64_t SEED = UINT64_C(0x123456789abcdef0), STEP = UINT64_C(0x500000003);
static const uint32_t BITS[] = {0x5f288d52, 0x85fc7a82, 0x540efafa, 0x0461e751,
                                0x7adce316, 0xdb86d1d2, 0xb60b9b53, 0x4eeb36ad};
static const double NORMAL[] = {-0.32732108029500134, 0.05864801502846678,  -0.44446398045676544,
                                -2.117260086267168,   -0.05032181720972533, 1.069269761990356,
                                0.5566438460270146,   -0.5007413756043294};

START_TEST(draws_are_the_golden_ones)
{
    static const uint32_t below_1000[] = {371, 523, 328, 17, 479, 857, 711, 308};
    static const int shuffled[] = {4, 6, 7, 5, 0, 1, 3, 2};
    const ct_random start = ct_random_make(SEED, CT_STREAM_TEST, STEP);
    ct_random bits = start, uniform = start, normal = start, below = start, shuffle = start;
    int items[] = {0, 1, 2, 3, 4, 5, 6, 7};
    for (int i = 0; i < COUNT(BITS); i++) {
        ck_assert_uint_eq(ct_random_bits(&bits), BITS[i]);
        ck_close(ct_random_uniform(&uniform), (BITS[i] >> 8) * 0x1p-24, 0);
        ck_close(ct_random_normal(&normal), NORMAL[i], 1.2e-9 * fabs(NORMAL[i]));
        ck_assert_uint_eq(ct_random_below(&below, 1000), below_1000[i]);
    }
    ct_random_shuffle(&shuffle, items, 8);
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(items[i], shuffled[i]);
    ck_assert_uint_eq(shuffle.at, 7);
}
END_TEST

START_TEST(normals_have_golden_bits) /* of this library; their values are judged elsewhere */
{
    static double x[N];
    ct_random r = ct_random_make(SEED, CT_STREAM_TEST, STEP);
    for (int i = 0; i < N; i++)
        x[i] = ct_random_normal(&r);
    ck_assert_uint_eq(hash_bits(x, sizeof x), UINT64_C(2615003283911855720));
}
END_TEST

/* A block is kept from draw to draw; `at` may be moved all the same. */
START_TEST(drawing_starts_wherever_at_is_set)
{
    static const uint64_t AT[] = {
        0, 5, 6, 1, 1, 4, 3, 0, UINT64_C(1) << 63, (UINT64_C(1) << 63) + 3, 7};
    const ct_random start = ct_random_make(3, CT_STREAM_TEST, 8);
    ct_random r = start;
    for (int k = 0; k < COUNT(AT); k++) {
        r.at = AT[k];
        ck_assert_uint_eq(ct_random_bits(&r), bits_at(&start, AT[k]));
        ck_assert_uint_eq(r.at, AT[k] + 1);
    }
}
END_TEST

/* Each of the four coordinates alone gives unrelated numbers: half of the bits differ. */
START_TEST(every_coordinate_matters)
{
    const ct_random one = ct_random_make(5, CT_STREAM_INIT, 9);
    const ct_random others[] = {
        ct_random_make(6, CT_STREAM_INIT, 9),
        ct_random_make(5 + (UINT64_C(1) << 32), CT_STREAM_INIT, 9),
        ct_random_make(5, CT_STREAM_SHUFFLE, 9),
        ct_random_make(5, CT_STREAM_INIT, 10),
        ct_random_make(5, CT_STREAM_INIT, 9 + (UINT64_C(1) << 32)),
    };
    for (int k = 0; k <= COUNT(others); k++) {
        int differ = 0;
        for (uint64_t i = 0; i < 1000;
             i++) { /* the last one: the sequence against itself, moved by one */
            const bool self = k == COUNT(others);
            uint32_t d = bits_at(&one, i) ^ bits_at(self ? &one : &others[k], i + self);
            for (; d != 0; d &= d - 1)
                differ++;
        }
        ck_close(differ, 16000, 5 * sqrt(8000));
    }
}
END_TEST

START_TEST(uniform_has_its_moments_and_fills_its_interval)
{
    ct_random r = ct_random_make(1, CT_STREAM_TEST, 0);
    double sum = 0, squares = 0;
    int bin[64] = {0}, outside = 0;
    for (int i = 0; i < N; i++) {
        const double u = ct_random_uniform(&r);
        outside += !(u >= 0 && u < 1 && u == (double)(float)u);
        sum += u;
        squares += u * u;
        bin[(int)(u * 64)]++;
    }
    ck_assert_int_eq(outside, 0);
    ck_close(sum / N, 0.5, 5 * sqrt(1 / 12.0 / N));
    ck_close(squares / N, 1 / 3.0, 5 * sqrt(4 / 45.0 / N));
    for (int i = 0; i < 64; i++)
        ck_close(bin[i], N / 64.0, 6 * sqrt(N / 64.0));
}
END_TEST

START_TEST(normal_has_its_moments)
{
    ct_random r = ct_random_make(2, CT_STREAM_TEST, 0);
    double m[5] = {0};
    for (int i = 0; i < N; i++) {
        const double x = ct_random_normal(&r);
        for (int k = 1; k <= 4; k++)
            m[k] += pow(x, k) / N;
    }
    ck_close(m[1], 0, 5 * sqrt(1.0 / N)); /* variances of x^k: 1, 2, 15, 96 */
    ck_close(m[2], 1, 5 * sqrt(2.0 / N));
    ck_close(m[3], 0, 5 * sqrt(15.0 / N));
    ck_close(m[4], 3, 5 * sqrt(96.0 / N));
}
END_TEST

START_TEST(normal_has_its_tails)
{
    static const double z[] = {1, 2, 3, 3.5};
    for (int k = 0; k < COUNT(z); k++) {
        ct_random r = ct_random_make(3, CT_STREAM_TEST, (uint64_t)k);
        const double p = erfc(z[k] * sqrt(0.5)) / 2;
        int above = 0, below = 0;
        for (int i = 0; i < N; i++) {
            const double x = ct_random_normal(&r);
            above += x > z[k];
            below += x < -z[k];
        }
        ck_close(above, N * p, 5 * sqrt(N * p));
        ck_close(below, N * p, 5 * sqrt(N * p));
    }
}
END_TEST

/* One number a draw, its quantile: Phi(x) leads back to the bits, in the tails too. */
START_TEST(normal_is_the_quantile_of_its_bits)
{
    ct_random r = ct_random_make(4, CT_STREAM_TEST, 0);
    for (uint64_t i = 0; i < N; i++) {
        const double u = (bits_at(&r, i) + 0.5) * 0x1p-32, x = ct_random_normal(&r);
        const double back = x < 0 ? erfc(-x * sqrt(0.5)) / 2 : 1 - erfc(x * sqrt(0.5)) / 2;
        const double slope = exp(-x * x / 2) / sqrt(2 * 3.14159265358979323846);
        ck_close(back, u, slope * 1.2e-9 * fabs(x) + 1e-15);
    }
    ck_assert_uint_eq(r.at, N);
}
END_TEST

START_TEST(below_stays_below_and_reaches_all)
{
    static const uint32_t limits[] = {1, 2, 3, 7, 10, 100};
    for (int k = 0; k < COUNT(limits); k++) {
        ct_random r = ct_random_make(5, CT_STREAM_TEST, (uint64_t)k);
        int count[101] = {0};
        const int n = 1000 * (int)limits[k];
        for (int i = 0; i < n; i++) {
            const uint32_t v = ct_random_below(&r, limits[k]);
            count[v < limits[k] ? v : 100]++;
        }
        for (uint32_t v = 0; v < limits[k]; v++)
            ck_close(count[v], 1000, 5 * sqrt(1000));
        ck_assert_int_eq(count[100], 0);
    }
    ct_random r = ct_random_make(5, CT_STREAM_TEST, 99);
    for (int i = 0; i < 1000; i++)
        ck_assert_uint_lt(ct_random_below(&r, UINT32_MAX), UINT32_MAX);
}
END_TEST

START_TEST(shuffle_is_a_permutation)
{
    static const int sizes[] = {0, 1, 2, 3, 50, 1000};
    for (int k = 0; k < COUNT(sizes); k++) {
        int items[1000], seen[1000] = {0}, moved = 0;
        ct_random r = ct_random_make(6, CT_STREAM_TEST, (uint64_t)k);
        for (int i = 0; i < sizes[k]; i++)
            items[i] = i;
        ct_random_shuffle(&r, items, sizes[k]);
        for (int i = 0; i < sizes[k]; i++) {
            seen[items[i]]++;
            moved += items[i] != i;
        }
        for (int i = 0; i < sizes[k]; i++)
            ck_assert_int_eq(seen[i], 1);
        ck_assert(sizes[k] < 50 || moved > sizes[k] / 2);
    }
}
END_TEST

START_TEST(every_order_is_as_likely) /* 24 orders of 4 items */
{
    int count[256] = {0}, orders = 0;
    for (int t = 0; t < 24000; t++) {
        ct_random r = ct_random_make(7, CT_STREAM_TEST, (uint64_t)t);
        int items[] = {0, 1, 2, 3};
        ct_random_shuffle(&r, items, 4);
        count[items[0] * 64 + items[1] * 16 + items[2] * 4 + items[3]]++;
    }
    for (int i = 0; i < 256; i++)
        if (count[i] > 0) {
            orders++;
            ck_close(count[i], 1000, 5 * sqrt(1000));
        }
    ck_assert_int_eq(orders, 24);
}
END_TEST

TCase *random_case(void)
{
    TCase *tc = tcase_create("random");
    tcase_set_timeout(tc, 30);
    add_tests(tc, philox_gives_the_known_answers, draws_are_the_golden_ones,
              normals_have_golden_bits, drawing_starts_wherever_at_is_set, every_coordinate_matters,
              uniform_has_its_moments_and_fills_its_interval, normal_has_its_moments,
              normal_has_its_tails, normal_is_the_quantile_of_its_bits,
              below_stays_below_and_reaches_all, shuffle_is_a_permutation,
              every_order_is_as_likely);
    return tc;
}
