/* pairing.c -- who finds whom: all n^2 cosines of two sides in one walk.
 *
 * Both directions come from the same products. A thread takes a strip of rows of a;
 * what it learns of a row is final, what it learns of a column is joined over the
 * strips, in their order. Their number is fixed, so threads change nothing.
 *
 * Ties: equal cosines count against the right item (retrieval.c), and of equal
 * candidates the first is the nearest.
 *
 * Layer: measure. Needs kernels (matmul, threads). */
#include "measure/findings.h"

#include "kernels/kernels.h"

#define STRIPS 8
#define TILE   256 /* rows and columns: a panel of b is packed once for many rows of a */

/* The CT_HUB_K most similar items so far, the most similar first. */
typedef struct shortlist {
    ct_real s[CT_HUB_K];
    int item[CT_HUB_K];
} shortlist;

static inline void offer(shortlist *l, ct_real s, int item)
{
    if (!(s > l->s[CT_HUB_K - 1]))
        return;
    int k = CT_HUB_K - 1;
    for (; k > 0 && s > l->s[k - 1]; k--) {
        l->s[k] = l->s[k - 1];
        l->item[k] = l->item[k - 1];
    }
    l->s[k] = s;
    l->item[k] = item;
}

static void clear(shortlist *l, int n)
{
    for (int i = 0; i < n; i++)
        for (int k = 0; k < CT_HUB_K; k++) {
            l[i].s[k] = -2; /* below any cosine */
            l[i].item[k] = -1;
        }
}

typedef struct walk {
    ct_device *device;
    const ct_real *a, *b, *own;
    const int *group; /* or NULL */
    int n, d;
    int *row_ahead, *col_ahead[STRIPS];
    shortlist *row, *col[STRIPS];
    ct_real *tile[STRIPS];
} walk;

static void scan_tile(const walk *w, int strip, int i0, int rows, int j0, int cols)
{
    const ct_real *s = w->tile[strip], *own = w->own + j0;
    const int *group = w->group;
    int *ahead = w->col_ahead[strip] + j0;
    shortlist *col = w->col[strip] + j0;
    for (int i = i0; i < i0 + rows; i++, s += cols) {
        int count = 0;
        for (int j = 0; j < cols; j++) {
            count += !(s[j] < w->own[i]);
            ahead[j] += !(s[j] < own[j]);
        }
        w->row_ahead[i] += count;
        if (group == NULL) { /* the right item was counted as ahead of itself */
            const bool here = i >= j0 && i < j0 + cols;
            w->row_ahead[i] -= here;
            ahead[here ? i - j0 : 0] -= here;
        } else {
            for (int j = 0; j < cols; j++) {
                const bool same = group[i] == group[j0 + j];
                w->row_ahead[i] -= same && !(s[j] < w->own[i]);
                ahead[j] -= same && !(s[j] < own[j]);
            }
        }
        for (int j = 0; j < cols; j++) {
            offer(&w->row[i], s[j], j0 + j);
            offer(&col[j], s[j], i);
        }
    }
}

static void walk_strip(void *ctx, int strip)
{
    const walk *w = ctx;
    const int from = (int)((long)w->n * strip / STRIPS),
              to = (int)((long)w->n * (strip + 1) / STRIPS);
    for (int i0 = from; i0 < to; i0 += TILE)
        for (int j0 = 0; j0 < w->n; j0 += TILE) {
            const int rows = metric_least(TILE, to - i0), cols = metric_least(TILE, w->n - j0);
            k_matmul_here(w->device, rows, cols, w->d,
                          (k_matrix){w->a + (ptrdiff_t)i0 * w->d, w->d, 1},
                          (k_matrix){w->b + (ptrdiff_t)j0 * w->d, 1, w->d}, w->tile[strip], cols,
                          false);
            scan_tile(w, strip, i0, rows, j0, cols);
        }
}

/* How often each item stands on the shortlists l (n). */
static void count_hubs(const shortlist *l, int n, int *hub)
{
    for (int i = 0; i < n; i++)
        for (int k = 0; k < CT_HUB_K && k < n; k++)
            hub[l[i].item[k]]++;
}

/* Strips 1, 2, ... into strip 0. */
static void join_columns(walk *w)
{
    for (int s = 1; s < STRIPS; s++)
        for (int j = 0; j < w->n; j++) {
            w->col_ahead[0][j] += w->col_ahead[s][j];
            for (int k = 0; k < CT_HUB_K && w->col[s][j].item[k] >= 0; k++)
                offer(&w->col[0][j], w->col[s][j].s[k], w->col[s][j].item[k]);
        }
}

bool metric_pairing(metric *m, const ct_real *a, const ct_real *b, int n, int d, const int *group,
                    pairing *out)
{
    walk w = {.device = m->device, .a = a, .b = b, .n = n, .d = d, .group = group};
    for (int s = 0; s < STRIPS; s++) {
        w.col_ahead[s] = metric_rows(m, n, 1, sizeof(int));
        w.col[s] = metric_rows(m, n, 1, sizeof(shortlist));
        w.tile[s] = metric_rows(m, TILE, TILE, sizeof(ct_real));
    }
    w.row_ahead = metric_rows(m, n, 1, sizeof(int));
    w.row = metric_rows(m, n, 1, sizeof(shortlist));
    w.own = out->own = metric_rows(m, n, 1, sizeof(ct_real));
    for (int side = 0; side < 2; side++) {
        out->nearest[side] = metric_rows(m, n, 1, sizeof(int));
        out->best[side] = metric_rows(m, n, 1, sizeof(ct_real));
        out->hub[side] = metric_rows(m, n, 1, sizeof(int));
    }
    if (m->status != CT_OK)
        return false;
    for (int i = 0; i < n; i++)
        out->own[i] = metric_row_product(m, d, a + (ptrdiff_t)i * d, b + (ptrdiff_t)i * d);
    clear(w.row, n);
    for (int s = 0; s < STRIPS; s++)
        clear(w.col[s], n);
    k_parallel(m->device, STRIPS, walk_strip, &w);
    join_columns(&w);
    out->ahead[0] = w.row_ahead;
    out->ahead[1] = w.col_ahead[0];
    for (int i = 0; i < n; i++) {
        out->nearest[0][i] = w.row[i].item[0], out->best[0][i] = w.row[i].s[0];
        out->nearest[1][i] = w.col[0][i].item[0], out->best[1][i] = w.col[0][i].s[0];
    }
    count_hubs(w.row, n, out->hub[0]);
    count_hubs(w.col[0], n, out->hub[1]);
    return true;
}
