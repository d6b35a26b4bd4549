/* curve.c -- a loss over steps, from a text with columns or lines of JSON: since when it is flat.
 *
 * Of a long curve neighbours are joined, so that at most POINTS are kept. Flat is judged from the
 * end: the mean of the last tenth is the level; going back, the curve is flat as long as the mean
 * of a few points stays within the noise of that level. It is flat only if that is a fifth of the
 * curve at least and its halves have one mean: a slow fall is no plateau.
 *
 * Layer: measure. Needs formats (JSON, numbers). */
#include "measure/numbers.h"

#include "formats/text.h"
#include "platform/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define POINTS 4096
#define FEWEST 10

typedef struct points {
    int n, per, pending; /* `per` losses to a point; some of the next */
    double step[POINTS], loss[POINTS], sum;
} points;

static const ct_field CURVE[] = {
    {.key = "column", .kind = CT_TEXT, CT_AT(ct_curve, column)},
    {.key = "points", .kind = CT_INT, CT_AT(ct_curve, points)},
    {.key = "first", .kind = CT_REAL, CT_AT(ct_curve, first), .format = "%.4f"},
    {.key = "last", .kind = CT_REAL, CT_AT(ct_curve, last), .format = "%.4f"},
    {.key = "flat_since_step",
     .label = "flat since step",
     .kind = CT_REAL,
     CT_AT(ct_curve, since),
     .format = "%.0f",
     .optional = true},
    {.key = "level",
     .label = "at",
     .kind = CT_REAL,
     CT_AT(ct_curve, level),
     .format = "%.4f",
     .optional = true},
    {.key = "noise",
     .label = "+-",
     .kind = CT_REAL,
     CT_AT(ct_curve, noise),
     .format = "%.4f",
     .optional = true},
    {.key = "not_finite_since_step",
     .label = "not finite since step",
     .kind = CT_REAL,
     CT_AT(ct_curve, bad),
     .format = "%.0f",
     .optional = true},
};
const ct_fields ct_curve_fields = CT_FIELDS(CURVE);

/* ---- names ---- */

static bool is_any(const char *name, const char *const *of)
{
    while (*of != NULL && strcmp(name, *of) != 0)
        of++;
    return *of != NULL;
}

/* A name in small letters, without the quotes around it. */
static void plain_name(const char *name, size_t length, char out[64])
{
    size_t n = 0;
    for (size_t i = 0; i < length && n < 63; i++)
        if (name[i] != '"' && name[i] != ' ')
            out[n++] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
    out[n] = '\0';
}

/* How surely a column is the loss of training: 0, not at all. */
static int loss_rank(const char *name)
{
    static const char *const TRAINING[] = {"loss", "train_loss", "train/loss", "training_loss",
                                           NULL};
    if (is_any(name, TRAINING))
        return 3;
    if (strstr(name, "loss") != NULL)
        return strstr(name, "val") != NULL || strstr(name, "test") != NULL ? 1 : 2;
    return strcmp(name, "value") == 0; /* TensorBoard */
}

static int step_rank(const char *name)
{
    static const char *const STEP[] = {"step", "global_step", "train/global_step", NULL},
                             *const OTHER[] = {"iteration", "iter", "epoch", NULL};
    return is_any(name, STEP) ? 2 : is_any(name, OTHER);
}

/* ---- points ---- */

static void add_point(points *p, ct_curve *c, double step, double loss)
{
    c->points++;
    c->last = loss;
    if (c->points == 1)
        c->first = loss;
    if (!isfinite(loss)) {
        c->bad = isnan(c->bad) ? step : c->bad;
        return;
    }
    if (p->n == POINTS) {
        for (int i = 0; i < POINTS / 2; i++) {
            p->step[i] = p->step[2 * i];
            p->loss[i] = (p->loss[2 * i] + p->loss[2 * i + 1]) / 2;
        }
        p->n = POINTS / 2;
        p->per *= 2;
    }
    if (p->pending++ == 0)
        p->step[p->n] = step;
    p->sum += loss;
    if (p->pending < p->per)
        return;
    p->loss[p->n++] = p->sum / p->per;
    p->pending = 0;
    p->sum = 0;
}

static double mean_of(const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i];
    return sum / n;
}

/* Root of the mean square of what differs from `mean`. */
static double spread_of(const double *x, int n, double mean)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return sqrt(sum / n);
}

static void find_flat(const points *p, ct_curve *c)
{
    const int n = p->n, tail = n / 10 > FEWEST / 2 ? n / 10 : FEWEST / 2,
              window = n / 50 > 1 ? n / 50 : 1;
    if (n < FEWEST || !isnan(c->bad))
        return;
    const double level = mean_of(p->loss + n - tail, tail);
    const double noise = spread_of(p->loss + n - tail, tail, level);
    const double most = 2.5 * noise + 1e-4 * fabs(level);
    int from = n - window;
    while (from > 0 && fabs(mean_of(p->loss + from - 1, window) - level) <= most)
        from--;
    const int half = (n - from) / 2;
    const double drift = mean_of(p->loss + n - half, half) - mean_of(p->loss + from, half);
    if (n - from < n / 5 || fabs(drift) > noise + 1e-3 * fabs(level))
        return;
    c->since = p->step[from];
    c->level = mean_of(p->loss + from, n - from);
    c->noise = noise;
}

/* ---- text ---- */

static const char SEPARATORS[] = ",;\t";

/* The column whose name ranks highest; -1: none ranks. */
static int find_column(const char *line, int (*rank)(const char *name), char name[64])
{
    int best = -1, highest = 0;
    char plain[64];
    for (int k = 0;; k++) {
        const size_t length = strcspn(line, SEPARATORS);
        plain_name(line, length, plain);
        if (rank(plain) > highest) {
            highest = rank(plain);
            best = k;
            snprintf(name, 64, "%s", plain);
        }
        if (line[length] == '\0')
            return best;
        line += length + 1;
    }
}

/* The number of a column, NaN if it is none; false: the cell is empty. */
static bool number_in(const char *line, int column, double *x)
{
    char cell[64] = "";
    for (int k = 0; k < column && line != NULL; k++) {
        line = strpbrk(line, SEPARATORS);
        line = line != NULL ? line + 1 : NULL;
    }
    if (line != NULL)
        plain_name(line, strcspn(line, SEPARATORS), cell);
    if (ct_number_get(cell, x) == 0)
        *x = (double)NAN;
    return *cell != '\0';
}

/* Step and loss of a line of JSON; one of an evaluation, which names its split, has none. */
static bool read_object(char *line, double *step, double *loss, char name[64])
{
    ct_json_reader r;
    ct_json_type t;
    int highest = 1, step_highest = 0;
    bool evaluation = false, found = false;
    ct_json_reader_init(&r, line);
    while ((t = ct_json_next(&r)) > CT_JSON_END) {
        char key[64];
        plain_name(r.key != NULL ? r.key : "", r.key != NULL ? strlen(r.key) : 0, key);
        evaluation = evaluation || strcmp(key, "split") == 0;
        const bool number = t == CT_JSON_NUMBER || t == CT_JSON_NULL;
        if (r.depth != 1 || !number)
            continue;
        const double x = t == CT_JSON_NUMBER ? r.number : (double)NAN;
        if (step_rank(key) > step_highest) {
            step_highest = step_rank(key);
            *step = x;
        }
        if (loss_rank(key) > highest) {
            highest = loss_rank(key);
            *loss = x;
            found = true;
            snprintf(name, 64, "%s", key);
        }
    }
    return found && !evaluation;
}

bool ct_curve_begins(const char *text)
{
    char line[1024], name[64];
    double step, loss;
    const bool json = *text == '{';
    for (size_t length; *text != '\0'; text += length + strspn(text + length, "\r\n")) {
        length = strcspn(text, "\r\n");
        if (length >= sizeof line && !json)
            return false;
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        if (json && read_object(line, &step, &loss, name))
            return true;
        if (json)
            continue; /* another kind of line may be first */
        number_in(line, 0, &step);
        return find_column(line, loss_rank, name) >= 0 && isnan(step);
    }
    return false;
}

ct_status ct_curve_read(const char *path, char *text, ct_curve *out, ct_error *err)
{
    points *p = ct_alloc_for("curve", 1, sizeof *p, err);
    char name[64];
    int loss_at = -1, step_at = -1, number = 0;
    *out = (ct_curve){.since = (double)NAN,
                      .level = (double)NAN,
                      .noise = (double)NAN,
                      .bad = (double)NAN};
    if (p == NULL)
        return err->status;
    p->per = 1;
    for (char *next; text != NULL && *text != '\0'; text = next) {
        next = text + strcspn(text, "\n");
        next += *next == '\n';
        if (next[-1] == '\n')
            next[-1] = '\0';
        text[strcspn(text, "\r")] = '\0';
        double step = number, loss = (double)NAN;
        if (*text == '{') {
            if (read_object(text, &step, &loss, out->column))
                add_point(p, out, step, loss);
        } else if (loss_at < 0) {
            loss_at = find_column(text, loss_rank, out->column);
            step_at = find_column(text, step_rank, name);
            continue;
        } else if (*text != '\0') {
            if (step_at >= 0)
                number_in(text, step_at, &step);
            if (number_in(text, loss_at, &loss)) /* else a line of something else */
                add_point(p, out, step, loss);
        }
        number++;
    }
    find_flat(p, out);
    ct_free(p);
    if (out->points == 0)
        CT_FAIL(err, CT_ERR_FORMAT, "%s: no losses: expected lines with a step and a loss", path);
    return err->status;
}
