/* diagnose.c -- from numbers to one word, and the sentences that support it.
 *
 * The rules stand in ct_conclude in the order in which they are asked; each names its
 * limit below. A limit is where the cases of tests/unit/measure/diagnosis_cases.c part,
 * with room on both sides; none is a law. No verdict rests on the loss alone: it can
 * only turn a verdict of the geometry into `uncertain`, or say which of two it is.
 *
 * Layer: measure. */
#include "measure/fields.h"

#include "contrast/scalar.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#define FEWEST_ROWS   12   /* below: every number is mostly chance                         */
#define LENGTH_SPREAD 1e3  /* longest over median length, or median over shortest          */
#define HUGE_LENGTH   1e15 /* squares near the end of float                                */
#define ZERO_SHARE    0.01 /* of rows that have no direction                               */
#define EQUAL         1e-3 /* total variance: rows differ by 3 % of their length           */
#define ONE_POINT     1e-7 /* one side alone: rounding                                     */
#define NARROW        0.1  /* total variance: a cone, mean cosine above 0.9                */
#define FEW_SHARE     0.25 /* of the directions there are, and at most FEW of them         */
#define FEW           4.5
#define WORKS         0.5  /* recall@1                                                     */
#define CHANCE        0.4  /* share of wrong items ahead; 0.5 is pure chance               */
#define WEAK          0.2  /* above: pairs match, but not well                             */
#define SIGMAS        4    /* of that share under chance, 1 / sqrt(12 n): pairs match      */
#define DOUBT         3    /* ... and below this they do not                               */
#define PARTNERS      3.5  /* standard deviations: see partners                            */
#define GAP           0.4  /* distance of the means                                        */
#define GAP_SHARE     0.4  /* of the distance of pairs that the gap makes up               */
#define SEPARABLE     0.85 /* held out; few rows in few columns overlap                    */
#define AT_LN_N       0.05 /* of ln N: the loss sits there                                 */

static const ct_state_text TEXT[CT_N_STATES] = {
    [CT_HEALTHY] = {"healthy", "spread, in many directions, and pairs find each other",
                    "overfitting: measure rows that were not trained on",
                    "nothing; compare recall on a test split"},
    [CT_COLLAPSED] = {"collapsed", "all embeddings of a side point the same way",
                      "plateau: there the rows still differ by more than a few percent of their "
                      "length and the run "
                      "may yet leave; a narrow cone whose pairs match",
                      "negatives in the loss, first of all; then start again with Adam, or a "
                      "temperature near 0.07, or "
                      "a larger batch: all-equal is a saddle, and a step that is large enough "
                      "leaves it; check dead or "
                      "saturated units and weight decay"},
    [CT_DIMENSIONAL_COLLAPSE] =
        {"dimensional-collapse", "spread, but in one or a few directions only",
         "data that has only a few degrees of freedom: then retrieval works; see the spectrum",
         "a smaller learning rate and less weight decay (large steps kill directions), then a "
         "smaller temperature or more negatives, which ask for more directions"},
    [CT_PLATEAU] = {"plateau",
                    "a narrow cone near the all-equal saddle, at ln N; pairs do not match yet",
                    "collapsed: rows equal to a few percent; unaligned: rows spread; shuffled "
                    "pairs: the loss stays at "
                    "ln N with any setting",
                    "Adam instead of SGD, or a larger rate, or a smaller temperature: near the "
                    "saddle the way out grows "
                    "by rate / (N temperature) a step; if nothing changes run the pair-shuffle "
                    "control: contrast check"},
    [CT_UNALIGNED] = {"unaligned", "each side is spread, but pairs do not match",
                      "mispaired: rows match, in another order; an untrained model",
                      "train; if it was trained: is the pairing of the data right (pair-shuffle "
                      "control), is the "
                      "softmax over the right axis, do both sides see the same items"},
    [CT_MISPAIRED] = {"mispaired",
                      "rows match rows of the other side, but not those with their number",
                      "unaligned: there no order of the rows matches",
                      "look at how the two files are ordered and joined: sorting, shuffling of one "
                      "side, a dropped row"},
    [CT_MODALITY_GAP] = {"modality-gap", "pairs match, but the two sides lie apart as wholes",
                         "healthy: a gap does not harm retrieval across sides, only absolute "
                         "cosines and searches over "
                         "both sides together",
                         "if absolute cosines matter: subtract each side's mean, or train longer "
                         "at a larger temperature"},
    [CT_DEGENERATE_NORMS] =
        {"degenerate-norms", "lengths that cosines cannot be trusted on",
         "collapsed: all-zero rows look so after normalising",
         "find the rows: NaN comes from divergence, zeros from dead units or empty inputs, huge "
         "lengths from a missing normalisation or weight decay"},
    [CT_UNCERTAIN] = {"uncertain", "too few rows, or the evidence splits", "",
                      "measure more rows, and the other side; "
                      "give --loss, --temperature and --batch"},
};

const ct_state_text *ct_state_describe(ct_state state)
{
    return &TEXT[state];
}

/* ---- what the rules are made of ---- */

static void say(ct_diagnosis *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(ct_diagnosis *d, const char *fmt, ...)
{
    va_list args;
    if (d->n_evidence == CT_EVIDENCE)
        return;
    va_start(args, fmt);
    vsnprintf(d->evidence[d->n_evidence++], sizeof d->evidence[0], fmt, args);
    va_end(args);
}

static bool decide(ct_diagnosis *d, ct_state state)
{
    d->state = state;
    return true;
}

static const char *side_name(const ct_measures *m, int s)
{
    return m->n_sides == 1 ? "the" : s == 0 ? "the first side's" : "the second side's";
}

static bool knows_loss(const ct_diagnosis *d)
{
    return d->landmarks.loss != NULL && isfinite(d->loss) && isfinite(d->landmarks.all_equal) &&
           d->landmarks.all_equal > 0;
}

/* Loss over what it is when all is equal; 1 if that is not known. */
static double loss_share(const ct_diagnosis *d)
{
    return knows_loss(d) ? d->loss / d->landmarks.all_equal : 1;
}

static double ahead(const ct_measures *m)
{
    return (m->wrong_ahead[0] + m->wrong_ahead[1]) / 2;
}

/* Standard deviations away from chance. */
static double certainty(const ct_measures *m)
{
    return (0.5 - ahead(m)) * sqrt(12.0 * m->rows);
}

static bool pairs_match(const ct_measures *m)
{
    return m->n_sides == 2 && ahead(m) < CHANCE && certainty(m) > SIGMAS;
}

static double least_variance(const ct_measures *m)
{
    return m->n_sides == 1 ? m->total_variance[0]
                           : fmin(m->total_variance[0], m->total_variance[1]);
}

static double most_variance(const ct_measures *m)
{
    return m->n_sides == 1 ? m->total_variance[0]
                           : fmax(m->total_variance[0], m->total_variance[1]);
}

static void say_variance(ct_diagnosis *d)
{
    const ct_measures *m = &d->measures;
    for (int s = 0; s < m->n_sides; s++)
        say(d, "%s rows have mean cosine %.4f and total variance %.2g (0: all equal, 1: spread)",
            side_name(m, s), m->mean_cosine[s], m->total_variance[s]);
}

static void say_pairs(ct_diagnosis *d)
{
    const ct_measures *m = &d->measures;
    if (m->n_sides == 2)
        say(d,
            "recall@1 is %.3f and %.3f of %d; on average %.0f %% of wrong items are ahead of the "
            "right one (chance: 50 %%)",
            m->recall_at_1[0], m->recall_at_1[1], m->rows, 100 * ahead(m));
}

static void say_loss(ct_diagnosis *d)
{
    if (knows_loss(d))
        say(d,
            "the loss %.4f is %.1f %% of what it is when all embeddings are equal (%.4f); the "
            "floor is %.4f",
            d->loss, 100 * loss_share(d), d->landmarks.all_equal, d->landmarks.floor);
}

/* ---- the rules ---- */

static bool has_degenerate_lengths(ct_diagnosis *d)
{
    const ct_measures *m = &d->measures;
    for (int s = 0; s < m->n_sides; s++) {
        const double least = m->length_least[s], median = m->length_median[s],
                     most = m->length_most[s];
        if (m->not_finite_rows[s] > 0)
            say(d, "%d of %d of %s rows hold a NaN or an infinity", m->not_finite_rows[s], m->rows,
                side_name(m, s));
        else if (m->zero_rows[s] > ZERO_SHARE * m->rows)
            say(d, "%d of %d of %s rows have no length, so no direction", m->zero_rows[s], m->rows,
                side_name(m, s));
        else if (most > LENGTH_SPREAD * median || most > HUGE_LENGTH ||
                 (m->zero_rows[s] == 0 && least * LENGTH_SPREAD < median))
            say(d, "%s lengths go from %.3g over a median of %.3g to %.3g", side_name(m, s), least,
                median, most);
    }
    return d->n_evidence > 0 && decide(d, CT_DEGENERATE_NORMS);
}

static bool has_too_few(ct_diagnosis *d)
{
    const ct_measures *m = &d->measures;
    if (m->rows >= FEWEST_ROWS && m->columns >= 2)
        return false;
    say(d, "%d rows of %d: below %d rows or 2 columns every number here is mostly chance", m->rows,
        m->columns, FEWEST_ROWS);
    return decide(d, CT_UNCERTAIN);
}

static bool is_collapsed(ct_diagnosis *d)
{
    const ct_measures *m = &d->measures;
    const bool equal = most_variance(m) < EQUAL || least_variance(m) < ONE_POINT;
    const bool wanted = d->landmarks.loss != NULL && ct_landmarks_want_collapse(&d->landmarks) &&
                        most_variance(m) < NARROW;
    if (!equal && !wanted)
        return false;
    say_variance(d);
    if (wanted)
        say(d, "the loss has no negatives: all equal is its optimum");
    else
        say_loss(d);
    if (pairs_match(m))
        say(d,
            "what is left of the order still matches pairs (recall@1 %.3f): a collapse in scale, "
            "not yet in rank",
            m->recall_at_1[0]);
    if (wanted || loss_share(d) >= 1 - 2 * AT_LN_N)
        return decide(d, CT_COLLAPSED);
    say(d, "but the loss is far below its value for equal embeddings: it was not measured on "
           "these");
    return decide(d, CT_UNCERTAIN);
}

static bool is_narrow(ct_diagnosis *d)
{
    const ct_measures *m = &d->measures;
    if (most_variance(m) >= NARROW && least_variance(m) >= EQUAL)
        return false;
    if (pairs_match(m) && knows_loss(d) && loss_share(d) < 1 - AT_LN_N)
        return false; /* narrow, but at its temperature it works: go on */
    say_variance(d);
    say_pairs(d);
    say_loss(d);
    if (m->n_sides == 1)
        say(d, "a narrow cone; without the other side nobody can say whether it has collapsed, "
               "waits or works");
    else if (pairs_match(m))
        say(d, "a narrow cone whose pairs match: whether that works depends on the temperature");
    else if (knows_loss(d) && fabs(loss_share(d) - 1) > AT_LN_N)
        say(d, "but the loss is not near ln N: it was not measured on these");
    else {
        say(d,
            "pairs deviate from the means together by %.2g (cross-covariance; above 0 the saddle "
            "repels)",
            m->cross_covariance);
        return decide(d, CT_PLATEAU);
    }
    return decide(d, CT_UNCERTAIN);
}

/* Directions that a side could use: equal rows make none. */
static double directions(const ct_measures *m, int s)
{
    return fmin(m->rows - m->duplicate_rows[s] - 1, m->columns);
}

static bool uses_few_directions(ct_diagnosis *d)
{
    const ct_measures *m = &d->measures;
    for (int s = 0; s < m->n_sides; s++)
        if (m->participation_ratio[s] < fmin(FEW, FEW_SHARE * directions(m, s)))
            say(d, "%s rows use %.1f of %.0f directions (participation ratio; effective rank %.1f)",
                side_name(m, s), m->participation_ratio[s], directions(m, s),
                m->effective_rank_centred[s]);
    if (d->n_evidence == 0)
        return false;
    say_pairs(d);
    say_loss(d);
    if (m->n_sides == 2 && fmin(m->recall_at_1[0], m->recall_at_1[1]) >= WORKS) {
        say(d, "but retrieval works in them: the data may have no more");
        return decide(d, CT_UNCERTAIN);
    }
    return decide(d, CT_DIMENSIONAL_COLLAPSE);
}

/* Do rows have partners under other numbers? If both sides are drawn alike, no more than
 * half of the rows are in a mutual nearest pair and half are nearer to some row of the
 * other side than to any of their own (measured: for 2 to 768 columns); the answer is
 * by how many standard deviations, 1 / sqrt(4 n), the two shares exceed that. */
static double partners(const ct_measures *m)
{
    return fmax(0, (m->mutual_nearest_elsewhere - 0.5) * sqrt(4.0 * m->rows)) +
           fmax(0, (m->nearer_to_other_side - 0.5) * sqrt(4.0 * m->nearer_rows));
}

static bool does_not_match(ct_diagnosis *d)
{
    const ct_measures *m = &d->measures;
    if (m->n_sides == 1 || pairs_match(m))
        return false;
    say_pairs(d);
    if (ahead(m) < CHANCE && certainty(m) > DOUBT) {
        say(d, "better than chance, but %d rows are too few to be sure", m->rows);
        return decide(d, CT_UNCERTAIN);
    }
    if (partners(m) > PARTNERS) {
        say(d,
            "%.0f %% of rows have a mutual nearest row of another number, and %.0f %% are nearer "
            "to a row of the other side than to any of their own",
            100 * m->mutual_nearest_elsewhere, 100 * m->nearer_to_other_side);
        return decide(d, CT_MISPAIRED);
    }
    say_variance(d);
    say_loss(d);
    return decide(d, CT_UNALIGNED);
}

static bool has_gap(ct_diagnosis *d)
{
    const ct_measures *m = &d->measures;
    const double square = m->modality_gap * m->modality_gap;
    if (m->n_sides == 1 || m->modality_gap < GAP || square < GAP_SHARE * m->alignment ||
        m->separability < SEPARABLE)
        return false;
    say(d, "the means lie %.3f apart: %.0f %% of the squared distance of pairs", m->modality_gap,
        100 * square / m->alignment);
    say(d, "a linear separator tells the sides of %.1f %% of unseen rows", 100 * m->separability);
    say_pairs(d);
    return decide(d, CT_MODALITY_GAP);
}

static bool is_healthy(ct_diagnosis *d)
{
    const ct_measures *m = &d->measures;
    say_variance(d);
    say_pairs(d);
    say(d, "effective rank %.1f, participation ratio %.1f, of %.0f directions",
        m->effective_rank_centred[0], m->participation_ratio[0], directions(m, 0));
    say_loss(d);
    if (m->n_sides == 2 && ahead(m) > WEAK) {
        say(d,
            "pairs match better than by chance, but weakly: train on, or the pairs share little");
        return decide(d, CT_UNCERTAIN);
    }
    if (knows_loss(d) &&
        (loss_share(d) > 1 - AT_LN_N / 2 || d->loss < d->landmarks.floor * (1 - 1e-3) - 1e-6)) {
        say(d,
            "but such a loss does not belong to such embeddings: another N, temperature or file?");
        return decide(d, CT_UNCERTAIN);
    }
    return decide(d, CT_HEALTHY);
}

void ct_conclude(ct_diagnosis *d)
{
    d->n_evidence = 0;
    (void)(has_degenerate_lengths(d) /* nothing below can be trusted        */
           || has_too_few(d)         /* ... nor told from chance            */
           || is_collapsed(d)        /* one point                           */
           || is_narrow(d)           /* a cone: plateau, or uncertain       */
           || uses_few_directions(d) /* spread in few directions            */
           || does_not_match(d)      /* spread: mispaired or unaligned      */
           || has_gap(d)             /* matches, but apart                  */
           || is_healthy(d));
    d->text = TEXT[d->state];
}

/* ---- from arrays ---- */

ct_status ct_landmarks_measure(const ct_landmarks *l, const ct_embedded *e, double *loss,
                               ct_error *err)
{
    const int batch = l->at.n < e->n ? l->at.n : e->n;
    ct_graph g;
    ct_real log_scale = (ct_real)-ct_scalar_log(l->at.temperature), bias = (ct_real)l->at.bias;
    double sum = 0;
    int batches = 0;
    ct_graph_init(&g, e->device, 0);
    for (int i = 0; i + batch <= e->n && err->status == CT_OK; i += batch, batches++) {
        const ptrdiff_t from = (ptrdiff_t)i * e->d;
        ct_graph_reset(&g);
        ct_tensor *a = ct_constant(&g, batch, e->d, e->a + from),
                  *b = ct_constant(&g, batch, e->d, e->b + from);
        const ct_loss_inputs in = {.log_scale = ct_constant(&g, 1, 1, &log_scale),
                                   .group = e->group != NULL ? e->group + i : NULL,
                                   .bias = l->loss->uses_bias ? ct_constant(&g, 1, 1, &bias) : NULL,
                                   .options = l->at.options};
        const ct_tensor *y = l->loss->apply(&g, a, b, &in);
        const ct_error *bad = ct_graph_error(&g);
        if (bad != NULL)
            CT_FAIL(err, bad->status, "%s", bad->msg);
        else
            sum += (double)y->x[0];
    }
    if (err->status == CT_OK)
        *loss = sum / batches;
    ct_graph_free(&g);
    return err->status;
}

ct_status ct_diagnose(const ct_embedded *e, ct_diagnosis *d, ct_error *err)
{
    ct_measure(e, &d->measures, &d->shape, err);
    const ct_measures *m = &d->measures;
    if (err->status == CT_OK && d->landmarks.loss != NULL && isnan(d->loss) && e->b != NULL &&
        m->not_finite_rows[0] + m->not_finite_rows[1] == 0) {
        ct_landmarks_measure(&d->landmarks, e, &d->loss, err);
        d->loss_measured = true;
    }
    if (err->status == CT_OK)
        ct_conclude(d);
    return err->status;
}

/* ---- as data ---- */

static const ct_field LANDMARKS[] = {
    {.key = "batch", .label = "N", .kind = CT_INT, CT_AT(ct_landmarks, at.n)},
    {.key = "all_equal",
     .label = "all equal",
     .kind = CT_REAL,
     CT_AT(ct_landmarks, all_equal),
     .format = "%.4f"},
    {.key = "random_spread",
     .label = "random",
     .kind = CT_REAL,
     CT_AT(ct_landmarks, random),
     .format = "%.4f"},
    {.key = "floor", .kind = CT_REAL, CT_AT(ct_landmarks, floor), .format = "%.4f"},
    {.key = "floor_by_duplicates",
     .label = "floor by duplicates",
     .kind = CT_REAL,
     CT_AT(ct_landmarks, duplicates),
     .format = "%.4f"},
};
const ct_fields ct_landmarks_fields = CT_FIELDS(LANDMARKS);

static const ct_field LOSS[] = {
    {.key = "value", .label = "loss", .kind = CT_REAL, CT_AT(ct_diagnosis, loss), .format = "%.4f"},
    {.key = "temperature", .kind = CT_REAL, CT_AT(ct_diagnosis, landmarks.at.temperature)},
    {.key = "measured_here", .kind = CT_BOOL, CT_AT(ct_diagnosis, loss_measured), .detail = true},
};
const ct_fields ct_loss_fields = CT_FIELDS(LOSS);

static const ct_field DIAGNOSIS[] = {
    {.key = "state", .kind = CT_STRING, CT_AT(ct_diagnosis, text.name)},
    {.key = "evidence",
     .kind = CT_TEXT,
     CT_AT(ct_diagnosis, evidence),
     .count = CT_EVIDENCE,
     CT_USED(ct_diagnosis, n_evidence)},
    {.key = "look_alikes", .kind = CT_STRING, CT_AT(ct_diagnosis, text.look_alikes)},
    {.key = "try_first", .kind = CT_STRING, CT_AT(ct_diagnosis, text.remedy)},
    {.kind = CT_GROUP, CT_AT(ct_diagnosis, measures), .members = &ct_measures_fields},
    {.kind = CT_GROUP, CT_AT(ct_diagnosis, shape), .members = &ct_distributions_fields},
};
static const ct_fields DIAGNOSIS_FIELDS = CT_FIELDS(DIAGNOSIS);

void ct_diagnosis_json(ct_json *j, const ct_diagnosis *d)
{
    ct_fields_json(j, &DIAGNOSIS_FIELDS, d);
    if (d->landmarks.loss == NULL)
        return;
    ct_json_open(j, "loss", '{');
    ct_json_string(j, "name", d->landmarks.loss->name);
    ct_fields_json(j, &ct_loss_fields, d);
    ct_fields_json(j, &ct_landmarks_fields, &d->landmarks);
    ct_json_close(j);
}
