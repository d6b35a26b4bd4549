/* grid.c -- the settings of a sweep: lists, ranges, seeds, and what a point is.
 *
 * Layer: lab. */
#include "lab/sweep.h"

#include "contrast/scalar.h"
#include "formats/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Is "key=value" a setting that the recipe takes? */
static bool takes(const ct_sweep *s, const char *key, const char *value)
{
    ct_recipe r = s->base;
    char setting[CT_RECIPE_TEXT + 64];
    snprintf(setting, sizeof setting, "%s=%s", key, value);
    return ct_recipe_override(&r, setting, CT_IGNORE_ERROR) == CT_OK;
}

static ct_status put(ct_axis *a, const char *value, size_t length, ct_error *err)
{
    if (a->n == CT_SWEEP_VALUES)
        return CT_FAIL(err, CT_ERR_CONFIG, "%s: more than %d values", a->key, CT_SWEEP_VALUES);
    if (length == 0 || length >= sizeof a->value[0])
        return CT_FAIL(err, CT_ERR_CONFIG, "%s: value %d has %zu characters: expected 1 to %zu",
                       a->key, a->n + 1, length, sizeof a->value[0] - 1);
    memcpy(a->value[a->n], value, length);
    a->value[a->n++][length] = '\0';
    return CT_OK;
}

/* "lo..hi:n" or "lo..hi:n(log)"; false if it is not of that form. */
static bool parse_range(const char *text, double *lo, double *hi, long *n, bool *is_log)
{
    const char *dots = strstr(text, "..");
    char low[48];
    const size_t length = dots != NULL ? (size_t)(dots - text) : sizeof low;
    if (length >= sizeof low)
        return false;
    memcpy(low, text, length);
    low[length] = '\0';
    if (length == 0 || ct_number_get(low, lo) != length)
        return false;
    text = dots + 2;
    const size_t used = ct_number_get(text, hi);
    if (used == 0 || text[used] != ':')
        return false;
    char *end;
    *n = strtol(text + used + 1, &end, 10);
    *is_log = strcmp(end, "(log)") == 0;
    return end != text + used + 1 && (*end == '\0' || *is_log);
}

static ct_status add_range(const ct_sweep *s, ct_axis *a, double lo, double hi, long n, bool is_log,
                           ct_error *err)
{
    if (n < 2 || n > CT_SWEEP_VALUES || (is_log && !(lo > 0 && hi > 0)))
        return CT_FAIL(err, CT_ERR_CONFIG, "%s: expected 2 to %d values%s", a->key, CT_SWEEP_VALUES,
                       is_log ? " between positive ends" : "");
    for (long k = 0; k < n; k++) {
        const double t = (double)k / (double)(n - 1);
        double x = is_log ? ct_scalar_exp((1 - t) * ct_scalar_log(lo) + t * ct_scalar_log(hi))
                          : lo + t * (hi - lo);
        char text[48];
        snprintf(text, sizeof text, "%.4g", x);
        if (!takes(s, a->key, text)) /* a key of whole numbers */
            snprintf(text, sizeof text, "%.0f", floor(x + 0.5));
        const ct_status status = put(a, text, strlen(text), err);
        if (status != CT_OK)
            return status;
    }
    return CT_OK;
}

static ct_status add_seeds(ct_sweep *s, const char *text, ct_error *err)
{
    char *end;
    long first = strtol(text, &end, 10), last = first;
    bool good = end != text;
    if (good && strncmp(end, "..", 2) == 0) {
        const char *from = end + 2;
        last = strtol(from, &end, 10);
        good = end != from;
    }
    if (!good || *end != '\0' || first < 0 || last < first || last - first >= CT_SWEEP_SEEDS)
        return CT_FAIL(err, CT_ERR_CONFIG,
                       "seed=%s: expected seed=3 or seed=1..8, at most %d seeds", text,
                       CT_SWEEP_SEEDS);
    s->first_seed = first;
    s->n_seeds = (int)(last - first) + 1;
    return CT_OK;
}

static ct_status add_axis(ct_sweep *s, const char *key, const char *value, ct_error *err)
{
    if (s->n_axes == CT_SWEEP_AXES)
        return CT_FAIL(err, CT_ERR_CONFIG, "%s: more than %d keys with several values", key,
                       CT_SWEEP_AXES);
    ct_axis *a = &s->axis[s->n_axes++];
    ct_status status = CT_OK;
    double lo, hi;
    long n;
    bool is_log;
    *a = (ct_axis){.n = 0};
    snprintf(a->key, sizeof a->key, "%s", key);
    if (parse_range(value, &lo, &hi, &n, &is_log)) {
        status = add_range(s, a, lo, hi, n, is_log, err);
    } else {
        const char *mark = strchr(value, '|') != NULL ? "|" : ",";
        for (const char *at = value;;) {
            const size_t length = strcspn(at, mark);
            status = put(a, at, length, err);
            if (status != CT_OK || at[length] == '\0')
                break;
            at += length + 1;
        }
    }
    for (int k = 0; k < a->n && status == CT_OK;
         k++) { /* the recipe's own words for a wrong value */
        ct_recipe r = s->base;
        char setting[128];
        snprintf(setting, sizeof setting, "%s=%s", a->key, a->value[k]);
        status = ct_recipe_override(&r, setting, err);
    }
    if (status == CT_OK && (long)s->n_points * a->n > 1000000)
        status = CT_FAIL(err, CT_ERR_CONFIG, "%s: more than a million points", key);
    s->n_points *= a->n;
    return status;
}

ct_status ct_sweep_add(ct_sweep *s, const char *setting, ct_error *err)
{
    const char *equals = strchr(setting, '=');
    char key[64];
    if (equals == NULL || equals - setting >= (ptrdiff_t)sizeof key)
        return CT_FAIL(err, CT_ERR_CONFIG,
                       "%s: expected section.key=values, e.g. optim.rate=0.1,1 or seed=1..4",
                       setting);
    snprintf(key, sizeof key, "%.*s", (int)(equals - setting), setting);
    if (s->n_points == 0) {
        s->n_points = s->n_seeds = 1;
        s->first_seed = s->base.train.seed;
    }
    if (strcmp(key, "seed") == 0)
        return add_seeds(s, equals + 1, err);
    if (strchr(equals, '|') == NULL && takes(s, key, equals + 1))
        return ct_recipe_override(&s->base, setting, err);
    if (strpbrk(equals, ",|:") == NULL) /* one value, and a wrong one */
        return ct_recipe_override(&s->base, setting, err);
    return add_axis(s, key, equals + 1, err);
}

static void append(char *out, size_t size, const char *a, const char *b, const char *c)
{
    const size_t used = strlen(out);
    snprintf(out + used, size - used, "%s%s%s%s", used > 0 ? " " : "", a, b, c);
}

void ct_sweep_settings(const ct_sweep *s, int point, char *out, size_t size)
{
    out[0] = '\0';
    for (int k = s->n_axes - 1; k >= 0; k--) { /* the last key changes fastest */
        char rest[512];
        snprintf(rest, sizeof rest, "%s", out);
        out[0] = '\0';
        append(out, size, s->axis[k].key, "=", s->axis[k].value[point % s->axis[k].n]);
        if (rest[0] != '\0')
            append(out, size, rest, "", "");
        point /= s->axis[k].n;
    }
}

void ct_sweep_describe(const ct_sweep *s, char *out, size_t size)
{
    char recipe[8192];
    uint32_t hash = 2166136261u; /* FNV-1a, of all that is the same for every run */
    ct_fields_ini(&ct_recipe_fields, &s->base, false, recipe, sizeof recipe);
    for (const char *c = recipe; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    snprintf(out, size, "recipe %08x", (unsigned)hash);
    for (int k = 0; k < s->n_axes; k++) {
        append(out, size, s->axis[k].key, "=", "");
        for (int v = 0; v < s->axis[k].n; v++) {
            const size_t used = strlen(out);
            snprintf(out + used, size - used, "%s%s", v > 0 ? "|" : "", s->axis[k].value[v]);
        }
    }
    const size_t used = strlen(out);
    snprintf(out + used, size - used, " seed=%ld..%ld", s->first_seed,
             s->first_seed + s->n_seeds - 1);
}
