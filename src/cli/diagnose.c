/* diagnose.c -- contrast diagnose A.npy [B.npy] | RUN */
#include "cli/cli.h"

#include "formats/array.h"
#include "measure/numbers.h"
#include "platform/machine.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

/* ---- what is told ---- */

static void add_bars(ct_chart *c, const char *look, const char *name, const double *share)
{
    ct_chart_add(c, (ct_series){CT_BARS, look, name, .y = share, .n = CT_COSINE_BINS});
}

static void tell_shapes(const ct_doc *d, const ct_diagnosis *a, const char *const side[2])
{
    const ct_distributions *x = &a->shape;
    ct_chart pairs = {.x_name = "cosine", .y_name = "share of each kind"}, within = pairs,
             values = {.x_name = "number, largest first", .y_name = "singular value"};
    const ct_axes cosines = ct_chart_axes(-1, 1, 0, 0.05), sigmas = ct_chart_axes(1, 2, 0, 1e-3);
    add_bars(&pairs, "fa", "pairs", x->pairs);
    add_bars(&pairs, "fb", "others (dashed)", x->others);
    for (int i = 0; i < a->measures.n_sides; i++) {
        const int n = x->n_singular[i] < 256 ? x->n_singular[i] : 256;
        add_bars(&within, i == 0 ? "fa" : "fb", side[i], x->within[i]);
        ct_chart_add(&values, (ct_series){CT_LINE, i == 0 ? "a" : "b", side[i], .y = x->singular[i],
                                          .n = n});
    }
    if (a->measures.n_sides == 2)
        ct_doc_chart(d, "Cosines of pairs and of others",
                     "Matched: pairs right of the others. Collapsed: one narrow hill.", &pairs,
                     &cosines);
    ct_doc_chart(d, "Cosines within a side",
                 "Of different rows. Spread: a hill about 0. Collapsed: all near 1.", &within,
                 &cosines);
    ct_doc_chart(d, "Singular values",
                 "Of the centred unit rows, at most the first 256: how many directions are in use.",
                 &values, &sigmas);
}

/* `run`: its folder, or NULL. */
static void tell(const ct_doc *d, const ct_diagnosis *a, const char *run)
{
    static const char *const SIDE[2][2] = {{"a", "b"}, {"images", "captions"}};
    const ct_measures *m = &a->measures;
    const char *const *side = SIDE[run != NULL];
    char word[CT_WORD_BYTES];
    ct_doc_about(d, "%s: %s", a->text.name, a->text.meaning);
    for (int i = 0; i < a->n_evidence; i++)
        ct_doc_item(d, "%s", a->evidence[i]);
    if (*a->text.look_alikes != '\0')
        ct_doc_about(d, "easily confused with: %s", a->text.look_alikes);
    ct_doc_about(d, "try first: %s", a->text.remedy);
    if (run != NULL && *a->remedy.settings != '\0')
        ct_doc_code(d, "%s train %s/recipe.ini %s", cli_name, ct_text_word(word, run),
                    a->remedy.settings);
    ct_doc_text(d,
                m->n_sides == 2 ? "Measured on %d row%s of %d; %s, %s:"
                                : "Measured on %d row%s of %d:",
                m->rows, CT_S(m->rows), m->columns, side[0], side[1]);
    ct_doc_members(d, &ct_measures_fields, m);
    if (m->not_finite_rows[0] + m->not_finite_rows[1] == 0)
        tell_shapes(d, a, side);
    if (a->landmarks.loss != NULL) {
        ct_doc_text(d, "%s, %s:", a->landmarks.loss->name, a->loss_measured ? "measured" : "given");
        ct_doc_members(d, &ct_loss_fields, a);
        ct_doc_members(d, &ct_landmarks_fields, &a->landmarks);
    }
}

/* ---- where it comes from ---- */

/* What the arguments are. */
typedef enum source { ARRAYS = 1, RUN = 2, CURVE = 4, NOTHING = 8 } source;

/* How many files come before the settings loss.KEY=VALUE, and what they are. */
static source look_at_files(cli_call *c, int *n, ct_error *err)
{
    *n = 0;
    while (*n < c->argc && (strncmp(c->argv[*n], "loss.", 5) != 0 || !strchr(c->argv[*n], '=')))
        (*n)++;
    if (*n > 2 || (*n == 0 && isnan(c->loss)))
        CT_FAIL(err, CT_ERR_CONFIG,
                "diagnose: expected A.npy [B.npy] | RUN | CURVE | --loss VALUE --batch N, found %d",
                *n);
    if (*n == 1 && ct_run_exists(c->argv[0]))
        return RUN;
    if (*n == 1 && !c->watch && cli_is_curve(c, err)) /* a watched file may be written now */
        return CURVE;
    return *n == 0 ? NOTHING : ARRAYS;
}

/* What is missing, and what would be ignored: a run has a loss and groups of its own, and only a
 * run has splits. */
static void check_options(const cli_call *c, int n_files, source of, ct_error *err)
{
    const struct {
        const char *option;
        bool given;
        int fits;
    } OPTIONS[] = {
        {"--loss", !isnan(c->loss), ~RUN},
        {"--loss-name", c->loss_name != NULL, ~RUN},
        {"--temperature", !isnan(c->temperature), ~RUN},
        {"--batch", c->batch > 0, ~RUN},
        {"loss.KEY=VALUE", c->argc > n_files, ~RUN},
        {"--groups", c->groups != NULL, ARRAYS},
        {"--compare-gradient", c->gradient != NULL, ARRAYS},
        {"--sample", c->sample > 0, ARRAYS},
        {"--watch", c->watch, ARRAYS},
        {"--split", c->split >= 0, RUN},
        {"data.KEY=PATH", c->moved[0] != NULL, RUN},
        {"--checkpoint", c->checkpoint != NULL, RUN},
    };
    static const char *const WITH[] = {
        [ARRAYS] = "arrays", [RUN] = "a run", [CURVE] = "a curve", [NOTHING] = "a loss alone"};
    for (size_t i = 0; i < sizeof OPTIONS / sizeof *OPTIONS; i++)
        if (OPTIONS[i].given && (OPTIONS[i].fits & (int)of) == 0)
            CT_FAIL(err, CT_ERR_CONFIG, "%s: not with %s", OPTIONS[i].option, WITH[of]);
    if (!isnan(c->loss) && c->batch == 0 && of != CURVE)
        CT_FAIL(err, CT_ERR_CONFIG, "--loss needs --batch N: what a loss should be depends on N");
    if (c->watch && c->report != NULL)
        CT_FAIL(err, CT_ERR_CONFIG, "--report: not with --watch, which has no end");
}

/* The loss as the options say, if they say anything. */
static ct_status read_loss(cli_call *c, int n_files, ct_diagnosis *a, const cli_arrays *x,
                           ct_error *err)
{
    const bool asked = !isnan(c->loss) || c->loss_name != NULL || !isnan(c->temperature) ||
                       c->batch > 0 || c->gradient != NULL || c->argc > n_files;
    const int most = c->gradient == NULL && x->n > 256 ? 256 : x->n;
    const int batch = c->batch > 0 ? c->batch : most;
    const ct_loss *loss;
    a->loss = c->loss;
    if (cli_read_loss(c, n_files, "infonce", &loss, err) != CT_OK || !asked)
        return err->status;
    ct_loss_setting at = cli_loss_setting(c, loss, batch, x->d);
    at.rows = x->n;
    a->landmarks = ct_landmarks_of(loss, &at, batch <= x->n ? x->group : NULL);
    c->recipe.loss.temperature = at.temperature; /* what a remedy looks at */
    c->recipe.optim.schedule.rate = (double)NAN;
    if (c->batch > 0)
        c->recipe.train.batch = c->batch;
    return CT_OK;
}

/* The gradient of one side that somebody's code has; the rows are one batch then. */
static const ct_real *read_gradient(cli_call *c, const ct_diagnosis *a, const cli_arrays *x,
                                    ct_error *err)
{
    ct_real *g = NULL;
    int n = 0, d = 0;
    if (c->gradient == NULL)
        return NULL;
    ct_array_read_matrix(c->gradient, &c->arena, &g, &n, &d, err);
    if (x->x[1] == NULL)
        CT_FAIL(err, CT_ERR_CONFIG, "--compare-gradient needs both arrays: A.npy B.npy");
    if (n != x->n || d != x->d)
        CT_FAIL(err, CT_ERR_SHAPE, "%s is (%d, %d): expected the gradient of a side (%d, %d)",
                c->gradient, n, d, x->n, x->d);
    if (a->landmarks.at.n != x->n)
        CT_FAIL(err, CT_ERR_CONFIG, "--compare-gradient: the %d rows are one batch, not %d", x->n,
                a->landmarks.at.n);
    return g;
}

/* What a run or arrays are like now; memory of the arena. */
static ct_diagnosis *measure(cli_call *c, int n_files, source of, ct_error *err)
{
    ct_diagnosis *a = ct_arena_zeroed(&c->arena, 1, sizeof *a);
    cli_arrays x = {.n = 0};
    if (of == RUN && err->status == CT_OK)
        ct_trainer_evaluate(&c->trainer, (ct_split)c->split, 0, NULL, a, err);
    else if (of == ARRAYS &&
             cli_read_arrays(c, n_files, c->gradient != NULL ? INT_MAX : c->sample, &x, err) ==
                 CT_OK &&
             read_loss(c, n_files, a, &x, err) == CT_OK) {
        const ct_real *g = read_gradient(c, a, &x, err);
        const ct_all_rows *all = x.n < x.all.n ? &x.all : NULL;
        if (err->status == CT_OK)
            ct_diagnose(&(ct_embedded){x.x[0], x.x[1], x.n, x.d, x.group, c->device, g, all}, a,
                        err);
        if (err->status == CT_OK && a->landmarks.loss != NULL)
            ct_remedy_add(&c->recipe, a);
        cli_close_arrays(&x);
    }
    return a;
}

static int exit_code(const cli_call *c, ct_state s)
{
    const bool bad = s != CT_HEALTHY && s != CT_MODALITY_GAP && s != CT_UNCERTAIN;
    return c->fail_on_collapse && bad ? 3 : 0;
}

/* ---- arrays that another program rewrites ---- */

#define LOOK_S  0.5 /* from one look to the next: help/diagnose.txt says so */
#define PATIENT 5.0 /* seconds to wait for the other side, and until stderr says why */

/* A line: when, the state, what moves first when embeddings collapse. */
static void tell_change(cli_call *c, const ct_diagnosis *a, double seconds, ct_error *err)
{
    static const char *const KEY[] = {"recall_at_1", "diagonal_mean", "mean_cosine",
                                      "effective_rank_centred"};
    ct_json_number(&c->j, "seconds", seconds);
    ct_diagnosis_json(&c->j, a);
    cli_put_json(c, err);
    if (!c->json) {
        printf("%8.1f s  %s", seconds, a->text.name);
        for (int i = 0; i < 4; i++) {
            const void *m = &a->measures;
            const ct_field *f = ct_fields_find(&ct_measures_fields, KEY[i], &m);
            char value[64];
            ct_field_show(f, m, value, sizeof value);
            if (*value != '-' || isdigit((unsigned char)value[1])) /* "-": not measured */
                printf("; %s %s", f->label, value);
        }
        putchar('\n');
    }
    if (fflush(stdout) != 0)
        CT_FAIL(err, CT_ERR_IO, "standard output: %s", strerror(errno));
}

/* A file may be written while it is looked at. So files are measured once they have not changed
 * since the look before, and the result counts if they have not changed by then. What cannot be
 * read is read again: the rest of it may come. */
static int watch(cli_call *c, int n_files, ct_error *err)
{
    enum { FILES = 4 };
    const char *const file[FILES] = {c->argv[0], c->argv[n_files - 1], c->groups, c->gradient};
    uint64_t before[FILES] = {0}, shown[FILES] = {0}, now[FILES] = {0};
    const double began = ct_clock_s();
    double since = began; /* when there was last nothing to wait for */
    char told[sizeof err->msg] = "";
    int code = 0;
    for (; cli_stop == 0 && code == 0 && err->status == CT_OK; ct_clock_wait(LOOK_S)) {
        ct_error why = {.status = CT_OK, .msg = "it changes all the time"};
        for (int i = 0; i < FILES; i++)
            now[i] = file[i] != NULL ? ct_file_stamp(file[i]) : 0;
        const bool same = memcmp(now, before, sizeof now) == 0;
        const bool old = memcmp(now, shown, sizeof now) == 0;
        const bool late = ct_clock_s() - since > PATIENT;
        /* one side is written after the other: new rows beside old ones are no pairs */
        const bool half = n_files == 2 && shown[0] != 0 &&
                          (now[0] == shown[0]) != (now[1] == shown[1]);
        ct_diagnosis *a = NULL;
        memcpy(before, now, sizeof now);
        ct_arena_reset(&c->arena);
        c->arena.err = &why;
        if (same && !old && (late || !half))
            a = measure(c, n_files, ARRAYS, &why);
        c->arena.err = err;
        for (int i = 0; i < FILES && a != NULL; i++)
            a = file[i] == NULL || ct_file_stamp(file[i]) == now[i] ? a : NULL;
        if (why.status == CT_ERR_CONFIG || why.status == CT_ERR_NOMEM) { /* no writer mends that */
            *err = why;
        } else if (a != NULL && why.status == CT_OK) {
            memcpy(shown, now, sizeof now);
            tell_change(c, a, ct_clock_s() - began, err);
            code = exit_code(c, a->state);
        } else if (!old && late && strcmp(told, why.msg) != 0) {
            fprintf(stderr, "contrast: waiting: %s\n", why.msg);
            memcpy(told, why.msg, sizeof told);
        }
        if (memcmp(now, shown, sizeof now) == 0) {
            since = ct_clock_s();
            *told = '\0';
        }
    }
    return cli_stop != 0 ? 128 + cli_stop : code;
}

int cli_run_diagnose(cli_call *c, ct_error *err)
{
    int n_files;
    const source of = look_at_files(c, &n_files, err);
    if (of == RUN)
        cli_open(c, c->argv[0], err);
    check_options(c, n_files, of, err);
    if (of == CURVE || of == NOTHING)
        return cli_numbers(c, of == CURVE, err);
    if (c->watch && err->status == CT_OK) {
        cli_catch_signals();
        return watch(c, n_files, err);
    }
    const ct_diagnosis *a = measure(c, n_files, of, err);
    if (err->status != CT_OK)
        return 0;
    tell(&(ct_doc){.screen = c->doc.screen, .page = c->doc.page}, a, of == RUN ? c->argv[0] : NULL);
    ct_diagnosis_json(&c->j, a);
    return exit_code(c, a->state);
}
