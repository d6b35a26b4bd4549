/* clues.c -- rows and columns that a diagnosis can name.
 *
 * Layer: measure. */
#include "measure/measure.h"

#include "contrast/scalar.h"
#include "formats/bytes.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define TRACE 0.02 /* of the variance, beyond a cliff         */
#define CLIFF 0.2  /* a singular value, of the one before it */

/* A table of items by a hash of their bits. */
int *measure_first_equal(measuring *m, const void *items, int n, size_t bytes)
{
    const unsigned char *const item = items;
    uint32_t size = 16;
    while (size < 2 * (uint32_t)n)
        size *= 2;
    int *table = measure_room(m, (int)size, 1, sizeof *table); /* item + 1; 0: free */
    int *first = measure_room(m, n, 1, sizeof *first);
    for (int i = 0; i < n && !measure_failed(m); i++) {
        const unsigned char *x = item + (size_t)i * bytes;
        uint32_t at = (uint32_t)ct_bytes_hash(CT_BYTES_HASH, x, bytes) & (size - 1);
        while (table[at] != 0 && memcmp(item + (size_t)(table[at] - 1) * bytes, x, bytes) != 0)
            at = (at + 1) & (size - 1);
        if (table[at] == 0)
            table[at] = i + 1;
        first[i] = table[at] - 1;
    }
    return measure_failed(m) ? NULL : first;
}

/* Rows that are equal to others. */
void measure_repeats(measuring *m, int s, const uint64_t *hash)
{
    const int n = m->out->rows;
    ct_clues *c = m->clues;
    const int *first = measure_first_equal(m, hash, n, sizeof *hash);
    int *same = measure_room(m, n, 1, sizeof *same);
    if (measure_failed(m))
        return;
    for (int i = 0; i < n; i++) {
        const int times = ++same[first[i]];
        m->out->duplicate_rows[s] += times > 1;
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
    m->group = grouped ? measure_first_equal(m, m->e->group, n, sizeof *m->e->group)
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
    const int *first = grouped ? measure_first_equal(m, all->group, all->n, sizeof(int)) : NULL;
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
