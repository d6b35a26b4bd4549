/* curve.c -- a loss over steps, from a text with columns or lines of JSON: since when it is flat.
 *
 * Of a long curve neighbours are joined, so that at most POINTS are kept. Flat is judged from the
 * end: the mean of the last tenth is the level; going back, the curve is flat as long as the mean
 * of a few points stays within the noise of that level. It is flat only if that is a fifth of the
 * curve at least and its halves have one mean: a slow fall is no plateau. It has risen if its end
 * lies above the least of the means of a few points, by more than noise. */
#include "measure/numbers.h"

#include "formats/text.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define POINTS 4096
#define FEWEST 10
#define RISE   0.05 /* of all that a curve moves */

typedef struct point {
    double step, loss;
} point;

typedef struct points {
    int per; /* losses to a point */
    point x[POINTS];
} points;

#define NUMBER(key, label_, member, format_) \
    CT_ROW(key, CT_REAL, ct_curve, member), .label = (label_), .format = (format_)
static const ct_field CURVE[] = {
    {.key = "column", .kind = CT_TEXT, CT_AT(ct_curve, column)},
    {.key = "points", .kind = CT_INT, CT_AT(ct_curve, points)},
    {NUMBER("first", NULL, first, "%.4f")},
    {NUMBER("last", NULL, last, "%.4f")},
    {NUMBER("flat_since_step", "flat since step", since, "%.0f"), .optional = true},
    {NUMBER("level", "at", level, "%.4f"), .optional = true},
    {NUMBER("noise", "+-", noise, "%.4f"), .optional = true},
    {NUMBER("least", "least", least, "%.4f"), .optional = true},
    {NUMBER("least_at_step", "at step", least_at, "%.0f"), .optional = true},
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
    {"objective", LOSS, 1},     {"cost", LOSS, 1},       {"_step", STEP, 2},
    {"global_step", STEP, 2},   {"epoch", STEP, 1},      {"train/global_step", STEP, 2},
    {"iteration", STEP, 1},     {"iter", STEP, 1},
};

/* Where step and loss stand, among columns or the members of an object. */
typedef struct columns {
    bool json;
    const char *between; /* columns */
    int rank[2], at[2];  /* of the best names so far; rank 0: none */
    char name[64];       /* of the loss */
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
    while ((t = ct_json_next(&r)) != CT_JSON_END) {
        plain(r.key != NULL ? r.key : "", r.key != NULL ? strlen(r.key) : 0, key);
        evaluation = evaluation || strcmp(key, "split") == 0;
        /* Python writes NaN and -Infinity, which JSON does not have. */
        const bool no_number = t == CT_JSON_NULL || (t == CT_JSON_BAD && strcspn(r.at, "NI") < 2);
        const int is = t == CT_JSON_NUMBER || no_number ? look_at_name(c, key, 0) : -1;
        if (is >= 0)
            x[is] = t == CT_JSON_NUMBER ? r.number : (double)NAN;
        if (t == CT_JSON_BAD)
            break;
    }
    return c->rank[LOSS] > 1 && !evaluation;
}

/* A whole cell; what is not finite is NaN. */
static bool read_number(const char *cell, double *x)
{
    *x = (double)NAN;
    if (strcmp(cell, "nan") == 0 || strcmp(cell + strspn(cell, "+-"), "inf") == 0)
        return true;
    const size_t length = ct_number_get(cell, x);
    return length > 0 && cell[length] == '\0';
}

/* Those of a line of cells, the first of which has the names, or is the first loss of a text of
 * nothing else; false: there is none, or its cell is empty. */
static bool read_cells(columns *c, const char *line, double x[2], ct_error *err)
{
    const bool named = c->between != NULL;
    const char *const by = strchr(line, ';') != NULL ? ";" : ",";
    bool found = false;
    if (!named)
        c->between = strchr(line, '\t') != NULL ? "\t" : by;
    for (int k = 0; line != NULL; k++) {
        char cell[64];
        const size_t length = strcspn(line, c->between);
        plain(line, length, cell);
        line = line[length] != '\0' ? line + length + 1 : NULL;
        if (!named && k == 0 && line == NULL && read_number(cell, &x[LOSS])) {
            c->between = "\n";
            return look_at_name(c, "loss", 0) == LOSS;
        }
        if (!named)
            look_at_name(c, cell, k);
        for (int is = STEP; is <= LOSS && named && *cell != '\0'; is++)
            if (c->rank[is] > 0 && c->at[is] == k) {
                if (!read_number(cell, &x[is]))
                    CT_REFUSE(err, "'%s' is no number with a decimal point", cell);
                found = found || is == LOSS;
            }
    }
    return found;
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
    point *x = &p->x[c->points / p->per];
    if (!isfinite(loss))
        c->bad = fmin(c->bad, step); /* NaN is passed over */
    if (c->points++ % p->per == 0)
        x->step = step;
    x->loss += loss / p->per;
}

static double mean_of(const point *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i].loss;
    return sum / n;
}

/* Noise, whatever the trend: that of what points move from one to the next. */
static double noise_of(const point *x, int n)
{
    double sum = 0;
    for (int i = 1; i < n; i++)
        sum += (x[i].loss - x[i - 1].loss) * (x[i].loss - x[i - 1].loss) / 2;
    return sqrt(sum / (n - 1));
}

static void find_rise(const point *x, int n, int window, double level, double noise, ct_curve *c)
{
    double low = level, high = level, at = 0;
    for (int i = 0; i + window <= n; i++) {
        const double mean = mean_of(x + i, window);
        at = mean < low ? x[i].step : at;
        low = fmin(low, mean);
        high = fmax(high, mean);
    }
    if (level - low > RISE * (high - low) + 4 * noise / sqrt(window) + 1e-3 * fabs(level)) {
        c->least = low;
        c->least_at = at;
    }
}

static void find_flat(point *x, int n, ct_curve *c)
{
    const int tail = n / 10 > FEWEST / 2 ? n / 10 : FEWEST / 2, window = n / 50 > 1 ? n / 50 : 1;
    for (int i = 0; i < n / 2 && x[i].step > x[n - 1 - i].step; i++) { /* a log from its end */
        const point last = x[n - 1 - i];
        x[n - 1 - i] = x[i];
        x[i] = last;
    }
    c->first = x[0].loss;
    c->last = x[n > 0 ? n - 1 : 0].loss;
    if (n < FEWEST || !isnan(c->bad))
        return;
    const double level = mean_of(x + n - tail, tail), noise = noise_of(x + n - tail, tail);
    const double most = 2.5 * noise + 1e-4 * fabs(level);
    int from = n - window;
    find_rise(x, n, window, level, noise, c);
    while (from > 0 && fabs(mean_of(x + from - 1, window) - level) <= most)
        from--;
    const int half = (n - from) / 2;
    const double drift = mean_of(x + n - half, half) - mean_of(x + from, half);
    if (n - from < n / 5 || fabs(drift) > noise + 1e-3 * fabs(level))
        return;
    c->since = x[from].step;
    c->level = mean_of(x + from, n - from);
    c->noise = noise;
    c->known_to = 2 * noise / sqrt(n - from);
}

/* ---- text ---- */

static void read_text(columns *c, const char *path, char *text, points *p, ct_curve *out,
                      ct_error *err)
{
    int lines = 0, number = 0;
    *out = (ct_curve){.since = (double)NAN,
                      .level = (double)NAN,
                      .noise = (double)NAN,
                      .least = (double)NAN,
                      .least_at = (double)NAN,
                      .bad = (double)NAN};
    c->json = *text == '{';
    for (const char *at = text; *at != '\0' && lines < INT_MAX - POINTS; at++)
        lines += *at == '\n';
    p->per += lines / POINTS;
    for (char *next; *text != '\0' && number <= lines && err->status == CT_OK; text = next) {
        double x[2] = {number, (double)NAN};
        ct_error bad = {.status = CT_OK};
        next = cut(text);
        number++;
        if (c->json ? read_object(c, text, x) : *text != '\0' && read_cells(c, text, x, &bad))
            add_point(p, out, x[STEP], x[LOSS]);
        if (bad.status != CT_OK)
            CT_REFUSE(err, "%s:%d: %s", path, number, bad.msg);
    }
}

bool ct_curve_begins(char *text)
{
    columns c = {.json = false};
    points p = {.per = 1};
    ct_curve begin;
    read_text(&c, "", text, &p, &begin, CT_IGNORE_ERROR);
    return begin.points > 0 || (!c.json && c.rank[LOSS] + c.rank[STEP] > 1); /* not by an epoch */
}

ct_status ct_curve_read(const char *path, char *text, ct_curve *out, ct_error *err)
{
    columns c = {.json = false};
    points p = {.per = 1};
    read_text(&c, path, text, &p, out, err);
    snprintf(out->column, sizeof out->column, "%s", c.name);
    find_flat(p.x, out->points / p.per, out);
    if (out->points == 0)
        CT_REFUSE(err, "%s: no losses: expected a column or a member named loss", path);
    return err->status;
}
