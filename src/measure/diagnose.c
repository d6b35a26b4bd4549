/* diagnose.c -- from numbers to one word, and the sentences that support it.
 *
 * Three tables. FACTS: what the numbers amount to, each with its limit. RULES: which facts make
 * which state, asked from the top, and the sentences that are its evidence. TEXT: the states in
 * words. A sentence holds {keys}: of a measure, the loss, a landmark, or a clue, which is a number
 * that only a diagnosis looks at. A new finding is a fact and a rule, and perhaps a clue.
 *
 * A limit is where the cases of tests/unit/measure/diagnosis_cases.c part, with room on both sides;
 * none is a law. No verdict rests on the loss alone: it can only turn a verdict of the geometry
 * into `uncertain`, or say which of two it is.
 *
 * Layer: measure. Needs losses, engine (to measure a loss), formats (the tables). */
#include "measure/fields.h"

#include "contrast/scalar.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define FEWEST_ROWS  12   /* below: every number is mostly chance                         */
#define LENGTH_RATIO 1e3  /* longest over median length, or median over shortest          */
#define HUGE_LENGTH  1e15 /* squares near the end of float                                */
#define ZERO_SHARE   0.01 /* of rows that have no direction                               */
#define EQUAL_BELOW  1e-3 /* total variance: rows differ by 3 % of their length           */
#define ONE_POINT    1e-7 /* one side alone: rounding                                     */
#define NARROW_BELOW 0.1  /* total variance: a cone, mean cosine above 0.9                */
#define FEW_SHARE    0.25 /* of the directions there are, and at most FEW of them         */
#define FEW          4.5
#define WORKS        0.5  /* recall@1                                                     */
#define CHANCE       0.4  /* share of wrong items ahead; 0.5 is pure chance               */
#define WEAK         0.2  /* above: pairs match, but not well                             */
#define SIGMAS       4    /* of that share under chance, 1 / sqrt(12 n): pairs match      */
#define DOUBT        3    /* ... and below this they do not                               */
#define PARTNERS     3.5  /* standard deviations: see partners                            */
#define GAP          0.4  /* distance of the means                                        */
#define GAP_SHARE    0.4  /* of the distance of pairs that the gap makes up               */
#define SEPARABLE    0.85 /* held out; few rows in few columns overlap                    */
#define AT_LN_N      0.05 /* of ln N: the loss sits there                                 */

/* The name, what it means, what looks like it, and what to try first. */
static const ct_state_text TEXT[CT_N_STATES] = {
    [CT_HEALTHY] = {"healthy", "rows point in many directions, and pairs find each other",
                    "overfitting: measure rows that were not trained on",
                    "nothing; compare recall on a test split"},
    [CT_COLLAPSED] =
        {"collapsed", "all embeddings of a side point the same way",
         "plateau: there the rows still differ by more than a few percent of their length and the "
         "run may yet leave; a narrow cone whose pairs match",
         "negatives in the loss, first of all; then start again with Adam, or a temperature near "
         "0.07, or a larger batch: all-equal is a saddle, and a step that is large enough leaves "
         "it; check dead or saturated units and weight decay"},
    [CT_DIMENSIONAL_COLLAPSE] =
        {"dimensional-collapse", "scattered, but in one or a few directions only",
         "data that has only a few degrees of freedom: then retrieval works; see the spectrum",
         "a smaller learning rate and less weight decay (large steps kill directions), then a "
         "smaller temperature or more negatives, which ask for more directions"},
    [CT_PLATEAU] = {"plateau",
                    "a narrow cone near the all-equal saddle, at ln N; pairs do not match yet",
                    "collapsed: rows equal to a few percent; unaligned: rows scattered; shuffled "
                    "pairs: the loss stays at ln N with any setting",
                    "Adam instead of SGD, or a larger rate, or a smaller temperature: near the "
                    "saddle the way out grows by rate / (N temperature) a step; if nothing changes "
                    "run the pair-shuffle control: contrast check"},
    [CT_UNALIGNED] =
        {"unaligned", "each side is scattered, but pairs do not match",
         "mispaired: rows match, in another order; an untrained model",
         "train; if it was trained: is the pairing of the data right (pair-shuffle control), is "
         "the softmax over the right axis, do both sides see the same items"},
    [CT_MISPAIRED] = {"mispaired",
                      "rows match rows of the other side, but not those with their number",
                      "unaligned: there no order of the rows matches",
                      "look at how the two files are ordered and joined: sorting, shuffling of one "
                      "side, a dropped row"},
    [CT_MODALITY_GAP] = {"modality-gap", "pairs match, but the two sides lie apart as wholes",
                         "healthy: a gap does not harm retrieval across sides, only absolute "
                         "cosines and searches over both sides together",
                         "if absolute cosines matter: subtract each side's mean, or train longer "
                         "at a larger temperature"},
    [CT_DEGENERATE_NORMS] =
        {"degenerate-norms", "lengths that cosines cannot be trusted on",
         "collapsed: all-zero rows look so after normalising",
         "find the rows: NaN comes from divergence, zeros from dead units or empty inputs, huge "
         "lengths from a missing normalisation or weight decay"},
    [CT_UNCERTAIN] =
        {"uncertain", "too few rows, or the evidence splits", "",
         "measure more rows, and the other side; give --loss, --temperature and --batch"},
};

const ct_state_text *ct_state_describe(ct_state state)
{
    return &TEXT[state];
}

/* ---- as data, which sentences speak of ---- */

#define VALUE(key_, label_, member) \
    .key = (key_), .label = (label_), .kind = CT_REAL, CT_AT(ct_landmarks, member), .format = "%.4f"
static const ct_field LANDMARKS[] = {
    {.key = "batch", .label = "N", .kind = CT_INT, CT_AT(ct_landmarks, at.n)},
    {VALUE("all_equal", "all equal", all_equal)},
    {VALUE("random", "random", random)},
    {VALUE("floor", "floor", floor)},
    {VALUE("floor_by_duplicates", "floor by duplicates", duplicates)},
};
const ct_fields ct_landmarks_fields = CT_FIELDS(LANDMARKS);

static const ct_field LOSS[] = {
    {.key = "value", .label = "loss", .kind = CT_REAL, CT_AT(ct_diagnosis, loss), .format = "%.4f"},
    {.key = "temperature", .kind = CT_REAL, CT_AT(ct_diagnosis, landmarks.at.temperature)},
    {.key = "measured_here", .kind = CT_BOOL, CT_AT(ct_diagnosis, loss_measured), .detail = true},
};
const ct_fields ct_loss_fields = CT_FIELDS(LOSS);

static const ct_field EVIDENCE[] = {
    {.kind = CT_GROUP, CT_AT(ct_diagnosis, measures), .members = &ct_measures_fields},
    {.kind = CT_GROUP, .size = sizeof(ct_diagnosis), .members = &ct_loss_fields},
    {.kind = CT_GROUP, CT_AT(ct_diagnosis, landmarks), .members = &ct_landmarks_fields},
};
static const ct_fields EVIDENCE_FIELDS = CT_FIELDS(EVIDENCE);

/* Adds a sentence with the value of each {key} in its place: "A and B" if it has two. One with a
 * value that is not known is not said. */
static void say(ct_diagnosis *d, const char *sentence)
{
    if (d->n_evidence == CT_EVIDENCE)
        return;
    char *out = d->evidence[d->n_evidence], key[32], value[64];
    const size_t size = sizeof d->evidence[0];
    size_t n = 0;
    while (*sentence != '\0' && n + 1 < size) {
        if (*sentence != '{') {
            out[n++] = *sentence++;
            continue;
        }
        const void *object = d; /* becomes the struct that holds the value */
        const size_t length = strcspn(sentence, "}");
        snprintf(key, sizeof key, "%.*s", (int)length - 1, sentence + 1);
        const ct_field *f = ct_fields_find(&EVIDENCE_FIELDS, key, &object);
        CT_ASSERT(f != NULL);
        ct_field_show(f, object, value, sizeof value);
        if (strcmp(value, "-") == 0)
            return;
        const size_t first = strcspn(value, ",");
        snprintf(out + n, size - n, "%.*s%s%s", (int)first, value,
                 value[first] != '\0' ? " and" : "", value + first + (value[first] != '\0'));
        n += strlen(out + n);
        sentence += length + 1;
    }
    out[n] = '\0';
    d->n_evidence++;
}

#define VARIANCE                                                                                \
    "different rows of a side have mean cosine {mean_cosine}, total variance {total_variance} " \
    "(0: all equal, 1: scattered)"
#define DIRECTIONS                                                                            \
    "participation ratio {participation_ratio}, effective rank {effective_rank_centred}, in " \
    "{columns} columns"
#define PAIRS                                                                                  \
    "recall@1 is {recall_at_1} of {rows}; the share of wrong items ahead of the right one is " \
    "{wrong_ahead} (chance: 0.5)"
#define LABELS                                                                                  \
    "of rows with another of their group the nearest is of it for {precision_at_1} (by chance " \
    "{precision_by_chance}); the vote of the 5 nearest is right for {knn_accuracy}"
#define WITHIN                                                                                    \
    "cosines are {tolerance} within groups and {between_cosine} between; {violated_triplets} of " \
    "the triplets are violated; supervised contrastive loss {supervised_loss} at temperature 0.07"
#define CLASSES                                                                         \
    "variance within groups is {class_variance} of that between them, their means are " \
    "{off_simplex} off a simplex (0 and 0: neural collapse, each group one corner)"
#define ORDER "what is left of the order still matches pairs: a collapse in scale, not yet in rank"
#define LOSS_IS \
    "the loss is {value}; it is {all_equal} when all embeddings are equal, and {floor} at best"

/* ---- rules ---- */

#define MOST_SAID 5

typedef struct rule {
    bool holds;
    ct_state state;
    const char *say[MOST_SAID]; /* the evidence */
} rule;

/* Directions that a side could use: equal rows make none. */
static double directions(const ct_measures *m, int s)
{
    return fmin(m->rows - m->duplicate_rows[s] - 1, m->columns);
}

/* Lengths that cosines cannot be trusted on. */
static bool odd_lengths(const ct_measures *m, int s)
{
    const double median = m->length_median[s], most = m->length_most[s];
    return most > LENGTH_RATIO * median || most > HUGE_LENGTH ||
           (m->zero_rows[s] == 0 && m->length_least[s] * LENGTH_RATIO < median);
}

/* Do rows have partners under other numbers? If both sides are drawn alike, no more than half of
 * the rows are in a mutual nearest pair and half are nearer to some row of the other side than to
 * any of their own (measured: for 2 to 768 columns); the answer is by how many standard deviations,
 * 1 / sqrt(4 n), the two shares exceed that. */
static double partners(const ct_measures *m)
{
    return fmax(0, (m->mutual_nearest_elsewhere - 0.5) * sqrt(4.0 * m->rows)) +
           fmax(0, (m->nearer_to_other_side - 0.5) * sqrt(4.0 * m->nearer_rows));
}

/* How far precision@1 lies above the chance of its group sizes: 0 as chance (or within the noise of
 * so many rows), 1 perfect. NaN: there are no labels. */
static double labels_found(const ct_measures *m)
{
    const double chance = m->precision_by_chance, above = m->precision_at_1 - chance;
    const bool noise = above < SIGMAS * sqrt(chance * (1 - chance) / m->rows);
    return noise ? 0 : above / (1 - chance);
}

/* The first rule that holds. */
void ct_conclude(ct_diagnosis *d)
{
    const ct_measures *m = &d->measures;
    const ct_landmarks *l = &d->landmarks;
    /* The numbers of a side that is not there are 0 or NaN: fmin and fmax pass over them, and no
     * comparison holds. */
    const double least = fmin(m->total_variance[0], m->total_variance[1]);
    const double most = fmax(m->total_variance[0], m->total_variance[1]);
    const double wrong = (m->wrong_ahead[0] + m->wrong_ahead[1]) / 2;
    const double sigmas = (0.5 - wrong) * sqrt(12.0 * m->rows); /* of chance */
    const bool knows_loss = l->loss != NULL && isfinite(d->loss) && isfinite(l->all_equal);
    const double loss = knows_loss ? d->loss : (double)NAN;
    const double share = l->all_equal > 0 ? loss / l->all_equal : (double)NAN;
    const double gap = m->modality_gap;
    const bool alone = m->n_sides == 1;
    const double labels = alone ? labels_found(m) : (double)NAN;
    const bool matched = wrong < CHANCE && sigmas > SIGMAS;
    const bool equal = most < EQUAL_BELOW || least < ONE_POINT;
    const bool narrow = most < NARROW_BELOW || least < EQUAL_BELOW;
    const bool wanted = most < NARROW_BELOW && l->loss != NULL && ct_landmarks_want_collapse(l);
    bool few = false, odd = false, empty = false;
    for (int s = 0; s < m->n_sides; s++) {
        few = few || m->participation_ratio[s] < fmin(FEW, FEW_SHARE * directions(m, s));
        odd = odd || odd_lengths(m, s);
        empty = empty || m->zero_rows[s] > ZERO_SHARE * m->rows;
    }
    const char *const said_loss = knows_loss ? LOSS_IS : NULL;
    const char *const order = matched ? ORDER : NULL;
    /* clang-format off */
    const rule RULES[] = {
        /* Nothing below can be trusted, nor told from chance. */
        {m->not_finite_rows[0] + m->not_finite_rows[1] > 0, CT_DEGENERATE_NORMS,
         {"{not_finite_rows} of {rows} rows hold a NaN or an infinity"}},
        {empty, CT_DEGENERATE_NORMS, {"{zero_rows} of {rows} rows have no length: no direction"}},
        {odd, CT_DEGENERATE_NORMS,
         {"lengths are {length_least} at least, {length_most} at most; median {length_median}"}},
        {m->rows < FEWEST_ROWS || m->columns < 2, CT_UNCERTAIN,
         {"{rows} rows of {columns}: below 12 rows or 2 columns all numbers are mostly chance"}},
        /* One point. */
        {wanted, CT_COLLAPSED,
         {VARIANCE, "the loss has no negatives: all equal is its optimum", order}},
        {equal && share < 1 - 2 * AT_LN_N, CT_UNCERTAIN,
         {VARIANCE, said_loss, "but that is far below its value for equal embeddings: it was not "
                               "measured on these", order}},
        {equal, CT_COLLAPSED, {VARIANCE, said_loss, order}},
        /* A cone. One whose pairs match at a loss below ln N works at its temperature: read on. */
        {narrow && alone, CT_UNCERTAIN,
         {VARIANCE, said_loss, "a narrow cone; without the other side nobody can say whether it "
                               "has collapsed, waits or works"}},
        {narrow && matched && !(share < 1 - AT_LN_N), CT_UNCERTAIN,
         {VARIANCE, PAIRS, said_loss, "a narrow cone whose pairs match: whether that works depends "
                                      "on the temperature"}},
        {narrow && !matched && fabs(share - 1) > AT_LN_N, CT_UNCERTAIN,
         {VARIANCE, PAIRS, said_loss, "but that is not near ln N: it was not measured on these"}},
        {narrow && !matched, CT_PLATEAU,
         {VARIANCE, PAIRS, said_loss, "pairs deviate from the means together by {cross_covariance} "
                                      "(cross-covariance; above 0 the saddle repels)"}},
        /* One array with labels: K groups need K - 1 directions and may be one point each. */
        {labels >= WORKS, CT_HEALTHY, {VARIANCE, DIRECTIONS, said_loss}},
        {labels > 0 && !few, CT_UNCERTAIN, {VARIANCE, DIRECTIONS, "labels show, but weakly"}},
        {labels <= 0 && !few, CT_UNALIGNED, {VARIANCE, "labels do not show in the cosines"}},
        /* Few directions. */
        {few && fmin(m->recall_at_1[0], m->recall_at_1[1]) >= WORKS, CT_UNCERTAIN,
         {DIRECTIONS, PAIRS, said_loss, "but retrieval works in them: the data may have no more"}},
        {few, CT_DIMENSIONAL_COLLAPSE, {DIRECTIONS, PAIRS, said_loss}},
        /* Many, but pairs do not match. */
        {!alone && isnan(wrong), CT_UNCERTAIN,
         {VARIANCE, "no row has a wrong item that it could find: all {rows} rows are of one group, "
                    "so recall is not known"}},
        {!matched && wrong < CHANCE && sigmas > DOUBT, CT_UNCERTAIN,
         {PAIRS, "better than chance, but {rows} rows are too few to be sure"}},
        {!matched && partners(m) > PARTNERS, CT_MISPAIRED,
         {PAIRS, "a share of {mutual_nearest_elsewhere} of the rows have a mutual nearest row of "
                 "another number, and {nearer_to_other_side} are nearer to a row of the other side "
                 "than to any of their own"}},
        {!matched && !alone, CT_UNALIGNED, {PAIRS, VARIANCE, said_loss}},
        /* They match. */
        {gap >= GAP && gap * gap >= GAP_SHARE * m->alignment && m->separability >= SEPARABLE,
         CT_MODALITY_GAP,
         {"the means lie {modality_gap} apart, pairs a mean squared distance of {alignment}",
          "a linear separator is right about {separability} of unseen rows", PAIRS}},
        {wrong > WEAK, CT_UNCERTAIN,
         {VARIANCE, PAIRS, DIRECTIONS, said_loss,
          "pairs match better than by chance, but weakly: train on, or the pairs share little"}},
        {share > 1 - AT_LN_N / 2 || loss < l->floor * (1 - 1e-3) - 1e-6, CT_UNCERTAIN,
         {VARIANCE, PAIRS, DIRECTIONS, said_loss,
          "but such a loss does not belong to such embeddings: another N, temperature or file?"}},
        {true, CT_HEALTHY, {VARIANCE, PAIRS, DIRECTIONS, said_loss}},
    };
    /* clang-format on */
    const rule *r = RULES;
    while (!r->holds)
        r++; /* the last one always does */
    d->state = r->state;
    d->text = TEXT[r->state];
    d->n_evidence = 0;
    for (int i = 0; i < MOST_SAID; i++)
        if (r->say[i] != NULL)
            say(d, r->say[i]);
    if (!isnan(labels)) {
        say(d, LABELS);
        say(d, WITHIN);
        say(d, CLASSES);
    }
    if (labels >= WORKS && d->state == CT_HEALTHY)
        d->text.meaning = "rows of a group find each other, and groups lie apart";
}

/* ---- from arrays ---- */

/* Mean loss of the pairs in batches of l->at.n (of all, if there are fewer), in their order. */
static double measure_loss(const ct_landmarks *l, const ct_embedded *e, ct_error *err)
{
    const int batch = l->at.n < e->n ? l->at.n : e->n, batches = e->n / batch;
    const ct_real log_scale = (ct_real)-ct_scalar_log(l->at.temperature);
    const ct_real bias = (ct_real)l->at.bias;
    double sum = 0;
    ct_graph g;
    ct_graph_init(&g, e->device, 0);
    for (int i = 0; i < batches && err->status == CT_OK; i++) {
        const ptrdiff_t from = (ptrdiff_t)i * batch;
        ct_graph_reset(&g);
        ct_tensor *a = ct_constant(&g, batch, e->d, e->a + from * e->d),
                  *b = ct_constant(&g, batch, e->d, e->b + from * e->d);
        const ct_loss_inputs in = {.log_scale = ct_constant(&g, 1, 1, &log_scale),
                                   .group = e->group != NULL ? e->group + from : NULL,
                                   .bias = l->loss->uses_bias ? ct_constant(&g, 1, 1, &bias) : NULL,
                                   .options = l->at.options};
        const ct_tensor *y = l->loss->apply(&g, a, b, &in);
        if (y != NULL)
            sum += (double)y->x[0];
        else
            CT_FAIL(err, ct_graph_error(&g)->status, "%s", ct_graph_error(&g)->msg);
    }
    ct_graph_free(&g);
    return sum / batches;
}

ct_status ct_diagnose(const ct_embedded *e, ct_diagnosis *d, ct_error *err)
{
    ct_measure(e, &d->measures, &d->shape, err);
    const ct_measures *m = &d->measures;
    if (err->status == CT_OK && d->landmarks.loss != NULL && isnan(d->loss) && e->b != NULL &&
        m->not_finite_rows[0] + m->not_finite_rows[1] == 0) {
        d->loss = measure_loss(&d->landmarks, e, err);
        d->loss_measured = true;
    }
    if (err->status == CT_OK)
        ct_conclude(d);
    return err->status;
}

/* ---- as data ---- */

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
