/* false_negatives.c -- what repeated captions cost.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/random.h"
#include "contrast/scalar.h"

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
        const int drawn = (int)ct_random_below(&r, (uint32_t)k);
        said[i] = drawn;
        caption[i] = i;
        for (int j = i - 1; j >= 0; j--)
            caption[i] = said[j] == drawn ? j : caption[i];
    }
}

static ct_status measure(ct_lesson_run *run, ct_error *err)
{
    static const int K[] = {2, 10, 100}, N[] = {32, 64, 128, 256, 512};
    static const double TABLE[3][5] = {{2.788, 3.474, 4.163, 4.854, 5.546},
                                       {1.317, 1.929, 2.585, 3.260, 3.945},
                                       {0.202, 0.387, 0.697, 1.155, 1.734}};
    ct_status status = CT_OK;
    for (int k = 0; k < 3; k++)
        for (int n = 0; n < 5; n++)
            ct_lesson_exact(run, expected_floor(N[n], K[k]), TABLE[k][n], 6e-4,
                            "K = %d captions, N = %d: E ln(1 + Bin(N-1, 1/K))", K[k], N[n]);
    for (int k = 0; k < 3;
         k++) { /* and the floor is where training ends: free images, a row for each caption */
        double difference[8], loss = 0;
        for (int seed = 0; seed < 8 && status == CT_OK; seed++) {
            int caption[64];
            draw(caption, 64, K[k], (uint64_t)seed);
            const ct_free_descent f = {"infonce",      64,          128,     400, 0.07, 0.1,
                                       (uint64_t)seed, CT_ACT_NONE, caption, 0};
            status = ct_lesson_descend(run->device, &f, &loss, err);
            difference[seed] = loss - batch_floor(caption, 64);
        }
        if (status == CT_OK)
            ct_lesson_seeds(run, difference, 8, 0, 2e-3,
                            "K = %d, N = 64, trained: loss - (1/N) sum ln n_i", K[k]);
    }
    return status;
}

const ct_lesson CT_LESSON_FALSE_NEGATIVES = {
    .name = "false-negatives",
    .title = "Repeated captions put a floor under the loss",
    .text = "Rows of a batch that say the same are negatives of each other, and nothing can tell "
            "them apart. With K\n"
            "equally likely captions the loss cannot be below E ln(1 + Bin(N-1, 1/K)) on average, "
            "and below\n"
            "(1/N) sum ln n_i in a batch that says row i's caption n_i times. Multi-positive "
            "targets (unicl) have the\n"
            "same floor, but no longer push equal rows apart. Here: the table, then free images "
            "and one row for each\n"
            "caption, driven down to it at tau = 0.07.",
    .source = "closed form",
    .rule = "the table within its last digit; trained: within 0.002 of the batch's own floor, "
            "median of 8 seeds",
    .command = "contrast diagnose RUN --json (floor_by_duplicates)",
    .measure = measure,
};
