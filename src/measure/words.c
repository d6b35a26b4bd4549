/* words.c -- what a diagnosis says: states in words, and sentences that hold numbers.
 *
 * A sentence holds {keys}: of a measure, the loss, a landmark, or a clue, which is a number that
 * only a diagnosis looks at. */
#include "measure/measure.h"
#include "measure/numbers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The name, what it means, what looks like it, and what to try first. */
static const ct_state_text TEXT[CT_N_STATES] = {
    [CT_HEALTHY] = {"healthy", "rows point in many directions, and pairs find each other",
                    "overfitting: measure rows that were not trained on",
                    "nothing, if these rows were not trained on"},
    [CT_COLLAPSED] =
        {"collapsed", "all embeddings of a side point the same way",
         "plateau: there the rows still differ by more than a few percent of their length and the "
         "run may yet leave; a narrow cone whose pairs match",
         "what keeps rows apart: negatives, or a term for the variance; then the step: too large a "
         "rate saturates units, too small a one stays near the saddle; then dead units and weight "
         "decay"},
    [CT_DIMENSIONAL_COLLAPSE] =
        {"dimensional-collapse", "scattered, but in one or a few directions only",
         "data that has only a few degrees of freedom: then retrieval works; see the spectrum",
         "a smaller learning rate (large steps kill directions), then what asks for more "
         "directions: more pairs in a batch, a smaller temperature where the loss has one"},
    [CT_PLATEAU] = {"plateau",
                    "a narrow cone near the all-equal saddle, at ln N; pairs do not match yet",
                    "collapsed: rows equal to a few percent; unaligned: rows scattered; shuffled "
                    "pairs: the loss stays at ln N with any setting",
                    "Adam instead of SGD, a smaller temperature where the loss has one: near the "
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
        {"degenerate-norms", "lengths for which cosines cannot be trusted",
         "collapsed: all-zero rows look so after normalising",
         "find the rows: NaN comes from divergence, zeros from dead units or empty inputs, huge "
         "lengths from a missing normalisation or weight decay"},
    [CT_REPEATS] =
        {"repeats", "rows of a side repeat: equal rows are wrong answers to each other's questions",
         "collapsed: there rows become equal; here they were given so (classes as captions, a "
         "placeholder)",
         "give --groups here; in training loss.mask_groups=true or loss.name=unicl, which count "
         "equal "
         "captions as one, or train.no_duplicates=true, which lets no two of them meet in a batch"},
    [CT_INVERTED] = {"inverted", "partners are farther apart than by chance",
                     "unaligned: there half of the wrong items are ahead, not nearly all",
                     "look for a sign: a distance used as a similarity, a loss that is raised "
                     "instead of lowered, labels that are flipped"},
    [CT_HUB] = {"hub", "one row is nearest to a large share of the other side",
                "collapsed: there all rows are near to all; an anchor with no better answer",
                "look at that row: an empty or placeholder item, or one at the centre of the rest; "
                "drop it, or subtract each side's mean before searching"},
    [CT_LOSS_DIFFERS] =
        {"loss-differs", "the loss that was seen is not the loss of these rows",
         "overfitting, if the loss was seen in training and these rows were not; another batch or "
         "temperature",
         "compare the two computations on one batch: contrast loss A.npy B.npy --gradients DIR, "
         "and --compare-gradient here"},
    [CT_UNCERTAIN] =
        {"uncertain", "too few rows, or the evidence splits", "",
         "measure more rows, and the other side; give --loss, --temperature and --batch"},
};

const ct_state_text *ct_state_describe(ct_state state)
{
    return &TEXT[state];
}

/* ---- as data, which sentences speak of ---- */

/* clang-format off */
#define VALUE(key, member) \
    CT_ROW(key, CT_REAL, ct_landmarks, member), .format = "%.4f", .optional = true
static const ct_field LANDMARKS[] = {
    {CT_ROW("batch", CT_INT, ct_landmarks, at.n), .label = "N"},
    {VALUE("all_equal", all_equal), .label = "all equal"},
    {VALUE("random", random)},
    {VALUE("floor", floor)},
    {VALUE("floor_by_duplicates", duplicates), .label = "floor by duplicates"},
};

static const ct_field LOSS[] = {
    {CT_ROW("value", CT_REAL, ct_diagnosis, loss), .label = "loss", .format = "%.4f"},
    {CT_ROW("temperature", CT_REAL, ct_diagnosis, landmarks.at.temperature)},
    {CT_ROW("of_these_rows", CT_REAL, ct_diagnosis, loss_here), .label = "loss of these rows",
     .format = "%.4f", .optional = true},
    {CT_ROW("measured_here", CT_BOOL, ct_diagnosis, loss_measured), .detail = true},
};

/* Numbers of the diagnosis, and clues: of both sides or of each. */
#define CLUE(key, kind, member)  CT_ROW(key, kind, ct_diagnosis, member)
#define OF_SIDES .count = 2, CT_USED(ct_diagnosis, measures.n_sides)
#define NUMBER(member, format_)  {CLUE(#member, CT_REAL, member), .format = (format_)}
#define NUMBERS(member, format_) {CLUE(#member, CT_REAL, member), .count = 2, .format = (format_)}
#define COUNT(member)            {CLUE(#member, CT_INT, shape.clues.member)}
#define COUNTS(member)           {CLUE(#member, CT_INT, shape.clues.member), OF_SIDES}
#define SHARES(member, format_)  {CLUE(#member, CT_REAL, shape.clues.member), OF_SIDES, \
                                  .format = (format_)}
static const ct_field CLUES[] = {
    {CLUE("first_not_finite", CT_INT, measures.first_not_finite), OF_SIDES},
    {CLUE("mistake", CT_STRING, mistake)},
    {CLUE("compared_rows", CT_INT, measures.compared_rows)},
    NUMBER(loss_here, "%.4f"), NUMBER(loss_mistaken, "%.4f"), NUMBER(ln_rows, "%.4f"),
    NUMBERS(gradient_length, "%.3f"), NUMBERS(gradient_cosine, "%.3f"),
    COUNT(groups), COUNT(lost_rows), COUNT(reversed_rows), COUNT(shift), COUNT(shift_from),
    COUNT(shift_rows),
    {CLUE("group_ahead", CT_REAL, shape.clues.group_ahead), .format = "%.3f"},
    COUNTS(points), COUNTS(repeated_row), COUNTS(repeated_times), COUNTS(zero_row),
    COUNTS(longest_row), COUNTS(fixed_columns), COUNTS(rogue_column), COUNTS(directions),
    COUNTS(hub_row), COUNTS(hub_rows), COUNTS(hubs), COUNTS(hubbed),
    SHARES(repeats_floor, "%.4f"), SHARES(rogue_share, "%.2f"), SHARES(cliff, "%.2g"),
};
/* clang-format on */
const ct_fields ct_landmarks_fields = CT_FIELDS(LANDMARKS), ct_loss_fields = CT_FIELDS(LOSS);
static const ct_fields CLUES_FIELDS = CT_FIELDS(CLUES);

static const ct_field EVIDENCE[] = {
    {CT_INNER(ct_diagnosis, CLUES_FIELDS)},
    {.kind = CT_GROUP, CT_AT(ct_diagnosis, measures), .members = &ct_measures_fields},
    {CT_INNER(ct_diagnosis, ct_loss_fields)},
    {.kind = CT_GROUP, CT_AT(ct_diagnosis, landmarks), .members = &ct_landmarks_fields},
};
static const ct_fields EVIDENCE_FIELDS = CT_FIELDS(EVIDENCE);

#define FROM_0 " (rows count from 0)"

/* The words {side}, the side itself, and {from_0}, which says once where the numbers of rows begin;
 * NULL: another key. */
static const char *word_of(const ct_diagnosis *d, const char *key, int side)
{
    static const char *const SIDES[2] = {"the first side", "the second side"};
    if (strcmp(key, "side") == 0)
        return d->measures.n_sides == 1 ? "the side" : SIDES[side > 0];
    if (strcmp(key, "from_0") != 0)
        return NULL;
    bool told = false;
    for (int i = 0; i < d->n_evidence; i++)
        told = told || strstr(d->evidence[i], FROM_0) != NULL;
    return told ? "" : FROM_0;
}

/* The value of {key}: "A and B" if it has two, or that of one side. */
static void value_of(const ct_diagnosis *d, const char *key, int side, char *out, size_t size)
{
    const void *object = d; /* becomes the struct that holds the value */
    char value[200];
    const ct_field *f = ct_fields_find(&EVIDENCE_FIELDS, key, &object);
    CT_ASSERT(f != NULL);
    ct_field_show(f, object, value, sizeof value);
    char *second = f->count == 2 ? strchr(value, ',') : NULL;
    if (second != NULL)
        *second = '\0';
    if (second != NULL && side < 0)
        snprintf(out, size, "%s and %s", value, second + 2);
    else
        snprintf(out, size, "%s", second != NULL && side > 0 ? second + 2 : value);
}

/* Of side 0 or 1, or -1: of both. One with a value that is not known is not said. */
static void say(ct_diagnosis *d, int side, const char *sentence)
{
    if (d->n_evidence == CT_EVIDENCE)
        return;
    char *out = d->evidence[d->n_evidence], key[32];
    const size_t size = sizeof d->evidence[0];
    size_t n = 0;
    while (*sentence != '\0' && n + 1 < size) {
        if (*sentence != '{') {
            out[n++] = *sentence++;
            continue;
        }
        const size_t length = strcspn(sentence, "}");
        snprintf(key, sizeof key, "%.*s", (int)length - 1, sentence + 1);
        const char *word = word_of(d, key, side);
        if (word != NULL)
            snprintf(out + n, size - n, "%s", word);
        else
            value_of(d, key, side, out + n, size - n);
        if (strncmp(out + n, "-", 2) == 0)
            return;
        n += strlen(out + n);
        sentence += length + 1;
    }
    out[n] = '\0';
    d->n_evidence++;
}

void measure_say(ct_diagnosis *d, int sides, const char *sentence)
{
    const bool by_side = strstr(sentence, "{side}") != NULL;
    if (!by_side)
        say(d, -1, sentence);
    for (int s = 0; s < d->measures.n_sides && by_side; s++)
        if (sides >> s & 1)
            say(d, s, sentence);
}

/* ---- as JSON ---- */

static const ct_field DIAGNOSIS[] = {
    {CT_ROW("state", CT_STRING, ct_diagnosis, text.name)},
    {CT_ROWS("evidence", CT_TEXT, ct_diagnosis, evidence, n_evidence)},
    {CT_ROW("look_alikes", CT_STRING, ct_diagnosis, text.look_alikes)},
    {CT_ROW("try_first", CT_STRING, ct_diagnosis, text.remedy)},
    {CT_ROW("try_settings", CT_TEXT, ct_diagnosis, remedy.settings)},
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
