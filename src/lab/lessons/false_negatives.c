/* false_negatives.c -- what repeated captions cost.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/random.h"
#include "contrast/scalar.h"
#include "lab/descent.h"

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

/* (1/n) sum_i ln n_i of one batch. */
static double batch_floor(const int *caption, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        int same = 0;
        for (int j = 0; j < n; j++)
            same += caption[j] == caption[i];
        sum += ct_scalar_log(same);
    }
    return sum / n;
}

/* One of k captions for each row, by the number of the first row that says it. */
static void draw(int *caption, int n, int k, uint64_t seed)
{
    int said[512];
    ct_random r = ct_random_make(seed, CT_STREAM_PROBE, (uint64_t)k);
    for (int i = 0; i < n; i++) {
        said[i] = (int)ct_random_below(&r, (uint32_t)k);
        caption[i] = i;
        for (int j = i - 1; j >= 0; j--)
            caption[i] = said[j] == said[i] ? j : caption[i];
    }
}

void ct_lesson_false_negatives(ct_lesson_run *run, ct_error *err)
{
    static const int K[] = {2, 10, 100}, N[] = {32, 64, 128, 256, 512};
    static const double TABLE[3][5] = {{2.788, 3.474, 4.163, 4.854, 5.546},
                                       {1.317, 1.929, 2.585, 3.260, 3.945},
                                       {0.202, 0.387, 0.697, 1.155, 1.734}};
    for (int k = 0; k < 3; k++)
        for (int n = 0; n < 5; n++)
            ct_row_exact(ct_lesson_add(run, "K = %d captions, N = %d: E ln(1 + Bin(N-1, 1/K))",
                                       K[k], N[n]),
                         expected_floor(N[n], K[k]), TABLE[k][n], 6e-4);
    /* And the floor is where training ends: free images, one row for each caption. */
    for (int k = 0; k < 3; k++) {
        double difference[8];
        int caption[64];
        ct_free_descent f = {.loss = "infonce",
                             .n = 64,
                             .d = 128,
                             .steps = 400,
                             .temperature = 0.07,
                             .rate = 0.1,
                             .row_of = caption};
        for (f.seed = 0; f.seed < 8; f.seed++) {
            draw(caption, f.n, K[k], f.seed);
            difference[f.seed] = ct_descend_free(run->device, &f, NULL, err) -
                                 batch_floor(caption, f.n);
        }
        ct_row_near(ct_lesson_add(run, "K = %d, N = 64, trained: loss - (1/N) sum ln n_i", K[k]),
                    difference, 8, 0, 2e-3);
    }
}
