/* sweep_summary.c -- the seeds of a point as one row.
 *
 * Layer: lab. */
#include "lab/sweep.h"

#include "formats/text.h"
#include "platform/file.h"

#include <math.h>
#include <stdarg.h>

ct_sweep_point ct_sweep_summary(const ct_sweep *s, const ct_sweep_run *run, int point)
{
    ct_sweep_point p = {.n = 0};
    double loss[CT_SWEEP_SEEDS], escape[CT_SWEEP_SEEDS], recall[2][CT_SWEEP_SEEDS],
        rank[2][CT_SWEEP_SEEDS];
    for (int i = 0; i < s->n_seeds; i++) {
        const ct_sweep_run *r = &run[point * s->n_seeds + i];
        const double lost = r->diverged ? (double)NAN : 0;
        if (!r->done)
            continue;
        loss[p.n] = r->loss + lost;
        escape[p.n] = r->escape > 0 ? (double)r->escape : (double)INFINITY;
        for (int side = 0; side < 2; side++) {
            recall[side][p.n] = r->recall[side] + lost;
            rank[side][p.n] = r->rank[side] + lost;
        }
        p.n_diverged += r->diverged;
        p.n_state[r->state] += !r->diverged;
        p.n++;
    }
    if (p.n == 0)
        return p;
    for (int k = 0; k < CT_N_STATES; k++)
        if (p.n_state[k] > p.n_state[p.state])
            p.state = (ct_state)k;
    p.loss = ct_spread_of(loss, p.n);
    p.escape = ct_spread_of(escape, p.n);
    for (int side = 0; side < 2; side++) {
        p.recall[side] = ct_spread_of(recall[side], p.n);
        p.rank[side] = ct_spread_of(rank[side], p.n);
    }
    return p;
}

static void put(ct_writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(ct_writer *w, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    const int length = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    ct_writer_bytes(w, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

/* Empty where there is no number: never left, or diverged. */
static void put_spread(ct_writer *w, ct_spread x)
{
    const double value[] = {x.median, x.least, x.most, x.mean, x.error};
    for (int i = 0; i < 5; i++) {
        char number[CT_NUMBER_BYTES] = "";
        if (isfinite(value[i]))
            ct_number_put(number, value[i], false);
        put(w, ",%s", number);
    }
}

static void put_row(ct_writer *w, const ct_sweep *s, const ct_sweep_run *run, int point)
{
    const ct_sweep_point p = ct_sweep_summary(s, run, point);
    const char *value[CT_SWEEP_AXES];
    for (int k = s->n_axes - 1, rest = point; k >= 0; rest /= s->axis[k--].n)
        value[k] = s->axis[k].value[rest % s->axis[k].n];
    for (int k = 0; k < s->n_axes; k++)
        put(w, "\"%s\",", value[k]); /* a list of widths has commas */
    put(w, "%d,%d,%s", p.n, p.n_diverged,
        p.n == 0                 ? ""
        : p.n_diverged * 2 > p.n ? "diverged"
                                 : ct_state_describe(p.state)->name);
    for (int k = 0; k < CT_N_STATES; k++)
        put(w, ",%d", p.n_state[k]);
    put_spread(w, p.escape);
    put_spread(w, p.recall[0]);
    put_spread(w, p.recall[1]);
    put_spread(w, p.loss);
    put_spread(w, p.rank[0]);
    put_spread(w, p.rank[1]);
    put(w, "\n");
}

ct_status ct_sweep_write_csv(const ct_sweep *s, const ct_sweep_run *run, const char *folder,
                             ct_error *err)
{
    static const char *const FIGURE[] = {
        "escape_step", "recall_at_1_image_to_text",    "recall_at_1_text_to_image",
        "loss",        "effective_rank_centred_image", "effective_rank_centred_text"};
    char path[CT_PATH_BYTES];
    ct_writer w;
    if (snprintf(path, sizeof path, "%s/sweep.csv", folder) >= (int)sizeof path)
        return CT_FAIL(err, CT_ERR_IO, "%s: the path is too long", folder);
    const ct_status status = ct_writer_open(&w, path, CT_REPLACE, err);
    if (status != CT_OK)
        return status;
    for (int k = 0; k < s->n_axes; k++)
        put(&w, "%s,", s->axis[k].key);
    put(&w, "runs,diverged,state");
    for (int k = 0; k < CT_N_STATES; k++)
        put(&w, ",%s", ct_state_describe((ct_state)k)->name);
    for (size_t f = 0; f < sizeof FIGURE / sizeof *FIGURE; f++)
        put(&w, ",%s,%s_least,%s_most,%s_mean,%s_standard_error", FIGURE[f], FIGURE[f], FIGURE[f],
            FIGURE[f], FIGURE[f]);
    put(&w, "\n");
    for (int p = 0; p < s->n_points; p++)
        put_row(&w, s, run, p);
    return ct_writer_commit(&w);
}
