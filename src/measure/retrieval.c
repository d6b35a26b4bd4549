/* retrieval.c -- does each query find its own item?
 *
 * The rank of the right item is 1 + the number of wrong items that are at least
 * as similar. Three things are easy to get wrong:
 *
 *  - Ties. Counting only `wrong > right` scores 100 % for a model that gives the
 *    same vector to everything. Here a wrong item is behind only if it is
 *    strictly less similar; a NaN would be ahead.
 *  - Ties must be exact. The same products summed in another order differ in the
 *    last bit, and rounding would rank a collapsed model. So the right item's
 *    similarity is computed just as the tiles are.
 *  - All similarities of 10,000 queries are 400 MB. They are walked in tiles,
 *    and one count a query is what remains.
 *
 * Layer: measure. Needs kernels (matmul). */
#include "measure/findings.h"

#include "kernels/kernels.h"

/* Queries (n, d) against a gallery (c, d), both of unit rows. */
typedef struct search {
    int n, c, d;
    ct_real *query, *gallery;
    const int *right; /* (n) the right item of each query                         */
    const int *group; /* (c) others of the right item's group are not wrong       */
    ct_real *right_s; /* (n) similarity of query and right item                   */
    int *ahead;       /* (n) result: wrong items at least as similar as the right */
} search;

/* Count in the tile s (rows, cols) whose corner is query i0, item j0. */
static void count_tile(const search *q, int i0, int rows, int j0, int cols, const ct_real *s)
{
    for (int i = 0; i < rows; i++, s += cols) {
        const ct_real right_s = q->right_s[i0 + i];
        const int *group = q->group + j0, own = q->group[q->right[i0 + i]];
        int count = 0;
        for (int j = 0; j < cols; j++) /* the right item is of its own group: never counted */
            count += s[j] < right_s ? 0 : group[j] != own;
        q->ahead[i0 + i] += count;
    }
}

/* The counts (n) of q->ahead. right, group: NULL for 0, 1, 2, ... */
static int *count_ahead(metric *m, search q, const int *right, const int *group)
{
    ct_real *s = metric_rows(m, METRIC_TILE, METRIC_TILE, sizeof *s);
    int *each = metric_rows(m, q.c, 1, sizeof *each);
    q.right_s = metric_rows(m, q.n, 1, sizeof *q.right_s);
    q.ahead = metric_rows(m, q.n, 1, sizeof *q.ahead);
    if (m->status != CT_OK)
        return NULL;
    for (int j = 0; j < q.c; j++)
        each[j] = j;
    q.right = right != NULL ? right : each;
    q.group = group != NULL ? group : each;
    for (int i = 0; i < q.n; i++)
        q.right_s[i] = metric_row_product(m, q.d, q.query + (ptrdiff_t)i * q.d,
                                          q.gallery + (ptrdiff_t)q.right[i] * q.d);
    for (int i0 = 0; i0 < q.n; i0 += METRIC_TILE)
        for (int j0 = 0; j0 < q.c; j0 += METRIC_TILE) {
            const int rows = metric_least(METRIC_TILE, q.n - i0),
                      cols = metric_least(METRIC_TILE, q.c - j0);
            k_matmul_nt(m->device, rows, cols, q.d, q.query + (ptrdiff_t)i0 * q.d,
                        q.gallery + (ptrdiff_t)j0 * q.d, s, false);
            count_tile(&q, i0, rows, j0, cols, s);
        }
    return q.ahead;
}

static ct_real *open_rows(metric *m, const char *side, const ct_real *x, int n, int d)
{
    return metric_rounded(m, metric_unit_rows(m, side, x, n, d), n, d);
}

/* ---- recall ---- */

/* Share of queries of rank <= k; queries[a] of n have a wrong items ahead. */
static double share_within(const int *queries, int n, int k)
{
    int found = 0;
    for (int a = 0; a < metric_least(k, n); a++)
        found += queries[a];
    return (double)found / n;
}

/* The rank at place k, from 0, when all ranks stand in order. */
static double rank_at(const int *queries, int k)
{
    int a = 0;
    for (int seen = queries[0]; seen <= k; seen += queries[a])
        a++;
    return a + 1;
}

void metric_recall(metric *m, const int *ahead, int n, ct_recall *out)
{
    int *queries = metric_rows(m, n, 1, sizeof *queries);
    if (m->status != CT_OK)
        return;
    for (int i = 0; i < n; i++)
        queries[ahead[i]]++;
    out->at1 = share_within(queries, n, 1);
    out->at5 = share_within(queries, n, 5);
    out->at10 = share_within(queries, n, 10);
    out->median_rank = (rank_at(queries, (n - 1) / 2) + rank_at(queries, n / 2)) / 2;
}

ct_status ct_recall_measure(ct_device *device, const ct_real *query, const ct_real *gallery, int n,
                            int d, const int *group, ct_recall *out, ct_error *err)
{
    metric m = metric_open("recall", device, err);
    search q = {.n = n, .c = n, .d = d};
    q.query = open_rows(&m, "query", query, n, d);
    q.gallery = open_rows(&m, "gallery", gallery, n, d);
    const int *ahead = count_ahead(&m, q, NULL, group);
    if (m.status == CT_OK)
        metric_recall(&m, ahead, n, out);
    return metric_close(&m);
}

/* ---- nearest class ---- */

ct_status ct_nearest_class(ct_device *device, const ct_real *query, int n, const ct_real *class_vec,
                           int c, int d, const int *label, double *accuracy, ct_error *err)
{
    metric m = metric_open("nearest class", device, err);
    search q = {.n = n, .c = c, .d = d};
    q.query = open_rows(&m, "query", query, n, d);
    q.gallery = open_rows(&m, "class_vec", class_vec, c, d);
    for (int i = 0; i < n && m.status == CT_OK; i++)
        if (label[i] < 0 || label[i] >= c)
            METRIC_FAIL(&m, CT_ERR_SHAPE, "%s: label[%d] is %d: expected 0 to %d", m.name, i,
                        label[i], c - 1);
    const int *ahead = count_ahead(&m, q, label, NULL);
    if (m.status == CT_OK) {
        int right = 0;
        for (int i = 0; i < n; i++)
            right += ahead[i] == 0;
        *accuracy = (double)right / n;
    }
    return metric_close(&m);
}
