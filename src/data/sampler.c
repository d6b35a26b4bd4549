/* sampler.c -- which pairs make up training step k.
 *
 * A new random order every epoch, made from (seed, epoch) alone: a resumed run
 * asks for step k and gets the batch that it would have got.
 *
 * Without duplicates: L batches of b with no group twice exist if and only if
 * sum_g min(n_g, L) >= L b, n_g the size of group g. They are dealt like cards: items
 * lie group by group, at most L of each, and item q goes to batch q mod L. A group is
 * a run of at most L items, so no two of it meet. */
#include "contrast/data.h"

#include "contrast/random.h"

#include <stdlib.h>
#include <string.h>

static int compare_ints(const void *a, const void *b)
{
    const int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* s->group from ids of any values: each becomes its place among the distinct ones. */
static void number_groups(ct_sampler *s, const int *group)
{
    for (int i = 0; i < s->n; i++)
        s->sorted[i] = group[s->items[i]];
    qsort(s->sorted, (size_t)s->n, sizeof *s->sorted, compare_ints);
    for (int i = 0; i < s->n; i++)
        if (i == 0 || s->sorted[i] != s->sorted[i - 1])
            s->end[s->n_groups++] = s->sorted[i];
    for (int i = 0; i < s->n; i++) {
        const int *found = bsearch(&group[s->items[i]], s->end, (size_t)s->n_groups, sizeof *s->end,
                                   compare_ints);
        s->group[i] = (int)(found - s->end);
    }
}

/* s->at[g] = n_g. */
static void count_groups(const ct_sampler *s)
{
    memset(s->at, 0, (size_t)s->n * sizeof *s->at);
    for (int i = 0; i < s->n; i++)
        s->at[s->group[i]]++;
}

/* The largest L with sum_g min(n_g, L) >= L b: both sides start at 0 and the left one bends down.
 */
static int most_batches(const ct_sampler *s)
{
    int least = 0, most = s->n / s->batch;
    while (least < most) {
        const int middle = most - (most - least) / 2;
        long long fit = 0;
        for (int g = 0; g < s->n_groups; g++)
            fit += s->at[g] < middle ? s->at[g] : middle;
        if (fit >= (long long)middle * s->batch)
            least = middle;
        else
            most = middle - 1;
    }
    return least;
}

static void use_groups(ct_sampler *s, const int *group, ct_error *err)
{
    s->group = s->order + s->n;
    s->sorted = s->group + s->n;
    s->at = s->sorted + s->n;
    s->end = s->at + s->n;
    number_groups(s, group);
    if (s->batch > s->n_groups)
        CT_FAIL(err, CT_ERR_CONFIG,
                "batch is %d; without duplicates at most %d, the different captions or groups",
                s->batch, s->n_groups);
    count_groups(s);
    s->per_epoch = most_batches(s);
}

ct_status ct_sampler_init(ct_sampler *s, const int *items, int n, int batch, const int *group,
                          uint64_t seed, ct_arena *arena, ct_error *err)
{
    *s = (ct_sampler){.items = items, .n = n, .batch = batch, .seed = seed, .epoch = -1};
    if (batch < 1 || batch > n)
        return CT_FAIL(err, CT_ERR_CONFIG,
                       "batch is %d; expected 1 to %d, the number of training pairs", batch, n);
    s->per_epoch = n / batch;
    /* One block, with groups for all five arrays. */
    s->order = ct_arena_zeroed(arena, (size_t)n, (group != NULL ? 5 : 1) * sizeof *s->order);
    if (s->order != NULL && group != NULL)
        use_groups(s, group, err);
    return err->status;
}

/* s->order, positions in random order, becomes the batches of an epoch, one after another. */
static void deal(ct_sampler *s, ct_random *r)
{
    const int L = s->per_epoch;
    int *run = s->sorted, total = 0; /* the groups in random order */
    for (int g = 0; g < s->n_groups; g++)
        run[g] = g;
    ct_random_shuffle(r, run, s->n_groups);
    count_groups(s);
    for (int k = 0; k < s->n_groups; k++) {
        const int g = run[k], size = s->at[g] < L ? s->at[g] : L;
        s->at[g] = total;
        s->end[g] = total += size;
    }
    for (int i = 0; i < s->n; i++) {
        const int g = s->group[s->order[i]];
        if (s->at[g] < s->end[g])
            s->sorted[s->at[g]++] = s->items[s->order[i]];
    }
    for (int q = 0; q < L * s->batch; q++)
        s->order[q % L * s->batch + q / L] = s->sorted[q];
}

const int *ct_sampler_batch(ct_sampler *s, long step)
{
    const long epoch = step / s->per_epoch;
    if (epoch != s->epoch) {
        ct_random r = ct_random_make(s->seed, CT_STREAM_SHUFFLE, (uint64_t)epoch);
        for (int i = 0; i < s->n; i++)
            s->order[i] = s->n_groups > 0 ? i : s->items[i];
        ct_random_shuffle(&r, s->order, s->n);
        if (s->n_groups > 0)
            deal(s, &r);
        s->epoch = epoch;
    }
    return s->order + step % s->per_epoch * s->batch;
}
