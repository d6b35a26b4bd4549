/* clues.c -- rows and columns that a diagnosis can name. */
#include "measure/measure.h"

#include "contrast/scalar.h"

#include <math.h>
#include <stdlib.h>

#define TRACE 0.02 /* of the variance, beyond a cliff         */
#define CLIFF 0.2  /* a singular value, of the one before it */
/* Rows of length 1 at such a distance count as equal: their cosine is above 1 - 1e-5, logits differ
 * by 0.001 at temperature 0.01, and no loss tells them apart. Less where scattered rows come as
 * near, in few columns, and no more than a tenth of what rows scatter: a cone may be narrow. */
#define NEAR    4.5e-3
#define SCATTER 0.1  /* of the standard deviation of a projection */
#define ALIKE   1e-6 /* projections of rows that differ by rounding alone */

/* An item by a number that is equal, or nearly, if the items are. */
typedef struct keyed {
    double key;
    int item;
} keyed;

static int by_key(const void *x, const void *y)
{
    const keyed *p = x, *q = y;
    if (p->key != q->key)
        return p->key < q->key ? -1 : 1;
    return (p->item > q->item) - (p->item < q->item);
}

static bool are_near(const measure_rows *r, int i, int j, double near)
{
    double square = 0;
    for (int k = 0; r != NULL && k < r->d && square <= near * near; k++) {
        const double apart = (double)r->rounded[(ptrdiff_t)i * r->d + k] -
                             (double)r->rounded[(ptrdiff_t)j * r->d + k];
        square += apart * apart;
    }
    return square <= near * near;
}

/* Of n items the first that each is equal to: by their keys, and by the distance of rows if there
 * are any. An item is held only against one of each kind before it, which take the front of x. */
static int *first_equal(measuring *m, keyed *x, int n, const measure_rows *r, double near)
{
    int *kind = measure_room(m, n, 1, sizeof *kind), *first = measure_room(m, n, 1, sizeof *first);
    int kinds = 0;
    if (measure_failed(m))
        return NULL;
    qsort(x, (size_t)n, sizeof *x, by_key);
    for (int i = 0; i < n; i++) {
        const keyed is = x[i];
        int k = kinds - 1;
        while (k >= 0 && is.key - x[k].key <= near && !are_near(r, is.item, x[k].item, near))
            k--;
        if (k < 0 || is.key - x[k].key > near) {
            k = kinds++;
            x[k] = is;
            first[k] = is.item;
        }
        kind[is.item] = k;
        first[k] = measure_least(first[k], is.item);
    }
    for (int i = 0; i < n; i++)
        kind[i] = first[kind[i]];
    return kind;
}

int *measure_first_equal(measuring *m, const int *group, int n)
{
    keyed *x = measure_room(m, n, 1, sizeof *x);
    for (int i = 0; i < n && x != NULL; i++)
        x[i] = (keyed){group[i], i};
    return first_equal(m, x, n, NULL, 0);
}

double measure_key(const double *unit, int d)
{
    double key = 0;
    for (int k = 0; k < d; k++) {
        /* Parts in equal steps would not do: columns 1 and 4 would have the same as 2 and 3. */
        const double turn = 1e6 / (k + 3.141592653589793);
        key += (2 * (turn - floor(turn)) - 1) / sqrt(d) * unit[k];
    }
    return key;
}

/* Of rows that are not all in memory: those of equal keys. */
static int *first_near(measuring *m, int s, const double *key)
{
    const measure_rows *r = m->e->all == NULL ? &m->side[s] : NULL;
    const int n = m->out->rows, d = m->e->d;
    keyed *x = measure_room(m, n, 1, sizeof *x);
    double mean = 0, square = 0;
    for (int i = 0; i < n && x != NULL; i++) {
        x[i] = (keyed){key[i], i};
        mean += key[i] / n;
        square += key[i] * key[i] / n;
    }
    const double scatter = SCATTER * sqrt(fmax(square - mean * mean, 0));
    const double usual = ct_scalar_exp(-ct_scalar_log(n) / (d - 1)); /* to the nearest row */
    return first_equal(m, x, n, r, r != NULL ? fmin(NEAR * usual, scatter) : 0);
}

/* Rows that are equal to others. */
void measure_repeats(measuring *m, int s, const double *key)
{
    const int n = m->out->rows;
    ct_clues *c = m->clues;
    const int *first = first_near(m, s, key);
    int *same = measure_room(m, n, 1, sizeof *same);
    if (first == NULL || same == NULL)
        return;
    for (int i = 0; i < n; i++) {
        const int times = ++same[first[i]];
        m->out->duplicate_rows[s] += times > 1;
        c->alike_rows[s] += times > 1 && fabs(key[i] - key[first[i]]) < ALIKE;
        if (times > c->repeated_times[s]) {
            c->repeated_times[s] = times;
            c->repeated_row[s] = first[i];
        }
    }
    c->points[s] = n - m->out->duplicate_rows[s];
    c->repeats_floor[s] = m->e->group != NULL ? (double)NAN : 0;
    for (int i = n - 1; i >= 0; i--) { /* the first of a row's equals comes last */
        same[i] = same[first[i]];
        c->repeats_floor[s] += ct_scalar_log(same[i]) / n;
    }
    m->same[s] = same;
}

void measure_groups(measuring *m)
{
    const int n = m->e->n;
    const bool grouped = m->e->group != NULL;
    m->group = grouped ? measure_first_equal(m, m->e->group, n)
                       : measure_room(m, n, 1, sizeof *m->group);
    m->members = measure_room(m, n, 1, sizeof *m->members);
    m->clues->groups = 0;
    for (int i = 0; i < n && !measure_failed(m); i++) {
        if (!grouped)
            m->group[i] = i;
        m->clues->groups += m->members[m->group[i]]++ == 0;
    }
    const ct_all_rows *all = m->e->all;
    if (all == NULL || measure_failed(m))
        return;
    const int *first = grouped ? measure_first_equal(m, all->group, all->n) : NULL;
    m->clues->groups = grouped ? 0 : all->n;
    for (int i = 0; i < all->n && first != NULL; i++)
        m->clues->groups += first[i] == i;
}

/* Few directions that hold all but a trace of the variance `sum`, and next to nothing after them.
 */
void measure_cliff(ct_clues *c, int s, const measure_spectrum *l, double sum)
{
    double before = 0;
    for (int k = 1; k < l->n; k++) {
        before += l->centred[k - 1];
        const double fall = sqrt(l->centred[k] / l->centred[k - 1]);
        if (before >= (1 - TRACE) * sum && fall < CLIFF && 2 * k < l->n) {
            c->directions[s] = k;
            c->cliff[s] = fall;
            return;
        }
    }
}
