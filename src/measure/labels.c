/* labels.c -- one array with labels: do rows of a group find each other?
 *
 * One walk over all cosines, a block of rows at a time. Of equal candidates the wrong one is the
 * nearer, so that equal rows find nobody. The variances come from sums of cosines: of unit rows in
 * groups of c rows, with P = sum over the groups of (1/c) times the sum of all their cosines,
 *
 *     sum_i |x_i - mean of its group|^2 = n - P
 *     sum_i |mean of its group - mean|^2 = P - (1/n) times the sum of all cosines */
#include "measure/measure.h"

#include "contrast/loss.h"
#include "contrast/scalar.h"
#include "formats/field.h"
#include "kernels/kernels.h"

#include <math.h>

#define BLOCK        64   /* rows that look at the others at a time                       */
#define VOTERS       5    /* nearest rows whose majority is the label that is guessed     */
#define ANCHORS      1024 /* rows whose triplets are counted                              */
#define SIMPLEX_MOST 512  /* groups whose means are held against a simplex: the first     */
#define TEMPERATURE  0.07 /* of the supervised contrastive loss: what `loss` defaults to  */
#define EQUAL        1e-6 /* variance of means over that of scattered rows: float's noise */

/* Rows with labels, and what is learned of them. */
typedef struct labelled {
    int n;
    const int *of; /* the first row of a row's group */
    double *right; /* cosines of one row with those of its group, sorted */
    int lookers;   /* rows that have another of their group; sums over them: */
    double nearest, voted, chance, violated, triplets;
    double within, all, means; /* sums of cosines: of a group, of all; P above */
    double different;          /* pairs of rows of different groups */
} labelled;

/* The nearest of row i, whose cosines are s. Wrong ones are offered first: they win ties. */
static measure_nearest find_nearest(const labelled *l, int i, const ct_real *s)
{
    measure_nearest found = measure_no_items();
    for (int right = 0; right < 2; right++)
        for (int j = 0; j < l->n; j++)
            if (j != i && (l->of[j] == l->of[i]) == right)
                measure_offer(&found, s[j], j);
    return found;
}

/* Whether the group of row i has more votes than any other among its VOTERS nearest. */
static bool wins_vote(const labelled *l, int i, const int *found)
{
    const int count = measure_least(VOTERS, l->n - 1);
    int own = 0, most = 0;
    for (int k = 0; k < count; k++) {
        int votes = 0;
        for (int v = 0; v < count; v++)
            votes += l->of[found[v]] == l->of[found[k]];
        if (l->of[found[k]] == l->of[i])
            own = votes;
        else
            most = votes > most ? votes : most;
    }
    return own > most;
}

/* Triplets of anchor i: another row of its group that is no nearer than a row of another. */
static void count_triplets(labelled *l, int i, const ct_real *s)
{
    int count = 0;
    for (int j = 0; j < l->n; j++)
        if (j != i && l->of[j] == l->of[i])
            l->right[count++] = (double)s[j];
    ct_spread_of(l->right, count); /* sorts them */
    for (int j = 0; j < l->n; j++) {
        int low = 0, high = l->of[j] != l->of[i] ? count : 0;
        while (low < high) { /* the first that is nearer than j */
            const int middle = (low + high) / 2;
            if (l->right[middle] > (double)s[j])
                high = middle;
            else
                low = middle + 1;
        }
        l->violated += low;
    }
    l->triplets += (double)count * (l->n - count - 1);
}

/* What row i of a group of `size` finds, s its cosines with all rows. */
static void look(labelled *l, int i, int size, const ct_real *s)
{
    const int n = l->n;
    double own = 0, all = 0;
    for (int j = 0; j < n; j++) {
        own += l->of[j] == l->of[i] ? (double)s[j] : 0;
        all += (double)s[j];
    }
    l->within += own;
    l->means += own / size;
    l->all += all;
    l->different += n - size;
    if (size == 1)
        return;
    const measure_nearest found = find_nearest(l, i, s);
    l->lookers++;
    l->nearest += l->of[found.item[0]] == l->of[i];
    l->voted += wins_vote(l, i, found.item);
    l->chance += (size - 1.0) / (n - 1);
    if (i % ((n + ANCHORS - 1) / ANCHORS) == 0)
        count_triplets(l, i, s);
}

/* Mean |cos + 1 / (K - 1)| of the means of K groups less the mean of these: 0 at a regular simplex.
 */
static double off_simplex(measuring *m, int n_groups)
{
    const int n = measure_least(n_groups, SIMPLEX_MOST), rows = m->e->n, d = m->e->d;
    double *mean = measure_room(m, n, d, sizeof *mean), off = 0;
    int *place = measure_room(m, rows, 1, sizeof *place), found = 0; /* of a row's group, from 0 */
    for (ptrdiff_t i = 0; i < rows && !measure_failed(m); i++) {
        const int first = m->group[i];
        place[i] = first == i ? found++ : place[first];
        for (int k = 0; k < d && place[i] < n; k++)
            mean[(ptrdiff_t)place[i] * d + k] += m->side[0].unit[i * d + k] / m->members[first];
    }
    if (measure_centre(m, mean, n, d) == NULL)
        return (double)NAN;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++) {
            double xy = 0, xx = 0, yy = 0;
            for (int k = 0; k < d; k++) {
                const double x = mean[(ptrdiff_t)i * d + k], y = mean[(ptrdiff_t)j * d + k];
                xy += x * y;
                xx += x * x;
                yy += y * y;
            }
            off += fabs((xy != 0 ? xy / sqrt(xx * yy) : 0) + 1.0 / (n - 1));
        }
    return off / (n * (n - 1) / 2.0);
}

static double supervised_loss(measuring *m)
{
    const ct_real log_scale = (ct_real)-ct_scalar_log(TEMPERATURE);
    ct_graph g;
    ct_graph_init(&g, m->device, 0);
    ct_tensor *rows = ct_constant(&g, m->e->n, m->e->d, m->side[0].rounded);
    const ct_loss_inputs in = {.log_scale = ct_constant(&g, 1, 1, &log_scale),
                               .group = m->e->group};
    const ct_tensor *y = ct_loss_supcon_one(&g, rows, &in);
    const double loss = y != NULL ? (double)y->x[0] : (double)NAN;
    if (y == NULL)
        CT_FAIL(m->arena.err, ct_graph_error(&g)->status, "%s", ct_graph_error(&g)->msg);
    ct_graph_free(&g);
    return loss;
}

void measure_labels(measuring *m)
{
    const int n = m->e->n, d = m->e->d;
    const ct_real *x = m->side[0].rounded;
    labelled l = {.n = n, .of = m->group, .right = measure_room(m, n, 1, sizeof *l.right)};
    ct_real *tile = measure_room(m, BLOCK, n, sizeof *tile);
    int n_groups = 0;
    for (int i = 0; i < n && !measure_failed(m); i++) {
        if (i % BLOCK == 0)
            k_matmul_nt(m->device, measure_least(BLOCK, n - i), n, d, x + (ptrdiff_t)i * d, x, tile,
                        false);
        look(&l, i, m->members[m->group[i]], tile + (ptrdiff_t)(i % BLOCK) * n);
        n_groups += m->group[i] == i;
    }
    if (measure_failed(m) || l.lookers == 0 || n_groups == 1)
        return;
    const double between = l.means - l.all / n;
    m->out->between_cosine = (l.all - l.within) / l.different;
    m->out->precision_at_1 = l.nearest / l.lookers;
    m->out->precision_by_chance = l.chance / l.lookers;
    m->out->knn_accuracy = l.voted / l.lookers;
    m->out->violated_triplets = l.violated / l.triplets;
    m->out->supervised_loss = supervised_loss(m);
    if (between > EQUAL * n) {
        m->out->class_variance = fmax(n - l.means, 0) / between;
        m->out->off_simplex = off_simplex(m, n_groups);
    }
}
