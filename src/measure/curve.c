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

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define POINTS 4096
#define FEWEST 10

typedef struct points {
    int per; /* losses to a point */
    double step[POINTS], loss[POINTS];
} points;

#define NUMBER(key_, label_, member, format_) \
    .key = (key_), .label = (label_), .kind = CT_REAL, CT_AT(ct_curve, member), .format = (format_)
static const ct_field CURVE[] = {
    {.key = "column", .kind = CT_TEXT, CT_AT(ct_curve, column)},
    {.key = "points", .kind = CT_INT, CT_AT(ct_curve, points)},
    {NUMBER("first", NULL, first, "%.4f")},
    {NUMBER("last", NULL, last, "%.4f")},
    {NUMBER("flat_since_step", "flat since step", since, "%.0f"), .optional = true},
    {NUMBER("level", "at", level, "%.4f"), .optional = true},
    {NUMBER("noise", "+-", noise, "%.4f"), .optional = true},
    {NUMBER("not_finite_since_step", "not finite since step", bad, "%.0f"), .optional = true},
};
const ct_fields ct_curve_fields = CT_FIELDS(CURVE);

/* ---- names ---- */

enum { STEP, LOSS };

/* How surely a name is that of the step, or of the loss of training. One that only holds the word
 * loss has the rank 2, or 1 if it is of a test; TensorBoard calls every curve Value. */
static const struct {
    const char *name;
    int is, rank;
} NAMES[] = {
    {"loss", LOSS, 3},          {"train_loss", LOSS, 3}, {"train/loss", LOSS, 3},
    {"training_loss", LOSS, 3}, {"value", LOSS, 1},      {"step", STEP, 2},
    {"global_step", STEP, 2},   {"epoch", STEP, 1},      {"train/global_step", STEP, 2},
    {"iteration", STEP, 1},     {"iter", STEP, 1},
};

/* Where step and loss stand, among columns or the members of an object. */
typedef struct columns {
    bool json;
    int rank[2], at[2]; /* of the best names so far; rank 0: none */
    char name[64];      /* of the loss */
} columns;

/* A name in small letters, or a number, without the quotes around it. */
static void plain(const char *cell, size_t length, char out[64])
{
    size_t n = 0;
    for (size_t i = 0; i < length && n < 63; i++)
        if (cell[i] != '"' && cell[i] != ' ')
            out[n++] = (char)(cell[i] >= 'A' && cell[i] <= 'Z' ? cell[i] + 32 : cell[i]);
    out[n] = '\0';
}

/* Whether `name`, of column `at`, is STEP or LOSS, surer than those before it; -1: neither. */
static int look_at_name(columns *c, const char *name, int at)
{
    int is = LOSS, rank = 0;
    if (strstr(name, "loss") != NULL)
        rank = strstr(name, "val") != NULL || strstr(name, "test") != NULL ? 1 : 2;
    for (size_t k = 0; k < sizeof NAMES / sizeof *NAMES; k++)
        if (strcmp(name, NAMES[k].name) == 0) {
            is = NAMES[k].is;
            rank = NAMES[k].rank;
        }
    if (rank <= c->rank[is])
        return -1;
    c->rank[is] = rank;
    c->at[is] = at;
    if (is == LOSS)
        snprintf(c->name, sizeof c->name, "%s", name);
    return is;
}

/* ---- lines ---- */

/* Step and loss of an object; one of an evaluation, which names its split, has none. */
static bool read_object(columns *c, char *line, double x[2])
{
    ct_json_reader r;
    ct_json_type t;
    char key[64];
    bool evaluation = false;
    c->rank[STEP] = 0;
    c->rank[LOSS] = 1; /* a surer one is wanted: a log has many members */
    ct_json_reader_init(&r, line);
    while ((t = ct_json_next(&r)) > CT_JSON_END) {
        plain(r.key != NULL ? r.key : "", r.key != NULL ? strlen(r.key) : 0, key);
        evaluation = evaluation || strcmp(key, "split") == 0;
        if (r.depth != 1 || (t != CT_JSON_NUMBER && t != CT_JSON_NULL))
            continue;
        const int is = look_at_name(c, key, 0);
        if (is >= 0)
            x[is] = t == CT_JSON_NUMBER ? r.number : (double)NAN;
    }
    return c->rank[LOSS] > 1 && !evaluation;
}

/* Those of a line of cells; false: it is that of the names, or has no loss. An empty cell is no
 * number; any other that is none is not finite. */
static bool read_cells(columns *c, const char *line, double x[2])
{
    const bool named = c->rank[LOSS] > 0;
    bool found = false;
    for (int k = 0; line != NULL; k++) {
        char cell[64];
        const size_t length = strcspn(line, ",;\t");
        plain(line, length, cell);
        line = line[length] != '\0' ? line + length + 1 : NULL;
        if (!named)
            look_at_name(c, cell, k);
        for (int is = STEP; is <= LOSS && named && *cell != '\0'; is++)
            if (c->rank[is] > 0 && c->at[is] == k) {
                if (ct_number_get(cell, &x[is]) == 0)
                    x[is] = (double)NAN;
                found = found || is == LOSS;
            }
    }
    return found;
}

static bool read_line(columns *c, char *line, double x[2])
{
    return c->json ? read_object(c, line, x) : read_cells(c, line, x);
}

/* Ends a line at its end; the answer is the next one. */
static char *cut(char *line)
{
    char *end = line + strcspn(line, "\n"), *next = end + (*end == '\n');
    *end = '\0';
    line[strcspn(line, "\r")] = '\0';
    return next;
}

/* ---- points ---- */

static void add_point(points *p, ct_curve *c, double step, double loss)
{
    const int i = c->points++ / p->per;
    if (c->points == 1)
        c->first = loss;
    c->last = loss;
    if (isnan(c->bad) && !isfinite(loss))
        c->bad = step;
    if ((c->points - 1) % p->per == 0)
        p->step[i] = step;
    p->loss[i] += loss / p->per;
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
    const int n = c->points / p->per, tail = n / 10 > FEWEST / 2 ? n / 10 : FEWEST / 2,
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

bool ct_curve_begins(char *text)
{
    columns c = {.json = *text == '{'};
    double x[2];
    for (char *next; *text != '\0'; text = next) {
        next = cut(text);
        if (read_line(&c, text, x))
            return true;
        if (!c.json && *text != '\0')
            return c.rank[LOSS] > 0;
    }
    return false; /* JSON without a loss; another kind of line may be first */
}

ct_status ct_curve_read(const char *path, char *text, ct_curve *out, ct_error *err)
{
    columns c = {.json = false};
    points p = {.per = 1};
    int lines = 0, number = 0;
    *out = (ct_curve){.since = (double)NAN,
                      .level = (double)NAN,
                      .noise = (double)NAN,
                      .bad = (double)NAN};
    if (err->status != CT_OK)
        return err->status;
    c.json = *text == '{';
    for (const char *at = text; *at != '\0' && lines < INT_MAX - POINTS; at++)
        lines += *at == '\n';
    p.per += lines / POINTS;
    for (char *next; *text != '\0' && number <= lines; text = next) {
        double x[2] = {number, (double)NAN};
        next = cut(text);
        number += c.json || c.rank[LOSS] > 0; /* not the line of the names */
        if (read_line(&c, text, x))
            add_point(&p, out, x[STEP], x[LOSS]);
    }
    snprintf(out->column, sizeof out->column, "%s", c.name);
    find_flat(&p, out);
    if (out->points == 0)
        CT_FAIL(err, CT_ERR_FORMAT, "%s: no losses: expected lines with a step and a loss", path);
    return err->status;
}
