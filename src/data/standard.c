/* standard.c -- the numbers of a side, one mean and one spread for all of them, and rows made with
 * those.
 *
 * For the trainer: towers expect inputs of mean 0 and spread 1. What is easy to
 * get wrong: if all values are equal, a mean that is off by one rounding gives a
 * spread of 1e-17 and blows the side up. Floats have 24 bits, so a double adds up
 * 2^29 equal ones without rounding. Bytes are counted first and added up after. */
#include "contrast/data.h"

#include "data/inside.h"

#include <math.h>

bool data_are_bytes(const ct_npy *a)
{
    return a->kind == 'u' && a->width == 1;
}

int data_values(const ct_side *s, int item, int from, double *out, ct_error *err)
{
    const int n = s->dim - from < DATA_PIECE ? s->dim - from : DATA_PIECE;
    const int row = s->row_of != NULL ? s->row_of[item] : item;
    const size_t at = (size_t)row * (size_t)s->dim + (size_t)from;
    if (s->file == NULL) {
        for (int k = 0; k < n; k++)
            out[k] = s->u8 != NULL ? s->u8[at + (size_t)k] : (double)s->f32[at + (size_t)k];
        return err->status == CT_OK ? n : 0;
    }
    unsigned char bytes[8 * DATA_PIECE];
    const ct_npy *a = &s->file->array;
    const size_t width = (size_t)a->width;
    ct_source_read(&s->file->source, a->offset + at * width, bytes, (size_t)n * width, err);
    for (int k = 0; k < n && err->status == CT_OK; k++) {
        out[k] = data_are_bytes(a) ? bytes[k] : ct_npy_value(a, bytes, (size_t)k);
        if (!isfinite(out[k]))
            CT_REFUSE(err, "%s: row %d, value %d is %g, expected a finite number",
                      s->file->source.path, row, from + k, out[k]);
    }
    return err->status == CT_OK ? n : 0;
}

/* What a pass over the training split adds up: one chain, items in order; or how
 * often each byte occurs. */
typedef struct tally {
    double centre, sum, squares;
    double count[256];
    bool bytes;
} tally;

static void pass(const ct_pairs *p, const ct_side *s, tally *t, ct_error *err)
{
    double x[DATA_PIECE];
    for (int i = 0; i < p->count[CT_TRAIN]; i++)
        for (int from = 0, n; (n = data_values(s, p->index[CT_TRAIN][i], from, x, err)) > 0;
             from += n) {
            for (int k = 0; k < n && t->bytes; k++)
                t->count[(int)x[k]]++;
            for (int k = 0; k < n && !t->bytes; k++) {
                t->sum += x[k] - t->centre;
                t->squares += (x[k] - t->centre) * (x[k] - t->centre);
            }
        }
}

ct_status ct_standard_fit(const ct_pairs *p, int side, ct_standard *out, ct_error *err)
{
    const ct_side *s = &p->side[side];
    *out = (ct_standard){.mean = 0, .spread = 1};
    if (s->dim == 0 || p->count[CT_TRAIN] == 0)
        return err->status;
    const double n = (double)p->count[CT_TRAIN] * s->dim;
    tally t = {.bytes = s->u8 != NULL || (s->file != NULL && data_are_bytes(&s->file->array))};
    pass(p, s, &t, err);
    for (int v = 0; v < 256 && t.bytes; v++)
        t.sum += t.count[v] * v;
    t.centre = t.sum / n;
    t.squares = 0;
    const double mean = t.centre;
    if (!t.bytes)
        pass(p, s, &t, err);
    for (int v = 0; v < 256 && t.bytes; v++)
        t.squares += t.count[v] * ((v - mean) * (v - mean));
    const double spread = sqrt(t.squares / n);
    if (err->status == CT_OK && spread > 0)
        *out = (ct_standard){mean, spread};
    return err->status;
}

ct_status ct_pairs_rows(const ct_pairs *p, int side, const ct_standard *st, const int *items, int n,
                        ct_real *out, ct_error *err)
{
    const ct_side *s = &p->side[side];
    const size_t dim = (size_t)s->dim;
    if (s->u8 != NULL) { /* a byte has 256 values: divide once for each */
        ct_real of[256];
        for (int v = 0; v < 256; v++)
            of[v] = (ct_real)((v - st->mean) / st->spread);
        for (int i = 0; i < n; i++) {
            const int row = s->row_of != NULL ? s->row_of[items[i]] : items[i];
            for (size_t k = 0; k < dim; k++)
                *out++ = of[s->u8[(size_t)row * dim + k]];
        }
        return err->status;
    }
    double x[DATA_PIECE];
    for (int i = 0; i < n; i++)
        for (int from = 0, here; (here = data_values(s, items[i], from, x, err)) > 0; from += here)
            for (int k = 0; k < here; k++)
                *out++ = (ct_real)((x[k] - st->mean) / st->spread);
    return err->status;
}
