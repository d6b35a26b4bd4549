/* walk.c -- who finds whom: all cosines of two sets of rows, once.
 *
 *                 rows of b, 256 at a time
 *               +------+------+------+--
 *     strip 0   | tile | tile | ...          one thread takes a strip: what it learns of a row of a
 *               +------+------+------+--     is final, what it learns of a row of b is joined over
 *     strip 1   | ...                        the strips, in their order. Their number is fixed, so
 *               +------+------+------+--     threads change nothing.
 *
 * All cosines of 10,000 rows are 400 MB; of a tile, counts and short lists remain. Three things are
 * easy to get wrong:
 *
 *  - Ties. Counting only `wrong > right` scores 100 % for a model that gives the same vector to
 *    everything. Here a wrong item is behind only if it is strictly less similar.
 *  - Ties must be exact. The same products summed in another order differ in the last bit, and
 *    rounding would rank a collapsed model. So the right item's cosine is computed as in a tile,
 *    where every element is the same chain over k (kernels.h).
 *  - Of equal candidates the first is the nearest.
 *
 * Layer: measure. Needs kernels (matmul, threads). */
#include "measure/measure.h"

#include "kernels/kernels.h"

#define STRIPS 8
#define TILE   256 /* rows and columns: a panel of b is packed once for many rows of a */

/* What a strip learns of the rows of b. */
typedef struct strip {
    int *ahead;
    measure_nearest *nearest;
    ct_real *tile;
} strip;

typedef struct walking {
    measuring *m;
    measure_walk *w;
    strip strip[STRIPS];
} walking;

static inline void offer(measure_nearest *l, ct_real s, int item)
{
    int k = CT_HUB_K - 1;
    if (!(s > l->s[k]))
        return;
    for (; k > 0 && s > l->s[k - 1]; k--) {
        l->s[k] = l->s[k - 1];
        l->item[k] = l->item[k - 1];
    }
    l->s[k] = s;
    l->item[k] = item;
}

static measure_nearest *no_items(measuring *m, int n)
{
    measure_nearest *l = measure_room(m, n, 1, sizeof *l);
    for (int i = 0; i < n && l != NULL; i++)
        for (int k = 0; k < CT_HUB_K; k++) {
            l[i].s[k] = -2;
            l[i].item[k] = -1;
        }
    return l;
}

/* Wrong items of row i of a, and of the columns, in a row s of a tile that begins at column j0. */
static void count_row(const measure_walk *w, int i, int j0, int cols, const ct_real *s, int *ahead)
{
    const ct_real right = w->own[i], *own = w->own + j0;
    int count = 0;
    for (int j = 0; j < cols; j++) {
        count += !(s[j] < right);
        ahead[j] += !(s[j] < own[j]);
    }
    if (w->group == NULL) { /* the right item was counted as ahead of itself */
        const bool here = i >= j0 && i < j0 + cols;
        count -= here;
        ahead[here ? i - j0 : 0] -= here;
    }
    for (int j = 0; w->group != NULL && j < cols; j++) {
        const bool same = w->group[i] == w->group[j0 + j];
        count -= same && !(s[j] < right);
        ahead[j] -= same && !(s[j] < own[j]);
    }
    w->ahead[0][i] += count;
}

static void walk_strip(void *ctx, int k)
{
    const walking *job = ctx;
    const measure_walk *w = job->w;
    const strip *own = &job->strip[k];
    const int from = (int)((long)w->n_a * k / STRIPS), to = (int)((long)w->n_a * (k + 1) / STRIPS);
    for (int i0 = from; i0 < to; i0 += TILE)
        for (int j0 = 0; j0 < w->n_b; j0 += TILE) {
            const int rows = measure_least(TILE, to - i0), cols = measure_least(TILE, w->n_b - j0);
            const ct_real *s = own->tile;
            k_matmul_here(job->m->device, rows, cols, w->d,
                          (k_matrix){w->a + (ptrdiff_t)i0 * w->d, w->d, 1},
                          (k_matrix){w->b + (ptrdiff_t)j0 * w->d, 1, w->d}, own->tile, cols, false);
            for (int i = i0; i < i0 + rows; i++, s += cols) {
                if (w->both)
                    count_row(w, i, j0, cols, s, own->ahead + j0);
                for (int j = 0; j < cols; j++)
                    offer(&w->nearest[0][i], s[j], j0 + j);
                for (int j = 0; w->both && j < cols; j++)
                    offer(&own->nearest[j0 + j], s[j], i);
            }
        }
}

/* Strips 1, 2, ... into strip 0. */
static void join_columns(walking *job)
{
    const strip *first = &job->strip[0];
    for (int k = 1; k < STRIPS; k++)
        for (int j = 0; j < job->w->n_b; j++) {
            const measure_nearest *l = &job->strip[k].nearest[j];
            first->ahead[j] += job->strip[k].ahead[j];
            for (int i = 0; i < CT_HUB_K && l->item[i] >= 0; i++)
                offer(&first->nearest[j], l->s[i], l->item[i]);
        }
}

void measure_walk_run(measuring *m, measure_walk *w)
{
    walking job = {.m = m, .w = w};
    for (int k = 0; k < STRIPS; k++) {
        job.strip[k].tile = measure_room(m, measure_least(TILE, w->n_a),
                                         measure_least(TILE, w->n_b), sizeof(ct_real));
        if (w->both) {
            job.strip[k].ahead = measure_room(m, w->n_b, 1, sizeof(int));
            job.strip[k].nearest = no_items(m, w->n_b);
        }
    }
    w->nearest[0] = no_items(m, w->n_a);
    if (w->both) {
        w->ahead[0] = measure_room(m, w->n_a, 1, sizeof(int));
        w->own = measure_room(m, w->n_a, 1, sizeof(ct_real));
    }
    if (measure_failed(m))
        return;
    for (int i = 0; w->both && i < w->n_a; i++) {
        const ptrdiff_t row = (ptrdiff_t)i * w->d;
        k_matmul_nt(m->device, 1, 1, w->d, w->a + row, w->b + row, &w->own[i], false);
    }
    k_parallel(m->device, STRIPS, walk_strip, &job);
    if (!w->both)
        return;
    join_columns(&job);
    w->ahead[1] = job.strip[0].ahead;
    w->nearest[1] = job.strip[0].nearest;
}

ct_status ct_nearest_class(ct_device *device, const ct_real *query, int n, const ct_real *class_vec,
                           int c, int d, const int *label, double *accuracy, ct_error *err)
{
    measuring m = {.device = device};
    int right = 0;
    ct_arena_open(&m.arena, "nearest class", 0, err);
    const measure_rows q = measure_unit_rows(&m, query, n, d),
                       v = measure_unit_rows(&m, class_vec, c, d);
    if (q.bad + v.bad > 0)
        CT_FAIL(err, CT_ERR_NUMERIC, "nearest class: row %d of %s (from 0) has no finite length",
                q.bad > 0 ? q.first_bad : v.first_bad, q.bad > 0 ? "query" : "class_vec");
    for (int i = 0; i < n && !measure_failed(&m); i++)
        if (label[i] < 0 || label[i] >= c)
            CT_FAIL(err, CT_ERR_SHAPE, "nearest class: label[%d] is %d: expected 0 to %d", i,
                    label[i], c - 1);
    measure_walk w = {.a = q.rounded, .b = v.rounded, .n_a = n, .n_b = c, .d = d};
    if (!measure_failed(&m))
        measure_walk_run(&m, &w);
    for (int i = 0; i < n && !measure_failed(&m); i++) {
        const measure_nearest *l = &w.nearest[0][i];
        right += l->item[0] == label[i] && l->s[0] > l->s[1];
    }
    if (!measure_failed(&m))
        *accuracy = (double)right / n;
    ct_arena_free(&m.arena);
    return err->status;
}
