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
 *  - Of equal candidates the first is the nearest. */
#include "measure/measure.h"

#include "formats/field.h"
#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

#define STRIPS    8
#define TILE      256 /* rows and columns: a panel of b is packed once for many rows of a */
#define NEAR_ROWS 512 /* rows whose neighbours on their own side are looked up */
#define HUB       0.1 /* of the rows of the other side have this one as their nearest */

/* What is walked, and what is learned: [0] of rows of a looking in b, [1] of rows of b looking in
 * a. Of the latter there are as many as strips, (STRIPS, n); the first holds all of it in the end.
 */
typedef struct walk {
    measuring *m;
    const measure_rows *a, *b;
    ct_real *own;      /* (n) cosine of a_i and b_i; NULL: not pairs, wrong items are not counted */
    const int *group;  /* (n) of the rows of a pair */
    ct_real *tile;     /* (STRIPS, TILE, TILE) */
    int *ahead[2];     /* wrong items at least as similar as the right one */
    ct_real *wrong[2]; /* NULL without groups: the largest cosine of a wrong item */
    measure_nearest *nearest[2];
} walk;

/* n times the same item. */
static void *filled(measuring *m, int n, int times, const void *item, size_t size)
{
    char *x = measure_room(m, n, times, size);
    for (ptrdiff_t i = 0; i < (ptrdiff_t)n * times && x != NULL; i++)
        memcpy(x + (size_t)i * size, item, size);
    return x;
}

/* Wrong items of row i of a, and of the columns, in a row s of a tile that begins at column j0. */
static void count_row(const walk *w, int i, int j0, int cols, const ct_real *s, int *ahead)
{
    const ct_real right = w->own[i], *own = w->own + j0;
    const int *group = w->group;
    int count = 0;
    for (int j = 0; j < cols; j++) {
        const int wrong = group[i] != group[j0 + j];
        count += wrong & !(s[j] < right);
        ahead[j] += wrong & !(s[j] < own[j]);
    }
    w->ahead[0][i] += count;
}

/* The same cells: the best wrong item of the row and of the columns. */
static void note_wrong(const walk *w, int i, int j0, int cols, const ct_real *s, ct_real *column)
{
    ct_real *row = &w->wrong[0][i];
    for (int j = 0; j < cols; j++)
        if (w->group[i] != w->group[j0 + j]) {
            *row = s[j] > *row ? s[j] : *row;
            column[j] = s[j] > column[j] ? s[j] : column[j];
        }
}

static void walk_strip(void *ctx, int strip)
{
    const walk *w = ctx;
    const int n = w->a->n, n_b = w->b->n, d = w->a->d;
    const int from = (int)((long long)n * strip / STRIPS);
    const int to = (int)((long long)n * (strip + 1) / STRIPS);
    int *ahead = w->ahead[1] + (ptrdiff_t)strip * n_b;
    measure_nearest *found = w->nearest[1] + (ptrdiff_t)strip * n_b;
    ct_real *tile = w->tile + (ptrdiff_t)strip * TILE * TILE;
    for (int i0 = from; i0 < to; i0 += TILE)
        for (int j0 = 0; j0 < n_b; j0 += TILE) {
            const int rows = measure_least(TILE, to - i0), cols = measure_least(TILE, n_b - j0);
            const ct_real *s = tile;
            k_matmul(w->m->device, rows, cols, d,
                     (k_matrix){w->a->rounded + (ptrdiff_t)i0 * d, d, 1},
                     (k_matrix){w->b->rounded + (ptrdiff_t)j0 * d, 1, d}, tile, cols, false);
            for (int i = i0; i < i0 + rows; i++, s += cols) {
                if (w->own != NULL)
                    count_row(w, i, j0, cols, s, ahead + j0);
                if (w->wrong[0] != NULL)
                    note_wrong(w, i, j0, cols, s, w->wrong[1] + (ptrdiff_t)strip * n_b + j0);
                for (int j = 0; j < cols; j++)
                    measure_offer(&w->nearest[0][i], s[j], j0 + j);
                for (int j = 0; j < cols; j++)
                    measure_offer(&found[j0 + j], s[j], i);
            }
        }
}

/* If `paired`, row i of a belongs to row i of b, in the groups of the measurement. */
static walk walk_over(measuring *m, const measure_rows *a, const measure_rows *b, bool paired)
{
    walk w = {.m = m, .a = a, .b = b};
    const measure_nearest nobody = measure_no_items();
    const ct_real none = -2; /* below any cosine */
    w.tile = measure_room(m, STRIPS, TILE * TILE, sizeof *w.tile);
    w.nearest[0] = filled(m, a->n, 1, &nobody, sizeof nobody);
    w.nearest[1] = filled(m, b->n, STRIPS, &nobody, sizeof nobody);
    w.ahead[0] = measure_room(m, a->n, 1, sizeof(int));
    w.ahead[1] = measure_room(m, b->n, STRIPS, sizeof(int));
    w.own = paired ? measure_room(m, a->n, 1, sizeof *w.own) : NULL;
    w.group = m->group;
    if (paired && m->e->group != NULL) {
        w.wrong[0] = filled(m, a->n, 1, &none, sizeof none);
        w.wrong[1] = filled(m, b->n, STRIPS, &none, sizeof none);
    }
    if (measure_failed(m))
        return w;
    for (int i = 0; i < a->n && paired; i++) {
        const ptrdiff_t row = (ptrdiff_t)i * a->d;
        k_matmul_nt(m->device, 1, 1, a->d, a->rounded + row, b->rounded + row, &w.own[i], false);
    }
    k_parallel(m->device, STRIPS, walk_strip, &w);
    for (ptrdiff_t at = b->n; at < (ptrdiff_t)b->n * STRIPS; at++) {
        const measure_nearest *l = &w.nearest[1][at];
        w.ahead[1][at % b->n] += w.ahead[1][at];
        for (int k = 0; k < CT_HUB_K && l->item[k] >= 0; k++)
            measure_offer(&w.nearest[1][at % b->n], l->s[k], l->item[k]);
        if (w.wrong[0] != NULL && w.wrong[1][at] > w.wrong[1][at % b->n])
            w.wrong[1][at % b->n] = w.wrong[1][at];
    }
    return w;
}

/* ---- what pairs are like ---- */

/* Skewness of x: mean (x - mean)^3 / std^3; 0 if all are equal. */
static double skewness(const int *x, int n)
{
    double mean = 0, square = 0, cube = 0;
    for (int i = 0; i < n; i++)
        mean += (double)x[i] / n;
    for (int i = 0; i < n; i++) {
        const double c = x[i] - mean;
        square += c * c / n;
        cube += c * c * c / n;
    }
    return square > 0 ? cube / (square * sqrt(square)) : 0;
}

/* Row i of side s finds its nearest item: one of its group, or one that repeats, is no hub. */
static void note_hub(const measuring *m, const walk *w, int s, int i, int *top)
{
    const int j = w->nearest[s][i].item[0];
    ct_clues *c = m->clues;
    if (m->group[i] == m->group[j] || m->same[1 - s][measure_number(m, j)] > 1 ||
        ++top[j] <= c->hub_rows[1 - s])
        return;
    c->hub_rows[1 - s] = top[j];
    c->hub_row[1 - s] = measure_number(m, j);
}

/* What side s finds in the other one. A row is asked if there is something wrong that it could
 * find; if no row is, nothing is known. */
static void measure_retrieval(measuring *m, const walk *w, int s)
{
    const int n = m->e->n;
    ct_measures *out = m->out;
    double *rank = measure_room(m, n, 1, sizeof *rank), ahead = 0;
    int *hub = measure_room(m, n, 1, sizeof *hub);
    int *top = measure_room(m, n, 1, sizeof *top); /* rows to which an item is the nearest */
    double groups = 0, group_ahead = 0;            /* of this sample, which has not all of them */
    int found[4] = {0}, asked = 0;
    for (int i = 0; i < n && !measure_failed(m); i++) {
        const int wrong = w->ahead[s][i], most = n - m->members[m->group[i]];
        note_hub(m, w, s, i, top);
        for (int k = 0; k < CT_HUB_K && k < n; k++)
            hub[w->nearest[s][i].item[k]]++;
        if (most == 0)
            continue;
        rank[asked++] = 1 + wrong;
        found[0] += wrong < 1;
        found[1] += wrong < 5;
        found[2] += wrong < 10;
        found[3] += w->wrong[s] != NULL && w->nearest[s][i].s[0] > w->wrong[s][i];
        ahead += (double)wrong / most;
        groups += 1.0 / m->members[m->group[i]];
        group_ahead += (double)wrong / most / m->members[m->group[i]];
    }
    if (measure_failed(m))
        return;
    for (int j = 0; j < n; j++) {
        const bool is_hub = top[j] >= fmax(5, HUB * n);
        m->clues->hubs[1 - s] += is_hub;
        m->clues->hubbed[1 - s] += is_hub ? top[j] : 0;
    }
    out->hubness[s] = skewness(hub, n);
    if (asked == 0)
        return;
    out->recall_at_1[s] = (double)found[0] / asked;
    out->recall_at_5[s] = (double)found[1] / asked;
    out->recall_at_10[s] = (double)found[2] / asked;
    out->recall_of_group[s] = w->wrong[s] != NULL ? (double)found[3] / asked : (double)NAN;
    out->median_rank[s] = ct_spread_of(rank, asked).median;
    out->wrong_ahead[s] = ahead / asked;
    m->clues->group_ahead += group_ahead / groups / 2;
}

/* The row of the other side that is row i's nearest as i is its, or -1. */
static int mutual_of(const walk *w, int i)
{
    const int j = w->nearest[0][i].item[0];
    return w->nearest[1][j].item[0] == i ? j : -1;
}

/* Rows whose partner is nowhere near, but whose mutual nearest is as near as partners are: their
 * partner has another number. If it is always so many rows on, rows were dropped or added. */
static void find_lost(measuring *m, const walk *w, double strong, double far)
{
    const int n = m->e->n;
    ct_clues *c = m->clues;
    int *shift = measure_room(m, 2 * n, 1, sizeof *shift); /* [n]: by 0 */
    bool *lost = measure_room(m, n, 1, sizeof *lost);
    for (int i = 0; i < n && !measure_failed(m); i++) {
        const int j = mutual_of(w, i);
        const double share = (double)w->ahead[0][i] / n;
        c->far_rows += share >= 0.25;
        c->between_rows += share >= 0.05 && share < 0.25;
        c->reversed_rows += share >= 0.95;
        lost[i] = j >= 0 && j != i && share >= far && (double)w->nearest[0][i].s[0] >= strong;
        c->lost_rows += lost[i];
        if (lost[i] && ++shift[n + j - i] > c->shift_rows) {
            c->shift_rows = shift[n + j - i];
            c->shift = j - i;
        }
    }
    c->shift_rows = 0; /* count again: by chance a partner may be near where it should be */
    bool run = false;
    for (int i = n - 1; i >= 0 && !measure_failed(m) && c->shift != 0; i--) {
        const bool shifted = mutual_of(w, i) == i + c->shift;
        c->shift_rows += shifted;
        run = shifted && (run || lost[i]);
        if (run)
            c->shift_from = measure_number(m, measure_least(i, i + c->shift));
    }
}

/* Who is whose nearest across the sides. */
static void measure_mutual(measuring *m, const walk *w)
{
    const int n = m->e->n;
    double *own = measure_room(m, n, 1, sizeof *own); /* cosines of partners that are */
    int here = 0, elsewhere = 0;
    for (int i = 0; i < n && own != NULL; i++) {
        const measure_nearest *l = &w->nearest[0][i];
        const int j = mutual_of(w, i);
        if (j == i)
            own[here++] = (double)l->s[0];
        elsewhere += j >= 0 && m->group[i] != m->group[j] && l->s[0] > w->own[i];
    }
    m->out->mutual_nearest = (double)here / n;
    m->out->mutual_nearest_elsewhere = (double)elsewhere / n;
    /* Where next to no partner is one, any mutual nearest is as near, and may be its neighbour. */
    if (own != NULL)
        find_lost(m, w, here > 0 ? ct_spread_of(own, here).least : -2,
                  4 * here < elsewhere ? 0 : 0.25);
}

/* Some rows of a: is a row of b nearer than any other row of a? Ties count for a. */
static void measure_nearer(measuring *m, const walk *across)
{
    const measure_rows *a = &m->side[0], some = measure_some(m, a, NEAR_ROWS);
    const walk own = walk_over(m, &some, a, false);
    int count = 0;
    for (int i = 0; i < some.n && !measure_failed(m); i++) {
        const ptrdiff_t row = measure_row_of(a->n, some.n, i);
        const measure_nearest *l = &own.nearest[0][i];
        count += across->nearest[0][row].s[0] > l->s[l->item[0] == row]; /* not itself */
    }
    m->out->nearer_rows = some.n;
    m->out->nearer_to_other_side = a->n > 1 ? (double)count / some.n : 0.5;
}

void measure_pairs(measuring *m)
{
    const walk w = walk_over(m, &m->side[0], &m->side[1], true);
    if (measure_failed(m))
        return;
    for (int s = 0; s < 2; s++)
        measure_retrieval(m, &w, s);
    measure_mutual(m, &w);
    measure_nearer(m, &w);
    if (m->shape != NULL)
        measure_bins(w.own, 1, m->e->n, true, m->shape->pairs);
}

ct_status ct_nearest_class(ct_device *device, const ct_real *query, int n, const ct_real *class_vec,
                           int c, int d, const int *label, double *accuracy, ct_error *err)
{
    measuring m = {.device = device};
    int right = 0;
    ct_arena_open(&m.arena, "nearest class", 0, err);
    const measure_rows q = measure_unit_rows(&m, query, n, d),
                       v = measure_unit_rows(&m, class_vec, c, d);
    if (q.first_bad >= 0 || v.first_bad >= 0)
        CT_FAIL(err, CT_ERR_NUMERIC, "nearest class: row %d of %s (from 0) has no finite length",
                q.first_bad >= 0 ? q.first_bad : v.first_bad,
                q.first_bad >= 0 ? "query" : "class_vec");
    for (int i = 0; i < n && !measure_failed(&m); i++)
        if (label[i] < 0 || label[i] >= c)
            CT_FAIL(err, CT_ERR_SHAPE, "nearest class: label[%d] is %d: expected 0 to %d", i,
                    label[i], c - 1);
    const walk w = walk_over(&m, &q, &v, false);
    for (int i = 0; i < n && !measure_failed(&m); i++) {
        const measure_nearest *l = &w.nearest[0][i];
        right += l->item[0] == label[i] && l->s[0] > l->s[1];
    }
    if (!measure_failed(&m))
        *accuracy = (double)right / n;
    ct_arena_free(&m.arena);
    return err->status;
}
