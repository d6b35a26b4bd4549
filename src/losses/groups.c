/* groups.c -- several positives a row: rows of equal group attract each other.
 *
 * The mean of s[i,j] over the group of i is the product of a[i,:] with the
 * group's mean of b: linear, so it needs no walk over pairs.
 *
 * Layer: losses. */
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

static int size_of(const loss_groups *s, int k)
{
    return s->start[k + 1] - s->start[k];
}

/* mean[:] = mean of the group's rows of x. */
static void group_mean(ct_device *dev, const loss_groups *s, int k, int d, const ct_real *x,
                       ct_real *mean)
{
    const ct_real part = 1 / (ct_real)size_of(s, k);
    memset(mean, 0, (size_t)d * sizeof *mean);
    for (int m = s->start[k]; m < s->start[k + 1]; m++)
        k_axpy(dev, (size_t)d, part, x + (ptrdiff_t)s->row[m] * d, mean);
}

bool loss_groups_mean(ct_graph *g, const loss_pairs *p, ct_real *mean)
{
    const loss_groups *s = p->groups;
    ct_real *centre = op_scratch(g, (size_t)p->d, sizeof *centre);
    if (centre == NULL)
        return false;
    memcpy(mean, p->s, (size_t)p->n * sizeof *mean);
    for (int k = 0; k < s->n_groups; k++) {
        group_mean(g->device, s, k, p->d, p->x[1], centre);
        for (int m = s->start[k]; m < s->start[k + 1]; m++)
            mean[s->row[m]] = k_dot(g->device, (size_t)p->d, p->x[0] + (ptrdiff_t)s->row[m] * p->d,
                                    centre);
    }
    return true;
}

bool loss_groups_pull(ct_graph *g, const loss_groups *s, int d, ct_real factor, const ct_real *b,
                      ct_real *da)
{
    ct_real *centre = op_scratch(g, (size_t)d, sizeof *centre);
    for (int k = 0; centre != NULL && k < s->n_groups; k++) {
        group_mean(g->device, s, k, d, b, centre);
        for (int m = s->start[k]; m < s->start[k + 1]; m++)
            k_axpy(g->device, (size_t)d, -factor, centre, da + (ptrdiff_t)s->row[m] * d);
    }
    return centre != NULL;
}
