/* groups.c -- several positives per row: rows of equal group attract each other.
 *
 * The mean of s[i,j] over the group of i is the product of a[i,:] with the
 * group's mean of b: linear, so it needs no walk over pairs. A loss that also looks within
 * a side (supcon) has all others of the group as positives: the group's mean is then
 * over the sides that are looked at, and what the row itself adds to it is taken out. */
#include "losses/pairs.h"

#include <stdlib.h>
#include <string.h>

typedef struct member {
    int group, row;
} member;

static int by_group(const void *x, const void *y)
{
    const member *p = x, *q = y;
    return p->group != q->group ? (p->group > q->group) - (p->group < q->group)
                                : (p->row > q->row) - (p->row < q->row);
}

const loss_groups *loss_groups_new(ct_graph *g, int n, const int *group)
{
    loss_groups *out = op_scratch(g, 1, sizeof *out);
    member *all = op_scratch(g, (size_t)n, sizeof *all);
    int *row = op_scratch(g, (size_t)n, sizeof *row),
        *start = op_scratch(g, (size_t)n / 2 + 1, sizeof *start);
    if (g->error.status != CT_OK)
        return NULL;
    for (int i = 0; i < n; i++)
        all[i] = (member){group[i], i};
    qsort(all, (size_t)n, sizeof *all, by_group);
    *out = (loss_groups){.row = row, .start = start};
    start[0] = 0;
    for (int i = 0, end; i < n; i = end) {
        int *to = row + start[out->n_groups];
        for (end = i; end < n && all[end].group == all[i].group; end++)
            to[end - i] = all[end].row;
        if (end - i > 1) { /* else the next group takes the place */
            start[out->n_groups + 1] = start[out->n_groups] + end - i;
            out->n_groups++;
        }
    }
    return out;
}

/* centre[:] = mean of the rows of group k that a row of `side` attracts, which are on one side for
 * unicl and of one array, else on both; plus what the row itself adds if it is not one of them:
 * part of each, the answer. */
static ct_real group_mean(ct_device *dev, const loss_pairs *p, int k, int side, ct_real *centre)
{
    const loss_groups *s = p->groups;
    const bool others = (p->what & LOSS_IN_MODAL) != 0, one = (p->what & LOSS_NO_CROSS) != 0;
    const int first = others ? 0 : 1 - side, last = others ? !one : first;
    const int rows = s->start[k + 1] - s->start[k];
    const ct_real part = 1 / (ct_real)(rows * (last - first + 1) - others);
    memset(centre, 0, (size_t)p->d * sizeof *centre);
    for (int from = first; from <= last; from++)
        for (int m = s->start[k]; m < s->start[k + 1]; m++)
            k_axpy(dev, (size_t)p->d, part, p->x[from] + (ptrdiff_t)s->row[m] * p->d, centre);
    return others ? part : 0;
}

bool loss_groups_mean(ct_graph *g, const loss_pairs *p, int side, ct_real *mean)
{
    const loss_groups *s = p->groups;
    const size_t d = (size_t)p->d;
    ct_real *centre = op_scratch(g, d, sizeof *centre);
    if (centre == NULL)
        return false;
    memcpy(mean, p->s, (size_t)p->n * sizeof *mean);
    for (int k = 0; k < s->n_groups; k++) {
        const ct_real own = group_mean(g->device, p, k, side, centre);
        for (int m = s->start[k]; m < s->start[k + 1]; m++) {
            const ct_real *row = p->x[side] + (ptrdiff_t)s->row[m] * p->d;
            mean[s->row[m]] = k_dot(g->device, d, row, centre);
            if (own > 0)
                mean[s->row[m]] -= own * k_dot(g->device, d, row, row);
        }
    }
    return true;
}

bool loss_groups_pull(ct_graph *g, const loss_pairs *p, int side, ct_real factor, ct_real *dx)
{
    const loss_groups *s = p->groups;
    const size_t d = (size_t)p->d;
    ct_real *centre = op_scratch(g, d, sizeof *centre);
    for (int k = 0; centre != NULL && k < s->n_groups; k++) {
        const ct_real own = group_mean(g->device, p, k, side, centre);
        for (int m = s->start[k]; m < s->start[k + 1]; m++) {
            const ptrdiff_t row = (ptrdiff_t)s->row[m] * p->d;
            k_axpy(g->device, d, -factor, centre, dx + row);
            if (own > 0)
                k_axpy(g->device, d, factor * own, p->x[side] + row, dx + row);
        }
    }
    return centre != NULL;
}
